import { describe, expect, it } from 'vitest';
import { reversedCredits, reversedShare } from '#lib/ledger/reversal';
import { drawn, entryOf, grantIdIn, openWallet } from '#tests/ledger/wallets';

describe('the reversed share of a payment', () => {
  it.each([
    // 500 credits for 49.00: 10.00 back, then 15.00 more.
    { credits: 500, paidMinor: 4_900, refundedMinor: 0, share: 0 },
    { credits: 500, paidMinor: 4_900, refundedMinor: 1_000, share: 102 },
    { credits: 500, paidMinor: 4_900, refundedMinor: 2_500, share: 255 },
    { credits: 500, paidMinor: 4_900, refundedMinor: 4_899, share: 500 },
    { credits: 500, paidMinor: 4_900, refundedMinor: 4_900, share: 500 },
    // Never more than the payment granted, whatever the provider says.
    { credits: 500, paidMinor: 4_900, refundedMinor: 9_800, share: 500 },
    { credits: 500, paidMinor: 0, refundedMinor: 0, share: 500 },
    // Half a credit rounds up, a little less does not.
    { credits: 1, paidMinor: 2, refundedMinor: 1, share: 1 },
    { credits: 1, paidMinor: 1_000_001, refundedMinor: 500_000, share: 0 },
    { credits: 3, paidMinor: 6, refundedMinor: 1, share: 1 },
    { credits: 5, paidMinor: 10, refundedMinor: 3, share: 2 },
    // Products past 2^53 lose no unit.
    {
      credits: 1_000_000_000,
      paidMinor: 999_999_999_999,
      refundedMinor: 499_999_999_999,
      share: 500_000_000,
    },
    {
      credits: 999_999_999,
      paidMinor: 1_000_000_000_000,
      refundedMinor: 999_999_999_999,
      share: 999_999_999,
    },
    {
      credits: 999_999_999,
      paidMinor: 1_000_000_000_000,
      refundedMinor: 500_000_000_000,
      share: 500_000_000,
    },
    {
      credits: 999_999_999,
      paidMinor: 9_007_199_254_740_991,
      refundedMinor: 9_007_199_254_740_990,
      share: 999_999_999,
    },
  ])(
    'of $credits credits for $paidMinor with $refundedMinor back is $share',
    ({ share, ...payment }) => {
      expect(reversedShare(payment)).toBe(share);
    },
  );

  it('grows with the refunds and ends at all of it, cent by cent', () => {
    const shares = Array.from({ length: 100 }, (_, cent) =>
      reversedShare({ credits: 7, paidMinor: 99, refundedMinor: cent }),
    );
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(7);
  });
});

describe('a reversal', () => {
  it('takes from its own grant first, then in burn order', () => {
    const wallet = openWallet();
    const ids = [1, 2, 3].map((priority) => grantIdIn(wallet.add({ amount: 10, priority })));
    const reversal = entryOf(wallet.reverse({ amount: 25, grantId: ids[2] ?? '' }));
    expect(drawn(reversal, ids)).toEqual([
      [2, -10],
      [0, -10],
      [1, -5],
    ]);
    expect(wallet.head.totals.reversed).toBe(25);
  });

  it('leaves held credits with their holds, and what is not available becomes debt', () => {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ amount: 100 }));
    wallet.placeHold({ holdId: 'job', amount: 70 });
    const reversal = entryOf(wallet.reverse({ amount: 100, grantId }));
    expect(reversal).toMatchObject({ amount: -30, debt: 70, debtChange: 70, forgiven: 0 });
    expect(wallet.head).toMatchObject({ balance: 70, debt: 70 });
  });

  it('under the floor policy forgives what is not available, and says so', () => {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ amount: 100 }));
    wallet.spend({ amount: 60 });
    const reversal = entryOf(wallet.reverse({ amount: 100, grantId, clawback: 'floor' }));
    expect(reversal).toMatchObject({ amount: -40, debt: 0, debtChange: 0, forgiven: 60 });
    wallet.add({ amount: 10 });
    expect(wallet.head).toMatchObject({ balance: 10, debt: 0 });
  });

  it('of an empty wallet is an entry that moves nothing but the debt', () => {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ amount: 100 }));
    wallet.spend({ amount: 100 });
    const reversal = entryOf(wallet.reverse({ amount: 100, grantId }));
    expect(reversal).toMatchObject({ amount: 0, draws: [], debt: 100 });
    expect(reversedCredits([reversal])).toBe(100);
  });

  it('may be larger than a command: all refunds of a payment may come at once', () => {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ amount: 1_000_000_000 }));
    wallet.add({ amount: 1_000_000_000 });
    expect(entryOf(wallet.reverse({ amount: 1_500_000_000, grantId })).amount).toBe(-1_500_000_000);
  });
});

