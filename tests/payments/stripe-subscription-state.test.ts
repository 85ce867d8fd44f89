import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { subscription } from '#lib/payments/stripe-objects';
import { providerStateOf } from '#lib/payments/stripe-subscription-state';
import { DEFAULT_TIERS } from '#lib/subscriptions/tiers';
import {
  BEGUN,
  RENEWED,
  type SubscriptionParts,
  stripeSubscriptionObject,
} from '#tests/payments/stripe-subscriptions';

const of = { userId: 'ada', tiers: DEFAULT_TIERS, at: '2027-02-03T10:00:00.900Z' };

function read(parts: SubscriptionParts = {}) {
  return providerStateOf(subscription.parse(stripeSubscriptionObject(parts)), of);
}

describe('a subscription of Stripe', () => {
  it('is told in our words, with its period from its item and the time to the second', () => {
    expect(read()).toEqual({
      ok: true,
      state: {
        userId: 'ada',
        provider: {
          name: 'stripe',
          subscriptionId: 'sub_1',
          customerId: 'cus_1',
          itemId: 'si_sub_1',
          priceId: 'price_pro_usd',
          currency: 'USD',
        },
        tier: 'PRO',
        pendingChange: null,
        status: 'ACTIVE',
        anchor: '2027-02-01T10:00:00.000Z',
        currentPeriodStart: '2027-02-01T10:00:00.000Z',
        currentPeriodEnd: '2027-03-01T10:00:00.000Z',
        cancelAtPeriodEnd: false,
        cancelReason: null,
        endedAt: null,
        at: '2027-02-03T10:00:00.000Z',
      },
    });
  });

  it.each([
    ['active', 'ACTIVE'],
    ['trialing', 'TRIALING'],
    ['past_due', 'PAST_DUE'],
    ['unpaid', 'PAST_DUE'],
    ['incomplete', 'INCOMPLETE'],
    ['incomplete_expired', 'CANCELED'],
    ['canceled', 'CANCELED'],
  ])('that is %s is %s', (status, ours) => {
    const endedAt = ours === 'CANCELED' ? '2027-02-03T10:00:00.000Z' : null;
    expect(read({ fields: { status } })).toMatchObject({ state: { status: ours, endedAt } });
  });

  it.each(['paused', 'sleeping', 'toString'])('that is %s is for a person', (status) => {
    expect(read({ fields: { status } })).toMatchObject({ ok: false, reason: 'UNKNOWN_STATUS' });
  });

  it('ends with its period where the flag or the moment says so, with the reason that was given', () => {
    const details = (comment: string | null, reason: string | null) => ({
      cancellation_details: { comment, reason },
    });
    const cases = [
      [{ cancel_at_period_end: true, ...details('too dear', null) }, true, 'too dear'],
      [{ cancel_at: Date.UTC(2027, 2, 1, 10) / 1_000 }, true, null],
      [{ cancel_at: Date.UTC(2027, 5, 1, 10) / 1_000 }, false, null],
      [details(null, 'payment_failed'), false, 'payment failed'],
    ] as const;
    for (const [fields, cancelAtPeriodEnd, cancelReason] of cases) {
      expect(read({ fields })).toMatchObject({ state: { cancelAtPeriodEnd, cancelReason } });
    }
  });

  it('of a price that no tier has, or of two that have one, is for a person', () => {
    const unknown = read({ price: 'price_of_something_else' });
    expect(unknown).toMatchObject({ ok: false, reason: 'UNKNOWN_PRICE' });
    const [pro] = stripeSubscriptionObject().items.data;
    const [premium] = stripeSubscriptionObject({ price: 'price_premium_usd' }).items.data;
    const [seats] = stripeSubscriptionObject({ price: 'price_of_seats' }).items.data;
    expect(read({ fields: { items: { data: [pro, premium] } } })).toMatchObject({ ok: false });
    expect(read({ fields: { items: { data: [seats, premium] } } })).toMatchObject({
      state: { tier: 'PREMIUM' },
    });
  });

  it('that was paid for as more than it bills from now on waits with that for the end of the period', () => {
    const fields = (paid: object) => ({ metadata: { user_id: 'ada', ...paid } });
    const until = String(RENEWED);
    expect(read({ fields: fields({ paid_tier: 'PREMIUM', paid_until: until }) })).toMatchObject({
      state: {
        tier: 'PREMIUM',
        pendingChange: { tier: 'PRO', at: '2027-03-01T10:00:00.000Z' },
        provider: { priceId: 'price_pro_usd' },
      },
    });
    // Of the period before, of no more than is billed, taken back, or written by somebody else: nothing.
    for (const paid of [
      { paid_tier: 'PREMIUM', paid_until: String(BEGUN) },
      { paid_tier: 'FREE', paid_until: until },
      { paid_tier: 'PRO', paid_until: until },
      { paid_tier: '', paid_until: '' },
      { paid_tier: 'GOLD', paid_until: until },
      { paid_tier: 'PREMIUM', paid_until: 'soon' },
    ]) {
      expect(read({ fields: fields(paid) })).toMatchObject({
        state: { tier: 'PRO', pendingChange: null },
      });
    }
  });

  it('of the shape before 2025-03-31 is refused: its period is not where we read it', () => {
    const [item] = stripeSubscriptionObject().items.data;
    const { current_period_end, current_period_start, ...old } = item ?? {};
    const before = stripeSubscriptionObject({
      fields: { items: { data: [old] }, current_period_end, current_period_start },
    });
    expect(subscription.safeParse(before).success).toBe(false);
  });
});

const example = '../shared/payloads/stripe/objects/subscription.json';
it.skipIf(!existsSync(example))('of Stripe’s own example is read', () => {
  const read = subscription.parse(JSON.parse(readFileSync(example, 'utf8')));
  expect(providerStateOf(read, of)).toMatchObject({ ok: false, reason: 'UNKNOWN_PRICE' });
});
