import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertsOf, crossing, noAlerts, type WalletAlerts } from '#lib/alerts/wallet-alerts';
import { emptyHead, type Head } from '#lib/ledger/wallet';

const wallet = { userId: 'ada', creditType: 'general' };

/** A wallet with so many credits, `held` of them set aside. */
function headOf(seq: number, balance: number, held = 0): Head {
  const grant = {
    id: 'grn_1',
    category: 'paid',
    priority: 50,
    expiresAt: null,
    grantedAt: '2026-11-20T12:00:00.000Z',
    remaining: balance,
    held,
  } as const;
  return { ...emptyHead(wallet), seq, balance, grants: balance === 0 ? [] : [grant] };
}

/** Follows a wallet through its balances, and tells what its owner hears. */
function heard(balances: readonly number[], standard: number): readonly string[] {
  let known: WalletAlerts | null = null;
  const kinds: string[] = [];
  for (const [index, balance] of balances.entries()) {
    const last = balances[index - 1];
    const before = last === undefined ? null : headOf(index, last);
    const now: WalletAlerts | null = crossing(known, {
      before,
      after: headOf(index + 1, balance),
      standard,
    });
    if (!now) continue;
    kinds.push(...alertsOf(known, now).map(({ kind }) => kind));
    known = now;
  }
  return kinds;
}

describe('a low balance', () => {
  it('is told once on the way down, and its recovery once on the way up', () => {
    expect(heard([100, 60, 9, 5, 0, 8, 10, 40, 9], 10)).toEqual(['low', 'recovered', 'low']);
  });

  it('is no news to a wallet that never had as much', () => {
    expect(heard([1, 0, 5, 3], 10)).toEqual([]);
    expect(heard([1, 0, 50, 3], 10)).toEqual(['low']);
  });

  it('is what is available: credits set aside cannot be spent', () => {
    const after = headOf(2, 100, 95);
    expect(crossing(null, { before: headOf(1, 100), after, standard: 10 })).toMatchObject({
      low: true,
      available: 5,
      limit: 10,
    });
  });

  it('is never told where the threshold is 0', () => {
    expect(heard([100, 0, 5, 0], 0)).toEqual([]);
  });

  it('follows the threshold of the owner before that of the operator', () => {
    const known = { ...noAlerts(wallet), threshold: 50 };
    const change = { before: headOf(1, 60), after: headOf(2, 40), standard: 10 };
    expect(crossing(known, change)).toMatchObject({ low: true, limit: 50 });
  });

  it('is told as often as the balance crosses, whatever else happens and whatever comes again', () => {
    const balances = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(balances, fc.integer({ min: 0, max: 15 }), (steps, standard) => {
        // From the first time that it had as much.
        const since = steps.findIndex((balance) => balance >= standard);
        const states = since < 0 ? [] : steps.slice(since).map((balance) => balance < standard);
        const crossings = states.filter((low, index) => index > 0 && low !== states[index - 1]);
        expect(heard(steps, standard)).toEqual(crossings.map((low) => (low ? 'low' : 'recovered')));
      }),
    );
  });

  it('of an older state of the wallet changes nothing when it comes again', () => {
    const known = { ...noAlerts(wallet), low: false, seq: 7 };
    const change = { before: headOf(4, 60), after: headOf(5, 4), standard: 10 };
    expect(crossing(known, change)).toBeNull();
  });
});
