import { describe, expect, it } from 'vitest';
import { adjust } from '#lib/ledger/adjust';
import { day, hour, openWallet, PAID, refusalOf } from '#tests/ledger/wallets';

describe('an adjustment', () => {
  it('upwards adds a grant of its own terms, downwards takes in burn order', () => {
    const wallet = openWallet();
    wallet.adjust({ amount: 30, terms: { ...PAID, priority: 7, expiresAt: day(30) } });
    expect(wallet.head.grants).toMatchObject([{ remaining: 30, priority: 7, expiresAt: day(30) }]);
    wallet.adjust({ amount: -10 });
    expect(wallet.head).toMatchObject({ balance: 20, totals: { adjusted: 20 } });
  });

  it('never takes more than is available', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    wallet.placeHold({ holdId: 'job', amount: 4 });
    expect(refusalOf(wallet.adjust({ amount: -7 }))).toEqual({
      code: 'INSUFFICIENT_CREDITS',
      required: 7,
      available: 6,
      shortfall: 1,
    });
  });

  it('of nothing, or of a fraction, is a mistake of ours', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    for (const amount of [0, -0, 0.5, -0.5, Number.NaN]) {
      expect(() => wallet.adjust({ amount })).toThrow();
    }
  });

  it('is the same decision for the same head and command', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    const command = {
      now: hour(1),
      cause: 'request:one',
      actor: 'admin:ada',
      description: 'Correction',
      amount: -3,
      terms: PAID,
    };
    expect(adjust(wallet.head, command)).toEqual(adjust(wallet.head, command));
  });
});
