import { describe, expect, it } from 'vitest';
import { replay } from '#lib/ledger/replay';
import { verify } from '#lib/ledger/verify';
import { emptyHead, heldOf } from '#lib/ledger/wallet';
import {
  ALICE,
  day,
  drawn,
  entryOf,
  grantIdIn,
  hour,
  openWallet,
  refusalOf,
  type TestWallet,
} from '#tests/ledger/wallets';

/** A wallet of 40 grants: `alike` of them, the oldest, of equal terms and the others all different. */
function crowded(alike: number): { readonly wallet: TestWallet; readonly ids: readonly string[] } {
  const wallet = openWallet();
  const ids = Array.from({ length: 40 }, (_, number) => {
    wallet.at(hour(number));
    const priority = number < alike ? 0 : number;
    return grantIdIn(wallet.add({ amount: 10, priority, type: 'bonus' }));
  });
  return { wallet, ids };
}

describe('the 41st grant', () => {
  it('joins the two oldest of equal terms, and the entry says so', () => {
    const { wallet, ids } = crowded(3);
    const entry = entryOf(wallet.add({ amount: 5, priority: 99, type: 'bonus' }));
    expect(entry.merged).toEqual([{ from: ids[1], into: ids[0] }]);
    expect(wallet.head.grants).toHaveLength(40);
    expect(wallet.head.grants.find((grant) => grant.id === ids[0])).toMatchObject({
      remaining: 20,
      grantedAt: hour(0),
    });
    expect(wallet.head.balance).toBe(405);
  });

  it('may itself be the one that joins an older', () => {
    const { wallet, ids } = crowded(1);
    const added = wallet.add({ amount: 5, priority: 0, type: 'bonus' });
    expect(entryOf(added).merged).toEqual([{ from: grantIdIn(added), into: ids[0] }]);
  });

  it.each([
    ['category', { category: 'promotional' }],
    ['priority', { priority: 99 }],
    ['expiry', { expiresAt: day(99) }],
  ] as const)(
    'of another %s than all others is refused, and nothing is written',
    (_name, terms) => {
      const { wallet } = crowded(1);
      expect(refusalOf(wallet.add({ amount: 5, priority: 0, type: 'bonus', ...terms }))).toEqual({
        code: 'TOO_MANY_GRANTS',
        limit: 40,
      });
      expect(wallet.entries).toHaveLength(40);
    },
  );

  it('takes the slices of holds along, in their order', () => {
    const { wallet, ids } = crowded(3);
    wallet.placeHold({ holdId: 'job', amount: 35 });
    wallet.add({ amount: 5, priority: 99, type: 'bonus' });
    expect(wallet.head.holds[0]?.slices).toEqual([
      { grantId: ids[0], amount: 20 },
      { grantId: ids[2], amount: 10 },
      { grantId: ids[3], amount: 5 },
    ]);
    expect(heldOf(wallet.head)).toBe(35);
    const captured = entryOf(wallet.captureHold({ holdId: 'job', amount: 25 }));
    expect(captured.draws.map(({ amount, held }) => [amount, held])).toEqual([
      [-20, -20],
      [-5, -10],
      [0, -5],
    ]);
  });

  it('pays debt although it is merged away at once', () => {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ amount: 100, priority: 0 }));
    for (let priority = 1; priority < 40; priority++) wallet.add({ amount: 1, priority });
    wallet.placeHold({ holdId: 'job', amount: 139 });
    wallet.reverse({ amount: 30, grantId });
    wallet.add({ amount: 50, priority: 0, type: 'bonus' });
    expect(wallet.head).toMatchObject({ debt: 0, balance: 159 });
  });

  it('refunds to a grant that was merged away open it again with its own terms', () => {
    const { wallet, ids } = crowded(2);
    const spend = entryOf(wallet.spend({ amount: 15 }));
    wallet.add({ amount: 5, priority: 0, type: 'bonus' });
    wallet.add({ amount: 5, priority: 98, type: 'bonus' });
    const refund = entryOf(wallet.refund({ spend }));
    expect(refund.draws.map((draw) => draw.grantId)).toEqual([ids[1], ids[0]]);
    expect(wallet.head.balance).toBe(410);
    expect(verify(wallet.head, wallet.entries)).toEqual([]);
    expect(replay(emptyHead(ALICE), wallet.entries)).toEqual(wallet.head);
  });
});

describe('what was bought', () => {
  const BOUGHT = { type: 'purchase', category: 'paid', priority: 50 } as const;

  it('is never refused for what was given away: it has a place beyond the bound, and joins what was bought before', () => {
    const { wallet, ids } = crowded(1);
    const first = wallet.add({ ...BOUGHT, amount: 100 });
    expect(entryOf(first).merged).toEqual([]);
    expect(wallet.head.grants).toHaveLength(41);
    for (const time of [hour(50), hour(51), hour(52)]) {
      wallet.at(time);
      const next = wallet.add({ ...BOUGHT, amount: 100 });
      expect(entryOf(next).merged).toEqual([{ from: grantIdIn(next), into: grantIdIn(first) }]);
    }
    expect(wallet.head.balance).toBe(800);
    expect(refusalOf(wallet.add({ amount: 5, priority: 99, type: 'bonus' })).code).toBe(
      'TOO_MANY_GRANTS',
    );
    // What opens no other grant goes on as before.
    const spend = entryOf(wallet.spend({ amount: 5 }));
    expect(drawn(entryOf(wallet.refund({ spend })), ids)).toEqual([[0, 5]]);
    expect(verify(wallet.head, wallet.entries)).toEqual([]);
    expect(replay(emptyHead(ALICE), wallet.entries)).toEqual(wallet.head);
  });

  it.each([
    ['of another priority', { priority: 77 }],
    ['that expires', { expiresAt: day(99) }],
  ])('has that place for itself: nothing that is paid elsewhere and %s takes it', (_, terms) => {
    const { wallet } = crowded(1);
    const elsewhere = { ...BOUGHT, ...terms, amount: 7 };
    expect(refusalOf(wallet.add(elsewhere)).code).toBe('TOO_MANY_GRANTS');
    entryOf(wallet.add({ ...BOUGHT, amount: 100 }));
    expect(wallet.head.balance).toBe(500);
  });

  it('is taken back from the grant that it was merged into, before anything else', () => {
    const { wallet } = crowded(1);
    const older = grantIdIn(wallet.add({ ...BOUGHT, amount: 100 }));
    wallet.at(hour(50));
    const grantId = grantIdIn(wallet.add({ ...BOUGHT, amount: 60 }));
    const reversal = entryOf(wallet.reverse({ amount: 60, grantId }));
    expect(reversal.draws.map((draw) => [draw.grantId, draw.amount])).toEqual([[older, -60]]);
    expect(wallet.head.balance).toBe(500);
  });

  it('and used up is not taken from what was bought since, as long as something else burns before', () => {
    const wallet = openWallet();
    const grantId = grantIdIn(wallet.add({ ...BOUGHT, amount: 60 }));
    wallet.spend({ amount: 60 });
    wallet.at(hour(1));
    const given = grantIdIn(wallet.add({ amount: 60, category: 'promotional', type: 'bonus' }));
    wallet.add({ ...BOUGHT, amount: 60 });
    const reversal = entryOf(wallet.reverse({ amount: 60, grantId }));
    expect(reversal.draws.map((draw) => draw.grantId)).toEqual([given]);
  });
});