describe('debt', () => {
  function owing(debt: number) {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ amount: debt }));
    const spend = entryOf(wallet.spend({ amount: debt }));
    wallet.reverse({ amount: debt, grantId });
    return { wallet, spend };
  }

  it.each(['purchase', 'bonus', 'promo', 'subscription'] as const)(
    'is paid first by a later %s, with an entry of its own',
    (type) => {
      const { wallet } = owing(60);
      const inflow = wallet.add({ amount: 100, type });
      expect(inflow.ok && inflow.entries).toMatchObject([
        { type, amount: 100, balanceAfter: 100, debt: 60 },
        {
          type: 'reversal',
          amount: -60,
          debt: 0,
          debtChange: -60,
          reference: { type: 'transaction', id: entryOf(inflow).id },
        },
      ]);
      expect(wallet.head).toMatchObject({ balance: 40, debt: 0 });
    },
  );

  it('is paid first by an adjustment, a refund and a transfer too', () => {
    const adjusted = owing(60).wallet;
    adjusted.adjust({ amount: 100 });
    expect(adjusted.head).toMatchObject({ balance: 40, debt: 0 });

    const { wallet: refunded, spend } = owing(60);
    refunded.refund({ spend, amount: 25 });
    expect(refunded.head).toMatchObject({ balance: 0, debt: 35 });

    const { wallet: receiver } = owing(60);
    const giver = openWallet({ userId: 'giver', creditType: 'general' });
    giver.add({ amount: 100 });
    giver.transferTo(receiver, { amount: 80 });
    expect(receiver.head).toMatchObject({ balance: 20, debt: 0 });
  });

  it('takes all of a smaller inflow and stays open for the rest', () => {
    const { wallet } = owing(60);
    wallet.add({ amount: 25 });
    wallet.add({ amount: 25 });
    expect(wallet.head).toMatchObject({ balance: 0, debt: 10 });
    wallet.add({ amount: 25 });
    expect(wallet.head).toMatchObject({ balance: 15, debt: 0 });
  });

  it.each(['release', 'expiry', 'capture of less'])(
    'is paid by credits that the %s of a hold sets free',
    (end) => {
      const wallet = openWallet();
      const grantId = grantIdIn(wallet.add({ amount: 100 }));
      wallet.placeHold({ holdId: 'job', amount: 100, expiresAt: '2026-01-02T00:00:00.000Z' });
      wallet.reverse({ amount: 60, grantId });
      expect(wallet.head).toMatchObject({ balance: 100, debt: 60 });
      if (end === 'release') wallet.releaseHold({ holdId: 'job' });
      if (end === 'capture of less') wallet.captureHold({ holdId: 'job', amount: 10 });
      if (end === 'expiry') {
        wallet.at('2026-01-02T00:00:00.000Z');
        wallet.add({ amount: 1 });
      }
      const balance = { release: 40, expiry: 41, 'capture of less': 30 }[end];
      expect(wallet.head).toMatchObject({ balance, debt: 0 });
    },
  );
});
