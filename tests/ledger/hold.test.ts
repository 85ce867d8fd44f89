import { describe, expect, it } from 'vitest';
import { availableOf, heldOf, nextDueAt } from '#lib/ledger/wallet';
import { day, drawn, entryOf, grantIdIn, hour, openWallet, refusalOf } from '#tests/ledger/wallets';

describe('holds', () => {
  it('of 1,000 fit five times into 5,000; the sixth is refused with the exact numbers', () => {
    const wallet = openWallet();
    wallet.add({ amount: 5_000 });
    for (const holdId of ['1', '2', '3', '4', '5']) {
      expect(wallet.placeHold({ holdId, amount: 1_000 }).ok).toBe(true);
    }
    const refused = {
      code: 'INSUFFICIENT_CREDITS',
      required: 1_000,
      available: 0,
      shortfall: 1_000,
    };
    expect(refusalOf(wallet.placeHold({ holdId: '6', amount: 1_000 }))).toEqual(refused);
    expect(refusalOf(wallet.spend({ amount: 1 }))).toEqual({
      ...refused,
      required: 1,
      shortfall: 1,
    });
    expect(wallet.head.balance).toBe(5_000);
    expect(heldOf(wallet.head)).toBe(5_000);
  });

  it('are twenty at most, and one id is open once', () => {
    const wallet = openWallet();
    wallet.add({ amount: 5_000 });
    for (let number = 1; number <= 20; number++) {
      wallet.placeHold({ holdId: `job-${number}`, amount: 1 });
    }
    expect(refusalOf(wallet.placeHold({ holdId: 'job-21', amount: 1 }))).toEqual({
      code: 'TOO_MANY_HOLDS',
      limit: 20,
    });
    expect(refusalOf(wallet.placeHold({ holdId: 'job-7', amount: 1 }))).toEqual({
      code: 'HOLD_EXISTS',
    });
  });

  it('cannot begin at or after their end', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    wallet.at(hour(2));
    for (const expiresAt of [hour(1), hour(2)]) {
      expect(refusalOf(wallet.placeHold({ holdId: 'job', amount: 1, expiresAt }))).toEqual({
        code: 'ALREADY_EXPIRED',
      });
    }
    expect(wallet.placeHold({ holdId: 'job', amount: 1, expiresAt: hour(3) }).ok).toBe(true);
  });

  it('move no credits and change no total', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    const { totals } = wallet.head;
    const held = entryOf(wallet.placeHold({ holdId: 'job', amount: 4 }));
    expect(held).toMatchObject({ type: 'hold', amount: 0, balanceAfter: 10 });
    expect(held.draws).toMatchObject([{ amount: 0, held: 4 }]);
    expect(wallet.head.totals).toEqual(totals);
    expect(availableOf(wallet.head)).toBe(6);
  });
});

describe('a capture', () => {
  function heldWallet() {
    const wallet = openWallet();
    const ids = [1, 2, 3].map((priority) => grantIdIn(wallet.add({ amount: 10, priority })));
    wallet.placeHold({ holdId: 'job', amount: 15 });
    return { wallet, ids };
  }

  it('of everything is a usage of exactly the held slices', () => {
    const { wallet, ids } = heldWallet();
    const captured = entryOf(wallet.captureHold({ holdId: 'job' }));
    expect(captured).toMatchObject({ type: 'usage', amount: -15, hold: { action: 'captured' } });
    expect(drawn(captured, ids)).toEqual([
      [0, -10],
      [1, -5],
    ]);
    expect(heldOf(wallet.head)).toBe(0);
    expect(wallet.head.totals).toMatchObject({ used: 15, usages: 1 });
  });

  it('of less spends in burn order and sets the rest free where it came from', () => {
    const { wallet, ids } = heldWallet();
    const captured = entryOf(wallet.captureHold({ holdId: 'job', amount: 4 }));
    expect(captured.draws.map(({ amount, held }) => [amount, held])).toEqual([
      [-4, -10],
      [0, -5],
    ]);
    expect(drawn(captured, ids).map(([grant]) => grant)).toEqual([0, 1]);
    expect(availableOf(wallet.head)).toBe(26);
  });

  it('of more takes the overrun from what is available, one draw for each grant', () => {
    const { wallet, ids } = heldWallet();
    const captured = entryOf(wallet.captureHold({ holdId: 'job', amount: 28 }));
    expect(drawn(captured, ids)).toEqual([
      [0, -10],
      [1, -10],
      [2, -8],
    ]);
    expect(wallet.head.balance).toBe(2);
  });

  it('of more than is there is refused with both numbers and leaves the hold open', () => {
    const { wallet } = heldWallet();
    wallet.placeHold({ holdId: 'other', amount: 5 });
    expect(refusalOf(wallet.captureHold({ holdId: 'job', amount: 26 }))).toEqual({
      code: 'INSUFFICIENT_CREDITS',
      required: 26,
      available: 25,
      shortfall: 1,
    });
    expect(entryOf(wallet.captureHold({ holdId: 'job', amount: 25 })).amount).toBe(-25);
  });

  it.each(['captureHold', 'releaseHold'] as const)('or %s is the only end of a hold', (end) => {
    const { wallet } = heldWallet();
    expect(wallet[end]({ holdId: 'job' }).ok).toBe(true);
    for (const again of ['captureHold', 'releaseHold'] as const) {
      expect(refusalOf(wallet[again]({ holdId: 'job' }))).toEqual({ code: 'HOLD_NOT_OPEN' });
      expect(refusalOf(wallet[again]({ holdId: 'never' }))).toEqual({ code: 'HOLD_NOT_OPEN' });
    }
  });
});

