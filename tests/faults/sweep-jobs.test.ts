import { jobScenarios } from '#tests/faults/scenarios/jobs';
import { scheduleScenarios } from '#tests/faults/scenarios/schedules';
import { jobKinds, schedulesOf } from '#tests/faults/subjects';
import { sweepTests } from '#tests/faults/sweep-tests';

const scenarios = [...jobScenarios, ...scheduleScenarios];

sweepTests('jobs', {
  scenarios,
  covered: scenarios,
  wanted: [
    { what: 'every kind of job', subjects: jobKinds },
    { what: 'every schedule of the template', subjects: ({ model }) => schedulesOf(model) },
  ],
});
