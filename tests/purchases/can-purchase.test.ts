import { describe, expect, it } from 'vitest';
import { MONEY_MAX } from '#lib/contract/amounts';
import { canPurchase, type RecentPurchases } from '#lib/purchases/can-purchase';

const NOW = '2026-11-20T12:00:00.000Z';
const limits = { creditsMin: 10, creditsMax: 100, perDayMax: 3, pendingMax: 2 };
const begunAt = (...times: string[]): RecentPurchases =>
  times.map((time, index) => ({ purchaseId: `pur_${index}`, at: `2026-11-${time}:00.000Z` }));

describe('whether a user may purchase', () => {
  const calm = { limits, amountMin: 1, recent: begunAt('20T10:00'), pending: 1, now: NOW };
  it.each([10, 55, 100])('%i credits: yes', (credits) => {
    expect(canPurchase({ credits, amountMinor: 500 }, calm)).toEqual({ ok: true });
  });

  it.each<[string, number, number, Partial<typeof calm>, object]>([
    ['fewer than the least', 9, 1, {}, { code: 'PURCHASE_TOO_SMALL', limit: 10 }],
    [
      'less money than the provider takes: so many credits are enough',
      20,
      39,
      { amountMin: 50 },
      { code: 'PURCHASE_TOO_SMALL', limit: 26 },
    ],
    ['more than the most', 101, 1, {}, { code: 'PURCHASE_TOO_LARGE', limit: 100 }],
    [
      'more than any price can say',
      100,
      MONEY_MAX * 2,
      {},
      { code: 'PURCHASE_TOO_LARGE', limit: 50 },
    ],
    [
      'the fourth of a day',
      50,
      1,
      { recent: begunAt('19T12:00', '20T08:00', '20T09:00') },
      { code: 'TOO_MANY_PURCHASES_TODAY', limit: 3, retryAfterSeconds: 0 },
    ],
    [
      'the fifth, when the limit was lowered since: two have to grow old',
      50,
      1,
      { recent: begunAt('19T13:00', '19T14:00', '20T08:00', '20T09:00') },
      { code: 'TOO_MANY_PURCHASES_TODAY', limit: 3, retryAfterSeconds: 7_200 },
    ],
    [
      'any, while buying is closed: waiting does not help',
      50,
      1,
      { limits: { ...limits, perDayMax: 0 }, recent: [] },
      { code: 'TOO_MANY_PURCHASES_TODAY', limit: 0, retryAfterSeconds: null },
    ],
    [
      'one more while two wait',
      50,
      1,
      { pending: 2 },
      { code: 'TOO_MANY_PENDING_PURCHASES', limit: 2 },
    ],
  ])('%s: no, with its reason', (_, credits, amountMinor, change, refusal) => {
    const answer = canPurchase({ credits, amountMinor }, { ...calm, ...change });
    expect(answer).toEqual({ ok: false, refusal });
  });
});
