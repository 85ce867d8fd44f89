import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '#lib/ledger/entry';
import {
  ALICE,
  BOB,
  day,
  drawn,
  entryOf,
  grantIdIn,
  hour,
  openWallet,
  refusalOf,
  type TestWallet,
} from '#tests/ledger/wallets';

/** Three grants of 10, burnt in their order, and a spend of 25 over them. */
function spentWallet(): {
  readonly wallet: TestWallet;
  readonly ids: readonly string[];
  readonly spend: Entry;
} {
  const wallet = openWallet();
  const ids = [1, 2, 3].map((priority) => grantIdIn(wallet.add({ amount: 10, priority })));
  return { wallet, ids, spend: entryOf(wallet.spend({ amount: 25 })) };
}

describe('a refund', () => {
  it('of everything puts each credit back into the grant it came from', () => {
    const { wallet, ids, spend } = spentWallet();
    const before = wallet.head.grants;
    const refund = entryOf(wallet.refund({ spend }));
    expect(drawn(refund, ids)).toEqual([
      [2, 5],
      [1, 10],
      [0, 10],
    ]);
    expect(wallet.head.balance).toBe(30);
    expect(wallet.head.grants.map((grant) => grant.remaining)).toEqual([10, 10, 10]);
    expect(before).toHaveLength(1);
    expect(wallet.head.totals).toMatchObject({ used: 25, refunded: 25 });
  });

  it('in parts gives back what was taken last, slice after slice', () => {
    const { wallet, ids, spend } = spentWallet();
    const parts = [
      { amount: 3, gives: [[2, 3]] },
      {
        amount: 4,
        gives: [
          [2, 2],
          [1, 2],
        ],
      },
      { amount: 8, gives: [[1, 8]] },
      { amount: 10, gives: [[0, 10]] },
    ];
    let refunded = 0;
    for (const { amount, gives } of parts) {
      const refund = entryOf(wallet.refund({ spend, refunded, amount }));
      expect(drawn(refund, ids)).toEqual(gives);
      refunded += amount;
    }
    expect(wallet.head.balance).toBe(30);
  });

  it('in any parts sums to the refund of everything', () => {
    const anyCuts = fc.array(fc.integer({ min: 1, max: 24 }), { maxLength: 8 });
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        const { wallet, spend } = spentWallet();
        const stops = [...new Set([...cuts, 25])].toSorted((a, b) => a - b);
        let refunded = 0;
        for (const stop of stops) {
          wallet.refund({ spend, refunded, amount: stop - refunded });
          refunded = stop;
        }
        expect(wallet.head.grants.map(({ remaining }) => remaining)).toEqual([10, 10, 10]);
        expect(refusalOf(wallet.refund({ spend, refunded }))).toEqual({ code: 'ALREADY_REFUNDED' });
      }),
      { numRuns: 30 },
    );
  });

  it('is never more than was spent, and says how much is left', () => {
    const { wallet, spend } = spentWallet();
    expect(refusalOf(wallet.refund({ spend, amount: 26 }))).toEqual({
      code: 'REFUND_EXCEEDS_SPEND',
      refundable: 25,
    });
    expect(refusalOf(wallet.refund({ spend, refunded: 20, amount: 6 }))).toEqual({
      code: 'REFUND_EXCEEDS_SPEND',
      refundable: 5,
    });
    expect(refusalOf(wallet.refund({ spend, refunded: 25, amount: 1 }))).toEqual({
      code: 'ALREADY_REFUNDED',
    });
    expect(wallet.head.balance).toBe(5);
  });

  it('is of a spend only', () => {
    const { wallet } = spentWallet();
    const [purchase] = wallet.entries;
    if (!purchase) throw new Error('no entry');
    expect(refusalOf(wallet.refund({ spend: purchase }))).toEqual({
      code: 'NOT_REFUNDABLE',
      type: 'purchase',
    });
  });

  it('goes to the wallet that spent: another one is a mistake of ours', () => {
    const { spend } = spentWallet();
    expect(() => openWallet(BOB).refund({ spend })).toThrow('the wallet that spent');
    const calling = openWallet({ ...ALICE, creditType: 'calling' });
    expect(() => calling.refund({ spend })).toThrow('the wallet that spent');
  });

  it('gives credits whose grant has expired since the days of grace, and the others their own terms', () => {
    const wallet = openWallet();
    const short = grantIdIn(wallet.add({ amount: 10, expiresAt: day(2), priority: 1 }));
    const long = grantIdIn(wallet.add({ amount: 10, expiresAt: day(90), priority: 2 }));
    const spend = entryOf(wallet.spend({ amount: 15 }));
    wallet.at(day(2));
    const refund = entryOf(wallet.refund({ spend, graceExpiresAt: day(9) }));
    expect(refund.draws).toMatchObject([
      { grantId: long, amount: 5, expiresAt: day(90) },
      { amount: 10, expiresAt: day(9), priority: 1, grantedAt: hour(0) },
    ]);
    expect(refund.draws[1]?.grantId).not.toBe(short);
    wallet.at(day(9));
    expect(refusalOf(wallet.spend({ amount: 11 }))).toMatchObject({ available: 10 });
  });

  it('a millisecond before the expiry goes back to the grant itself', () => {
    const wallet = openWallet();
    const short = grantIdIn(wallet.add({ amount: 10, expiresAt: day(2) }));
    const spend = entryOf(wallet.spend({ amount: 10 }));
    wallet.at('2026-01-02T23:59:59.999Z');
    expect(entryOf(wallet.refund({ spend })).draws).toMatchObject([
      { grantId: short, expiresAt: day(2) },
    ]);
  });

  it('of a captured hold gives back what the capture spent, not what it set free', () => {
    const wallet = openWallet();
    wallet.add({ amount: 100 });
    wallet.placeHold({ holdId: 'job', amount: 60 });
    const spend = entryOf(wallet.captureHold({ holdId: 'job', amount: 40 }));
    expect(entryOf(wallet.refund({ spend })).amount).toBe(40);
    expect(wallet.head.balance).toBe(100);
  });
});
