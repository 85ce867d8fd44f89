import { describe, expect, it } from 'vitest';
import { ALICE, BOB, day, hour, openWallet, refusalOf } from '#tests/ledger/wallets';

describe('a transfer', () => {
  it('keeps category, priority, expiry and age of what moves', () => {
    const [from, to] = [openWallet(ALICE), openWallet(BOB)];
    from.add({
      amount: 10,
      type: 'promo',
      category: 'promotional',
      priority: 3,
      expiresAt: day(9),
    });
    from.at(hour(1));
    from.add({ amount: 50 });
    from.at(hour(2));
    const moved = from.transferTo(to, { amount: 15 });
    expect(moved.ok && [moved.from.entry, moved.to.entry]).toMatchObject([
      { type: 'transfer_out', amount: -15, reference: { type: 'user', id: 'bob' } },
      { type: 'transfer_in', amount: 15, reference: { type: 'user', id: 'alice' } },
    ]);
    expect(moved.ok && moved.to.entry.draws).toMatchObject([
      { amount: 10, category: 'promotional', priority: 3, expiresAt: day(9), grantedAt: hour(0) },
      { amount: 5, category: 'paid', priority: 50, expiresAt: null, grantedAt: hour(1) },
    ]);
    expect([from.head.balance, to.head.balance]).toEqual([45, 15]);
  });

  it('leaves both sides as they were when one of them refuses', () => {
    const [from, to] = [openWallet(ALICE), openWallet(BOB)];
    from.add({ amount: 10 });
    expect(refusalOf(from.transferTo(to, { amount: 11 }))).toEqual({
      code: 'INSUFFICIENT_CREDITS',
      required: 11,
      available: 10,
      shortfall: 1,
    });
    for (let priority = 0; priority < 40; priority++) to.add({ amount: 1, priority });
    expect(refusalOf(from.transferTo(to, { amount: 10 }))).toMatchObject({
      code: 'TOO_MANY_GRANTS',
    });
    expect([from.entries.length, to.entries.length]).toEqual([1, 40]);
  });

  it('to oneself is refused, and one between credit types is a mistake of ours', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    expect(refusalOf(wallet.transferTo(wallet, { amount: 1 }))).toEqual({ code: 'SELF_TRANSFER' });
    const calling = openWallet({ ...BOB, creditType: 'calling' });
    expect(() => wallet.transferTo(calling, { amount: 1 })).toThrow('keeps the credit type');
  });

  it('happens at one instant: what expired for the receiver is not sent by a slow clock', () => {
    const [from, to] = [openWallet(ALICE), openWallet(BOB)];
    from.add({ amount: 10, expiresAt: hour(5) });
    to.at(hour(6));
    to.add({ amount: 1 });
    from.at(hour(4));
    expect(refusalOf(from.transferTo(to, { amount: 10 }))).toMatchObject({ available: 0 });
  });
});
