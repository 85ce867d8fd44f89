import { describe, expect, test } from 'vitest';
import { applyProviderState, type ProviderState } from '#lib/subscriptions/provider-state';
import type { Subscription } from '#lib/subscriptions/subscription';

const NOW = '2027-03-31T12:00:00.000Z';
const NEXT_END = '2027-04-30T10:00:00.000Z';
const at = (day: number) => `2027-03-${String(day).padStart(2, '0')}T10:00:00.000Z`;

const active: ProviderState = {
  userId: 'ada',
  provider: {
    name: 'stripe',
    subscriptionId: 'sub_1',
    customerId: 'cus_1',
    itemId: 'si_1',
    priceId: 'price_pro_usd',
    currency: 'USD',
  },
  tier: 'PRO',
  pendingChange: null,
  status: 'ACTIVE',
  anchor: at(1),
  currentPeriodStart: at(1),
  currentPeriodEnd: at(30),
  cancelAtPeriodEnd: false,
  cancelReason: null,
  endedAt: null,
  at: at(1),
};
const created: ProviderState = { ...active, status: 'INCOMPLETE' };
const pastDue: ProviderState = { ...active, status: 'PAST_DUE', at: at(3) };
const paidAgain: ProviderState = { ...active, at: at(5) };
const ending: ProviderState = { ...active, cancelAtPeriodEnd: true, at: at(7) };
const ended: ProviderState = { ...active, status: 'CANCELED', endedAt: at(9), at: at(9) };

function play(states: readonly ProviderState[]): Subscription | null {
  return states.reduce<Subscription | null>((current, state) => {
    const change = applyProviderState(current, state, NOW);
    return change.kind === 'applied' ? change.subscription : current;
  }, null);
}

describe('what a provider says of a subscription', () => {
  test('ends in the same place in every order and with duplicates', () => {
    const states = [{ ...created, at: at(0) }, active, pastDue, paidAgain, ending, ended];
    const expected = play(states);
    expect(expected).toMatchObject({ status: 'CANCELED', endedAt: at(9), creditsDueAt: at(9) });
    const orders = permutations(states);
    expect(orders).toHaveLength(720);
    for (const order of orders) {
      expect(play([...order, ...order])).toEqual({ ...expected, createdAt: NOW });
    }
  });

  test('is in doubt where two states of one instant differ, and is not where they agree', () => {
    const standing = play([active]);
    const other = { ...active, cancelAtPeriodEnd: true };
    expect(applyProviderState(standing, other, NOW).kind).toBe('in_doubt');
    expect(applyProviderState(standing, active, NOW).kind).toBe('stale');
  });

  test('is in no doubt of one instant where one of two states can only be the later', () => {
    const next = { ...active, currentPeriodStart: at(30), currentPeriodEnd: NEXT_END };
    for (const [before, after] of [
      [{ ...created, at: at(1) }, active],
      [active, next],
      [{ ...active, cancelAtPeriodEnd: true }, next],
    ] as const) {
      expect(play([before, after])).toMatchObject({ ...play([after]), updatedAt: NOW });
      expect(play([after, before])).toEqual(play([after]));
    }
  });

  test('keeps the reason of a cancellation until it is taken back', () => {
    const reasoned = { ...ending, cancelReason: 'too dear' };
    const silent = { ...ended, cancelReason: null };
    expect(play([active, reasoned, silent])?.cancelReason).toBe('too dear');
    expect(play([active, reasoned, { ...active, at: at(8) }])?.cancelReason).toBeNull();
  });

  test('starts the days of grace with the first failed payment, and ends them with the next that succeeds', () => {
    const later = { ...pastDue, at: at(4) };
    expect(play([active, pastDue, later])?.pastDueSince).toBe(at(3));
    expect(play([active, pastDue, later, paidAgain])?.pastDueSince).toBeNull();
  });

  test('of another subscription counts once the one before has ended, and is a conflict while it runs', () => {
    const provider = { ...active.provider, subscriptionId: 'sub_2' };
    const second = { ...active, provider, at: at(20) };
    expect(applyProviderState(play([active]), second, NOW)).toEqual({
      kind: 'conflict',
      subscriptionId: 'sub_1',
    });
    expect(play([active, ended, second])?.provider?.subscriptionId).toBe('sub_2');
    const late = { ...second, at: at(8) };
    expect(applyProviderState(play([active, ended]), late, NOW).kind).toBe('stale');
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}
