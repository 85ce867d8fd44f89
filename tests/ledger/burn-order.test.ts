import { describe, expect, it } from 'vitest';
import { isExpired } from '#lib/ledger/burn-order';
import {
  day,
  drawn,
  entryOf,
  grantIdIn,
  hour,
  openWallet,
  PAID,
  refusalOf,
} from '#tests/ledger/wallets';

type Terms = Partial<{
  category: 'promotional' | 'plan' | 'paid';
  priority: number;
  expiresAt: string | null;
}>;

describe('the burn order', () => {
  const pairs: readonly (readonly [string, Terms, Terms])[] = [
    [
      'lower priority first, whatever the rest says',
      { priority: 1 },
      { priority: 2, category: 'promotional', expiresAt: day(1) },
    ],
    [
      'then the sooner expiry, whatever the category',
      { expiresAt: day(1) },
      { expiresAt: day(2), category: 'promotional' },
    ],
    [
      'no expiry last',
      { expiresAt: '9999-12-31T23:59:59.999Z' },
      { expiresAt: null, category: 'promotional' },
    ],
    ['then promotional before plan', { category: 'promotional' }, { category: 'plan' }],
    ['then plan before paid', { category: 'plan' }, { category: 'paid' }],
    ['then promotional before paid', { category: 'promotional' }, { category: 'paid' }],
  ];
  it.each(pairs)('is %s', (_criterion, first, second) => {
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const wallet = openWallet();
      const ids = order.map((terms) => grantIdIn(wallet.add({ amount: 10, ...terms })));
      const [draw] = entryOf(wallet.spend({ amount: 10 })).draws;
      expect(draw?.grantId).toBe(ids[order.indexOf(first)]);
    }
  });

  it('is the older grant first among equal terms', () => {
    const wallet = openWallet();
    const ids = [1, 2, 3].map((hours) => {
      wallet.at(hour(hours));
      return grantIdIn(wallet.add({ amount: 10 }));
    });
    expect(drawn(entryOf(wallet.spend({ amount: 25 })), ids)).toEqual([
      [0, -10],
      [1, -10],
      [2, -5],
    ]);
  });

  it('is the id at last, so that two runs over the same grants draw alike', () => {
    const wallet = openWallet();
    const ids = Array.from({ length: 9 }, () => grantIdIn(wallet.add({ amount: 10 })));
    const { draws } = entryOf(wallet.spend({ amount: 90 }));
    expect(draws.map((draw) => draw.grantId)).toEqual(ids.toSorted());
  });

  it('draws nothing from a grant that holds have set aside in whole', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10, priority: 1 });
    const second = grantIdIn(wallet.add({ amount: 10, priority: 2 }));
    wallet.placeHold({ holdId: 'job', amount: 10 });
    expect(entryOf(wallet.spend({ amount: 4 })).draws.map((draw) => draw.grantId)).toEqual([
      second,
    ]);
  });
});

describe('an expiry', () => {
  it.each([
    ['a millisecond before it', '2026-01-09T23:59:59.999Z', false],
    ['at the very instant', day(9), true],
    ['a millisecond after it', '2026-01-10T00:00:00.001Z', true],
  ])('is over %s: %s', (_when, now, over) => {
    expect(isExpired({ expiresAt: day(9) }, now)).toBe(now >= day(9));
    const wallet = openWallet();
    wallet.add({ amount: 100, expiresAt: day(9) });
    wallet.at(now);
    expect(wallet.spend({ amount: 100 }).ok).toBe(!over);
  });

  it('never comes for credits without one', () => {
    expect(isExpired({ expiresAt: null }, '9999-12-31T23:59:59.999Z')).toBe(false);
  });

  it('leaves with an entry each, in burn order, before the command is looked at', () => {
    const wallet = openWallet();
    wallet.add({ amount: 30, expiresAt: day(2) });
    wallet.add({ amount: 20, expiresAt: day(1), type: 'promo', category: 'promotional' });
    wallet.add({ amount: 50 });
    wallet.at(day(3));
    const spent = wallet.spend({ amount: 5 });
    expect(spent.ok && spent.entries.map(({ type, amount }) => [type, amount])).toEqual([
      ['expiry', -20],
      ['expiry', -30],
      ['usage', -5],
    ]);
    expect(wallet.head.totals).toMatchObject({ purchased: 80, granted: 20, expired: 50, used: 5 });
    expect(wallet.head.balance).toBe(45);
  });

  it('of everything leaves a refusal with the exact numbers, and writes nothing', () => {
    const wallet = openWallet();
    wallet.add({ amount: 30, expiresAt: day(2) });
    wallet.at(day(2));
    expect(refusalOf(wallet.spend({ amount: 7 }))).toEqual({
      code: 'INSUFFICIENT_CREDITS',
      required: 7,
      available: 0,
      shortfall: 7,
    });
    expect(wallet.entries).toHaveLength(1);
  });
});

describe('the time of a wallet', () => {
  it('never runs backwards, whatever the clocks of two functions say', () => {
    const wallet = openWallet();
    wallet.at(hour(5));
    wallet.add({ amount: 10 });
    wallet.at(hour(3));
    wallet.spend({ amount: 1 });
    wallet.at(hour(6));
    wallet.spend({ amount: 1 });
    expect(wallet.entries.map((entry) => entry.createdAt)).toEqual([hour(5), hour(5), hour(6)]);
  });

  it('decides what has expired: a slow clock neither adds nor spends what the wallet saw go', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10, expiresAt: hour(8) });
    wallet.at(hour(9));
    wallet.add({ amount: 1 });
    wallet.at(hour(7));
    expect(refusalOf(wallet.add({ amount: 10, expiresAt: hour(8) }))).toEqual({
      code: 'ALREADY_EXPIRED',
    });
    expect(refusalOf(wallet.spend({ amount: 10 }))).toMatchObject({ available: 1 });
    expect(entryOf(wallet.add({ amount: 10, ...PAID })).draws[0]?.grantedAt).toBe(hour(9));
  });
});
