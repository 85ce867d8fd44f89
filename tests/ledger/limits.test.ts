import { describe, expect, it } from 'vitest';
import { BALANCE_MAX } from '#lib/ledger/limits';
import { BOB, openWallet, refusalOf } from '#tests/ledger/wallets';

describe('the amounts of commands', () => {
  it.each([0, -0, -1, 1.5, 1_000_000_001, Number.NaN, Infinity])(
    'are 1 to 1,000,000,000 whole credits: %d crashes before anything is decided',
    (amount) => {
      const wallet = openWallet();
      wallet.add({ amount: 100 });
      const spent = wallet.spend({ amount: 10 });
      wallet.placeHold({ holdId: 'job', amount: 10 });
      const other = openWallet(BOB);
      const commands = [
        () => wallet.add({ amount }),
        () => wallet.spend({ amount }),
        () => wallet.adjust({ amount: amount > 0 ? -amount : amount * 1_000_000_001 }),
        () => wallet.placeHold({ holdId: 'other', amount }),
        () => wallet.captureHold({ holdId: 'job', amount }),
        () => wallet.transferTo(other, { amount }),
        () => spent.ok && wallet.refund({ spend: spent.entry, amount: amount > 1 ? 1.5 : amount }),
      ];
      for (const command of commands) expect(command).toThrow();
      expect(wallet.entries).toHaveLength(3);
    },
  );

  it('fill a wallet to 1,000,000,000,000 and not a credit further', () => {
    const wallet = openWallet();
    for (let count = 0; count < 999; count++) wallet.add({ amount: 1_000_000_000 });
    wallet.add({ amount: 999_999_999 });
    expect(wallet.add({ amount: 1 }).ok).toBe(true);
    expect(wallet.head.balance).toBe(BALANCE_MAX);
    expect(refusalOf(wallet.add({ amount: 1 }))).toEqual({
      code: 'BALANCE_LIMIT_EXCEEDED',
      limit: BALANCE_MAX,
    });
  });
});

describe('what the contract promises of a request', () => {
  it('holds for our own code too: longer metadata crashes before it is written', () => {
    const wallet = openWallet();
    const note = 'ü'.repeat(250);
    expect(wallet.add({ amount: 1, metadata: { note } }).ok).toBe(true);
    expect(() => wallet.add({ amount: 1, metadata: { note: `${note}ü` } })).toThrow('metadata');
  });

  it('includes times that compare as text: others crash before they are written', () => {
    const wallet = openWallet();
    for (const expiresAt of [
      '2026-05-01',
      '2026-05-01T00:00:00Z',
      '2026-05-01T02:00:00.000+02:00',
    ]) {
      expect(() => wallet.add({ amount: 1, expiresAt })).toThrow('compare as strings');
    }
  });
});
