import { describe, expect, it } from 'vitest';
import type { CheckoutEvent } from '#lib/payments/payment-event';
import type { Purchase } from '#lib/purchases/purchase';
import { addFacts } from '#lib/purchases/purchase-facts';
import { creditsDue, paidAtOf, statusOf } from '#lib/purchases/purchase-status';
import {
  checkoutEventOf,
  paymentEventOf,
  permutationsOf,
  purchaseOf,
} from '#tests/purchases/purchase-builders';

const story = [
  checkoutEventOf({ outcome: 'unpaid', at: '2026-11-18T11:01:00.000Z' }),
  checkoutEventOf({ outcome: 'paid', at: '2026-11-18T11:02:00.000Z' }),
  checkoutEventOf({ outcome: 'paid', at: '2026-11-18T11:03:00.000Z' }),
  checkoutEventOf({ outcome: 'failed', at: '2026-11-18T11:04:00.000Z' }),
  checkoutEventOf({ outcome: 'expired', at: '2026-11-18T11:05:00.000Z' }),
];

/** Adds the facts one by one; the ledger's part is played by crediting whatever is due. */
function tell(events: readonly CheckoutEvent[]): { purchase: Purchase; credits: number[] } {
  const credits: number[] = [];
  let purchase = purchaseOf();
  for (const event of events) {
    const facts = addFacts(purchase, event);
    if (!facts.ok) throw new Error(facts.reason);
    purchase = facts.purchase;
    const due = creditsDue(purchase);
    if (due > 0) {
      credits.push(due);
      purchase = { ...purchase, credited: { credits: due, entryId: 'txn_1' } };
    }
  }
  return { purchase, credits };
}

describe('the facts of a purchase', () => {
  it('end in the same place in any order of events, with any one of them twice', () => {
    const expected = tell(story).purchase;
    let runs = 0;
    for (const order of permutationsOf(story)) {
      for (const [position, twice] of order.entries()) {
        for (const events of [order.toSpliced(position, 0, twice), [...order, twice]]) {
          const told = tell(events);
          expect(told.purchase).toEqual(expected);
          expect(told.credits).toEqual([100]);
          runs += 1;
        }
      }
    }
    expect(runs).toBe(120 * 5 * 2);
    expect(statusOf(expected)).toBe('paid');
    expect(paidAtOf(expected)).toBe('2026-11-18T11:02:00.000Z');
  });

  it.each([
    [[], 'pending', 0],
    [['unpaid'], 'pending', 0],
    [['expired'], 'expired', 0],
    [['unpaid', 'failed'], 'failed', 0],
    [['failed', 'unpaid'], 'failed', 0],
    [['failed', 'paid'], 'paid', 100],
    [['expired', 'paid'], 'paid', 100],
    [['paid', 'failed'], 'paid', 100],
    [['paid', 'expired'], 'paid', 100],
    [['paid', 'unpaid'], 'paid', 100],
    [['free'], 'paid', 100],
  ] as const)('%j make it %s with %s credits', (outcomes, status, credits) => {
    const events = outcomes.map((outcome) =>
      outcome === 'free'
        ? checkoutEventOf({ outcome, paymentRef: null, payableMinor: 0 })
        : checkoutEventOf({ outcome }),
    );
    const { purchase } = tell(events);
    expect(statusOf(purchase)).toBe(status);
    expect(purchase.credited?.credits ?? 0).toBe(credits);
  });

  it.each([
    ['too little', { payableMinor: 999 }, 'WRONG_AMOUNT'],
    ['too much', { payableMinor: 1_001 }, 'WRONG_AMOUNT'],
    ['nothing', { payableMinor: 0 }, 'WRONG_AMOUNT'],
    ['a hundredth (major units)', { payableMinor: 10 }, 'WRONG_AMOUNT'],
    ['another currency', { currency: 'EUR' }, 'WRONG_CURRENCY'],
    ['a discount on another price', { outcome: 'free', priceMinor: 1 }, 'WRONG_AMOUNT'],
    ['a discount on no price', { outcome: 'free', priceMinor: null }, 'WRONG_AMOUNT'],
    ['an unpaid session of another price', { outcome: 'unpaid', payableMinor: 1 }, 'WRONG_AMOUNT'],
  ] as const)('take nothing from an event with %s', (_, changes, reason) => {
    expect(addFacts(purchaseOf(), checkoutEventOf(changes))).toMatchObject({
      ok: false,
      reason,
    });
  });

  it.each([999, 1_001, 0])(
    'take nothing from a payment of %i where 1000 were agreed',
    (amountMinor) => {
      expect(addFacts(purchaseOf(), paymentEventOf({ amountMinor }))).toMatchObject({
        ok: false,
        reason: 'WRONG_AMOUNT',
      });
    },
  );

  it('take nothing from a second payment of a paid purchase', () => {
    const { purchase } = tell([checkoutEventOf()]);
    const second = checkoutEventOf({ sessionRef: 'cs_test_2', paymentRef: 'pi_2' });
    expect(addFacts(purchase, second)).toMatchObject({
      ok: false,
      reason: 'SECOND_PAYMENT',
    });
  });
});

describe('the status of a paid purchase', () => {
  const at = '2026-11-19T00:00:00.000Z';
  const payments = [{ ref: 'pi_1', amountMinor: 1_000, at }];
  const refund = (amountMinor: number, state: 'pending' | 'succeeded' | 'failed') => ({
    id: `re_${amountMinor}_${state}`,
    paymentRef: 'pi_1',
    amountMinor,
    state,
    at,
  });
  const dispute = (state: 'open' | 'won' | 'lost') => ({
    id: 'dp_1',
    paymentRef: 'pi_1',
    amountMinor: 1_000,
    state,
    at,
  });

  it.each([
    ['a failed refund', { refunds: [refund(1_000, 'failed')] }, 'paid'],
    ['a part refunded', { refunds: [refund(400, 'succeeded')] }, 'partially_refunded'],
    [
      'all refunded in parts',
      { refunds: [refund(400, 'succeeded'), refund(600, 'pending')] },
      'refunded',
    ],
    ['an open dispute', { disputes: [dispute('open')] }, 'disputed'],
    ['a lost dispute', { disputes: [dispute('lost')] }, 'disputed'],
    ['a won dispute', { disputes: [dispute('won')] }, 'paid'],
  ])('with %s follows from the facts', (_, facts, status) => {
    expect(statusOf(purchaseOf({ payments, ...facts }))).toBe(status);
  });

  it('does not count refunds of a payment that we have not heard of yet', () => {
    expect(statusOf(purchaseOf({ refunds: [refund(1_000, 'succeeded')] }))).toBe('pending');
  });
});
