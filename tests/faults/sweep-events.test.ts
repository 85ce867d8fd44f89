import { eventScenarios } from '#tests/faults/scenarios/events';
import { jobScenarios } from '#tests/faults/scenarios/jobs';
import { consumersOf } from '#tests/faults/subjects';
import { sweepTests } from '#tests/faults/sweep-tests';

sweepTests('events', {
  scenarios: eventScenarios,
  // Jobs come by a queue, too.
  covered: [...eventScenarios, ...jobScenarios],
  wanted: [{ what: 'every consumer of the template', subjects: ({ model }) => consumersOf(model) }],
});
