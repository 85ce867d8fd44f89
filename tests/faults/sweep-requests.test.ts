import { expect, it } from 'vitest';
import { routes } from '#lib/contract/routes';
import { adminScenarios } from '#tests/faults/scenarios/admin';
import { moneyScenarios, planScenarios } from '#tests/faults/scenarios/money';
import { walletScenarios } from '#tests/faults/scenarios/wallets';
import { sweepTests } from '#tests/faults/sweep-tests';

const scenarios = [...walletScenarios, ...moneyScenarios, ...planScenarios, ...adminScenarios];

it('every route that changes something goes through the faults', () => {
  const changing = Object.entries(routes).filter(([, { method }]) => method !== 'GET');
  const covered = new Set<string>(scenarios.flatMap(({ routes: names = [] }) => names));
  expect(changing.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});

sweepTests('requests', scenarios);
