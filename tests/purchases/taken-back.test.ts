import { describe, expect, it } from 'vitest';
import type { Purchase } from '#lib/purchases/purchase';
import { takenBackBy } from '#lib/purchases/taken-back';
import { purchaseOf } from '#tests/purchases/purchase-builders';

const paid = { ref: 'pi_1', amountMinor: 4_900, at: '2026-11-18T11:00:00.000Z' };

function refundOf(id: string, amountMinor: number, changes: Partial<Purchase['refunds'][0]> = {}) {
  const at = `2026-11-19T08:00:00.000Z`;
  return { id, paymentRef: 'pi_1', amountMinor, state: 'succeeded' as const, at, ...changes };
}

function disputeOf(state: Purchase['disputes'][0]['state']) {
  const at = '2026-11-18T20:00:00.000Z';
  return { id: 'dp_1', paymentRef: 'pi_1', amountMinor: 4_900, state, at };
}

function reversal(entryId: string, credits: number) {
  return { kind: 'reversal' as const, credits, entryId };
}

/** 500 credits for 49.00. */
function paidPurchase(changes: Partial<Purchase>): Purchase {
  const credited = { credits: 500, entryId: 'txn_credit' };
  return purchaseOf({ credits: 500, amountMinor: 4_900, payments: [paid], credited, ...changes });
}

describe('what a refund took back', () => {
  it('is its part of the cumulative share, and the entry of that part', () => {
    const purchase = paidPurchase({
      refunds: [
        refundOf('re_b', 1_000),
        refundOf('re_a', 1_500, { at: '2026-11-19T09:00:00.000Z' }),
      ],
      corrections: [reversal('txn_1', 102), reversal('txn_2', 153)],
    });
    expect(takenBackBy(purchase, 're_b')).toEqual({ credits: 102, entryIds: ['txn_1'] });
    expect(takenBackBy(purchase, 're_a')).toEqual({ credits: 153, entryIds: ['txn_2'] });
  });

  it('names every reversal where they cannot be told apart', () => {
    const purchase = paidPurchase({
      refunds: [refundOf('re_a', 2_450), refundOf('re_b', 2_450)],
      corrections: [reversal('txn_1', 250), reversal('txn_2', 250)],
    });
    const both = { credits: 250, entryIds: ['txn_1', 'txn_2'] };
    expect(takenBackBy(purchase, 're_a')).toEqual(both);
    expect(takenBackBy(purchase, 're_b')).toEqual(both);
  });

  it.each([
    ['while the wallet has not followed', { refunds: [refundOf('re_1', 1_000)] }],
    [
      'where the payment was refused and never credited',
      { refunds: [refundOf('re_1', 1_000, { paymentRef: 'pi_second' })] },
    ],
    [
      'where a lost dispute had taken everything before it',
      {
        refunds: [refundOf('re_1', 1_000)],
        disputes: [disputeOf('lost')],
        corrections: [reversal('txn_1', 500)],
      },
    ],
    [
      'where it failed',
      {
        refunds: [refundOf('re_1', 1_000, { state: 'failed' })],
        corrections: [reversal('txn_1', 102)],
      },
    ],
    ['that nobody knows', {}],
  ])('is nothing %s', (_, changes) => {
    expect(takenBackBy(paidPurchase(changes), 're_1')).toEqual({ credits: 0, entryIds: [] });
  });

  it('adds up, however the parts are rounded', () => {
    const amounts = [333, 333, 334, 1_111, 1, 2_788];
    const refunds = amounts.map((amountMinor, index) => refundOf(`re_${index}`, amountMinor));
    const purchase = paidPurchase({ refunds, corrections: [reversal('txn_1', 500)] });
    const parts = refunds.map(({ id }) => takenBackBy(purchase, id).credits);
    expect(parts.reduce((sum, part) => sum + part)).toBe(500);
  });
});

it.each([
  ['open', 500],
  ['lost', 500],
  ['won', 0],
  ['inquiry', 0],
] as const)('a dispute that is %s has taken back %i of 500', (state, credits) => {
  const purchase = paidPurchase({
    disputes: [disputeOf(state)],
    corrections: [reversal('txn_1', 500)],
  });
  expect(takenBackBy(purchase, 'dp_1')).toMatchObject({ credits });
});
