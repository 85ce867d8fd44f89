import { describe, expect, it } from 'vitest';
import { availableOf, isFrozen } from '#lib/ledger/wallet';
import {
  BOB,
  day,
  entryOf,
  grantIdIn,
  openWallet,
  refusalOf,
  type TestWallet,
} from '#tests/ledger/wallets';

/** 100 bought credits, 10 of them held for a job. */
function openFrozen() {
  const wallet = openWallet();
  const payment = wallet.add({ amount: 100 });
  const spend = entryOf(wallet.spend({ amount: 20 }));
  wallet.placeHold({ holdId: 'job', amount: 10 });
  wallet.freeze();
  return { payment, spend, wallet };
}

const refused: readonly (readonly [
  string,
  (wallet: TestWallet) => ReturnType<TestWallet['spend'] | TestWallet['transferTo']>,
])[] = [
  ['a spend', (wallet) => wallet.spend({ amount: 1 })],
  ['a spend of more than there is', (wallet) => wallet.spend({ amount: 1_000 })],
  ['a hold', (wallet) => wallet.placeHold({ holdId: 'other', amount: 1 })],
  ['a capture beyond the hold', (wallet) => wallet.captureHold({ holdId: 'job', amount: 11 })],
  ['a transfer to another user', (wallet) => wallet.transferTo(openWallet(BOB), { amount: 1 })],
  ['a transfer from another user', (wallet) => openWallet(BOB).transferTo(wallet, { amount: 1 })],
];

describe('a frozen wallet', () => {
  it.each(refused)('refuses %s, and does it once it is released', (_what, act) => {
    const { wallet } = openFrozen();
    const before = wallet.head;
    expect(refusalOf(act(wallet))).toEqual({ code: 'WALLET_FROZEN' });
    expect(wallet.head).toBe(before);
    wallet.unfreeze();
    expect(act(wallet)).not.toMatchObject({ refusal: { code: 'WALLET_FROZEN' } });
  });

  it('spends what was set aside before', () => {
    const { wallet } = openFrozen();
    expect(wallet.captureHold({ holdId: 'job', amount: 10 }).ok).toBe(true);
    expect(wallet.head.balance).toBe(70);
  });

  it('takes what comes in, gives back to providers, expires, and is corrected by hand', () => {
    const { payment, spend, wallet } = openFrozen();
    const grantId = grantIdIn(payment);
    for (const decision of [
      wallet.refund({ spend, amount: 4 }),
      wallet.reverse({ grantId, amount: 7 }),
      wallet.adjust({ amount: -2 }),
      wallet.releaseHold({ holdId: 'job' }),
      wallet.add({ amount: 50, expiresAt: day(1) }),
    ]) {
      expect(decision.ok).toBe(true);
    }
    wallet.at(day(2));
    wallet.add({ amount: 1 });
    expect(availableOf(wallet.head)).toBe(100 - 20 + 4 - 7 - 2 + 1);
    expect(isFrozen(wallet.head)).toBe(true);
  });

  it('cannot be frozen twice, nor one that is not be released', () => {
    const { wallet } = openFrozen();
    expect(refusalOf(wallet.freeze())).toEqual({ code: 'ALREADY_FROZEN' });
    wallet.unfreeze();
    expect(refusalOf(wallet.unfreeze())).toEqual({ code: 'NOT_FROZEN' });
    wallet.freeze();
    expect(isFrozen(wallet.head)).toBe(true);
  });
});
