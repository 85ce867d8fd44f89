import { expect, onTestFinished, test } from 'vitest';
import { add } from '#lib/ledger/inflow';
import { spend } from '#lib/ledger/spend';
import { emptyHead } from '#lib/ledger/wallet';
import type { RecordWrite } from '#lib/ports';
import { packUsers } from '#lib/reports/active-users';
import { type Folded, startFold } from '#lib/reports/fold-entries';
import { readPeriod } from '#lib/reports/read-period';
import { addToOutstanding, type Outstanding } from '#lib/reports/rollup';
import { later } from '#lib/reports/utc-periods';
import { createRollupStore } from '#lib/store/rollup-store';
import { openTestLedger } from '#tests/support/ledger';

const START = '2025-01-01T00:00:00.000Z';
const DAY_MS = 86_400_000;
const DAYS = 365;
const WRITES_MAX = 100;
const BONUS = 100;

/** Reading an entry would be an error of these tests, not a slow answer. */
const nothing = {
  days: { page: () => Promise.reject(new Error('entries were read')) },
  money: { between: () => Promise.reject(new Error('money was read')) },
};

test('a closed year is read from its days alone, at a cost that its entries do not change', async () => {
  const quiet = await reportOnYear(2);
  const busy = await reportOnYear(60);
  expect(busy.cost).toEqual(quiet.cost);
  // Progress, twelve months of days, the closing, and whoever was active.
  expect(quiet.cost.length).toBeLessThan(40);
  expect([quiet.spent, quiet.closing]).toEqual([DAYS, 99 * DAYS]);
  expect([busy.spent, busy.closing]).toEqual([59 * DAYS, 41 * DAYS]);
});

async function reportOnYear(entriesPerDay: number) {
  const store = await openTestLedger();
  onTestFinished(() => store.close());
  const writes = yearOf(entriesPerDay);
  for (let start = 0; start < writes.length; start += WRITES_MAX) {
    const [first, ...others] = writes.slice(start, start + WRITES_MAX);
    if (first) expect(await store.ledger.write([first, ...others])).toBe(true);
  }
  const rollups = createRollupStore(store.table);
  const sources = { store: store.ledger, rollups, ...nothing };
  const period = { from: START, to: '2026-01-01T00:00:00.000Z' };
  const { result, cost } = await store.measure(() =>
    readPeriod(sources, { ...period, now: '2026-03-01T00:00:00.000Z' }),
  );
  if (result.kind !== 'report') throw new Error(result.kind);
  expect(result.days).toHaveLength(DAYS);
  const { movements = [] } = result.total.creditTypes[0] ?? {};
  return {
    cost: cost.calls.toSorted(),
    spent: movements.find(({ type }) => type === 'usage')?.creditsOut,
    closing: result.closing[0]?.balance,
  };
}

/** A new wallet every day, with one bonus and some spends of one credit, as the rollups of its closed days. */
function yearOf(entriesPerDay: number): readonly RecordWrite[] {
  let closing: Outstanding[] = [];
  const days = Array.from({ length: DAYS }, (_, day) => {
    const { rollup, users } = dayOf(day, entriesPerDay);
    closing = addToOutstanding(closing, [rollup]);
    const { period } = rollup;
    const parts = [...users].flatMap(([creditType, digests]) =>
      packUsers(digests).map((value, part): RecordWrite => {
        return { record: 'rollupUsers', id: { period, creditType, part }, value, version: null };
      }),
    );
    const value = { ...rollup, closing };
    return [{ record: 'rollup', id: { period }, value, version: null } as const, ...parts];
  });
  const closedTo = '2026-01-01T00:00:00.000Z';
  const value = {
    startedOn: '2025-01-01',
    rolledTo: closedTo,
    checkedTo: closedTo,
    closedTo,
  };
  return [...days.flat(), { record: 'rollupProgress', id: { of: 'ledger' }, value, version: null }];
}

function dayOf(day: number, entriesPerDay: number): Folded {
  let head = emptyHead({ userId: `user_${day}`, creditType: 'general' });
  const fold = startFold();
  for (let step = 0; step < entriesPerDay; step += 1) {
    const now = later(START, day * DAY_MS + step * 1_000);
    const command = { now, cause: `step:${step}`, actor: 'service:test', description: 'Step' };
    const terms = { category: 'promotional', priority: 0, expiresAt: null } as const;
    const decision =
      step === 0
        ? add(head, { ...command, ...terms, type: 'bonus', amount: BONUS })
        : spend(head, { ...command, amount: 1, caps: [] });
    if (!decision.ok) throw new Error(decision.refusal.code);
    head = decision.head;
    decision.entries.forEach(fold.add);
  }
  return fold.finish(later(START, day * DAY_MS).slice(0, 10), []);
}