describe('time and holds', () => {
  it('at its end a hold releases itself, and no hand can end it any more', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    wallet.placeHold({ holdId: 'job', amount: 10, expiresAt: hour(2) });
    wallet.at(hour(2));
    expect(refusalOf(wallet.captureHold({ holdId: 'job' }))).toEqual({ code: 'HOLD_EXPIRED' });
    expect(refusalOf(wallet.releaseHold({ holdId: 'job' }))).toEqual({ code: 'HOLD_EXPIRED' });
    const spent = wallet.spend({ amount: 10 });
    expect(spent.ok && spent.entries).toMatchObject([
      { type: 'release', amount: 0, hold: { id: 'job', action: 'expired' } },
      { type: 'usage', amount: -10 },
    ]);
    expect(refusalOf(wallet.captureHold({ holdId: 'job' }))).toEqual({ code: 'HOLD_NOT_OPEN' });
  });

  it('a millisecond before its end a hold can be captured', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    wallet.placeHold({ holdId: 'job', amount: 10, expiresAt: hour(2) });
    wallet.at('2026-01-01T01:59:59.999Z');
    expect(wallet.captureHold({ holdId: 'job' }).ok).toBe(true);
  });

  it('credits that expire while held stay with the hold, the free ones leave', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10, expiresAt: day(1) });
    wallet.placeHold({ holdId: 'job', amount: 6 });
    wallet.at(day(1));
    const added = wallet.add({ amount: 1 });
    expect(added.ok && added.entries).toMatchObject([{ type: 'expiry', amount: -4 }, {}]);
    expect(wallet.head).toMatchObject({ balance: 7, totals: { expired: 4 } });
    expect(availableOf(wallet.head)).toBe(1);
  });

  it('a capture after its grant expired spends the pinned credits; what it leaves expires at once', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10, expiresAt: day(1) });
    wallet.placeHold({ holdId: 'job', amount: 10 });
    wallet.at(day(2));
    const captured = wallet.captureHold({ holdId: 'job', amount: 7 });
    expect(captured.ok && captured.entries).toMatchObject([
      { type: 'usage', amount: -7 },
      { type: 'expiry', amount: -3 },
    ]);
    expect(entryOf(captured).type).toBe('usage');
    expect(wallet.head).toMatchObject({ balance: 0, grants: [] });
  });

  it('a release past the expiry of its credits expires them at once', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10, expiresAt: day(1) });
    wallet.placeHold({ holdId: 'job', amount: 10 });
    wallet.at(day(2));
    const released = wallet.releaseHold({ holdId: 'job' });
    expect(released.ok && released.entries).toMatchObject([
      { type: 'release', amount: 0 },
      { type: 'expiry', amount: -10 },
    ]);
    expect(wallet.head.balance).toBe(0);
  });

  it('one grant can expire in parts, each with an entry of its own', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10, expiresAt: day(1) });
    wallet.placeHold({ holdId: 'a', amount: 3 });
    wallet.placeHold({ holdId: 'b', amount: 4 });
    wallet.at(day(2));
    wallet.releaseHold({ holdId: 'a' });
    wallet.releaseHold({ holdId: 'b' });
    const expiries = wallet.entries.filter((entry) => entry.type === 'expiry');
    expect(expiries.map((entry) => entry.amount)).toEqual([-3, -3, -4]);
    expect(new Set(expiries.map((entry) => entry.id)).size).toBe(3);
  });

  it('the next due time is the soonest end that changes anything', () => {
    const wallet = openWallet();
    expect(nextDueAt(wallet.head)).toBeNull();
    wallet.add({ amount: 10 });
    expect(nextDueAt(wallet.head)).toBeNull();
    wallet.add({ amount: 10, expiresAt: day(3) });
    expect(nextDueAt(wallet.head)).toBe(day(3));
    wallet.placeHold({ holdId: 'job', amount: 10, expiresAt: day(5) });
    expect(nextDueAt(wallet.head)).toBe(day(5));
    wallet.placeHold({ holdId: 'short', amount: 1, expiresAt: day(2) });
    expect(nextDueAt(wallet.head)).toBe(day(2));
  });
});
