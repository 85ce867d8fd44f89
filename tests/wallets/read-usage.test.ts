import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readUsage } from '#lib/wallets/read-usage';
import {
  addWork,
  entryOf,
  openTestLedger,
  spendWork,
  type TestLedger,
} from '#tests/support/ledger';

const wallet = { userId: 'alice', creditType: 'general' };
const NOW = '2026-11-20T12:00:00.000Z';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
  const spends = [
    ['2026-11-10T23:59:59.999Z', 5],
    ['2026-11-11T00:00:00.000Z', 7],
    ['2026-11-11T12:00:00.000Z', 11],
    ['2026-11-13T08:00:00.000Z', 13],
    [NOW, 17],
  ] as const;
  const start = '2026-11-01T00:00:00.000Z';
  entryOf(await store.ledger.run(addWork({ wallet, amount: 100, cause: 'start', now: start })));
  for (const [now, amount] of spends) {
    entryOf(await store.ledger.run(spendWork({ wallet, amount, cause: now, now })));
  }
});
afterAll(() => store.close());

const usage = (period: { from?: string; to?: string }) =>
  readUsage(store.history, { wallet, now: NOW, ...period });

describe('usage is the difference of running totals (DESIGN 3.3)', () => {
  test('each spend counts on its UTC day, the first millisecond included', async () => {
    const period = { from: '2026-11-10T00:00:00.000Z', to: '2026-11-14T00:00:00.000Z' };
    expect(await usage(period)).toMatchObject({
      used: 36,
      spends: 4,
      balance: 64,
      averageDaily: 9,
      days: [
        { date: '2026-11-10', used: 5, spends: 1 },
        { date: '2026-11-11', used: 18, spends: 2 },
        { date: '2026-11-12', used: 0, spends: 0 },
        { date: '2026-11-13', used: 13, spends: 1 },
      ],
    });
  });

  test('the end of a period is excluded, and its start is not', async () => {
    const first = { from: '2026-11-11T00:00:00.000Z', to: '2026-11-11T12:00:00.000Z' };
    expect(await usage(first)).toMatchObject({ used: 7, spends: 1 });
    const second = { from: '2026-11-11T12:00:00.000Z', to: '2026-11-13T08:00:00.000Z' };
    expect(await usage(second)).toMatchObject({ used: 11, spends: 1 });
  });

  test('the last 30 days until now are the default, with what was spent at this very instant', async () => {
    const all = await usage({});
    expect(all).toMatchObject({ used: 53, spends: 5, balance: 47 });
  });

  test('days add up to the period', async () => {
    const all = await usage({ from: '2026-10-25T09:30:00.000Z', to: NOW });
    if (typeof all === 'string') throw new Error(all);
    expect(all.days.reduce((sum, day) => sum + day.used, 0)).toBe(all.used);
  });

  test('a period that runs backwards or is too long is refused', async () => {
    expect(await usage({ from: NOW, to: '2026-11-01T00:00:00.000Z' })).toBe('backwards');
    expect(await usage({ from: '2026-01-01T00:00:00.000Z' })).toBe('too_long');
  });
});
