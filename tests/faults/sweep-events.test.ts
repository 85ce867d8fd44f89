import { eventScenarios } from '#tests/faults/scenarios/events';
import { sweepTests } from '#tests/faults/sweep-tests';

sweepTests('events', eventScenarios);
