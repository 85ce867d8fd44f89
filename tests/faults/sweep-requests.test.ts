import { writingReads } from '#tests/faults/reads';
import { adminScenarios } from '#tests/faults/scenarios/admin';
import { moneyScenarios } from '#tests/faults/scenarios/money';
import { planScenarios } from '#tests/faults/scenarios/plans';
import { walletScenarios } from '#tests/faults/scenarios/wallets';
import { changingRoutes } from '#tests/faults/subjects';
import { sweepTests } from '#tests/faults/sweep-tests';

const scenarios = [...walletScenarios, ...moneyScenarios, ...planScenarios, ...adminScenarios];

sweepTests('requests', {
  scenarios,
  covered: scenarios,
  wanted: [
    { what: 'every route that changes something by its method', subjects: changingRoutes },
    { what: 'every GET that changes something', subjects: writingReads },
  ],
});
