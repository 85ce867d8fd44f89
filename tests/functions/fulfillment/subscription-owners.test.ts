import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStripeQueue, quarantinedIn } from '#tests/functions/fulfillment/stripe-queue';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';
import {
  BEGUN,
  invoiceLine,
  type SubscriptionParts,
  stripeInvoiceObject,
  stripeSubscriptionObject,
} from '#tests/payments/stripe-subscriptions';
import { beginSubscriptionStory } from '#tests/subscriptions/subscription-story';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const NOW = new Date('2027-02-01T10:00:05.000Z');
const LAST_DELIVERY = 4;

let test: TestLedger;
let count = 0;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(() => test.close());

/** A user with 500 credits, and what Stripe says of them. */
async function begin() {
  count += 1;
  const name = `owner${count}`;
  const { userId } = await beginSubscriptionStory(test.ledger, name);
  const queue = openStripeQueue(test, NOW);
  let events = 0;
  const tell = async (type: string, object: object) => {
    events += 1;
    const id = `evt_${name}_${events}`;
    const message = await queue.receive(stripeEventBody({ id, type, created: BEGUN, object }));
    const early = await queue.fulfil([message]);
    expect(await queue.fulfil(early, LAST_DELIVERY)).toEqual([]);
    const kept = (await quarantinedIn(test)).find(({ eventId }) => eventId === id);
    return { isEarly: early.length > 0, reason: kept?.reason ?? null };
  };
  const ours = { id: `sub_${name}`, customer: `cus_${name}`, userId };
  return {
    ours,
    state: (parts: SubscriptionParts) =>
      tell('customer.subscription.updated', stripeSubscriptionObject({ ...ours, ...parts })),
    paid: (parts: Partial<typeof ours> & { readonly price?: string }) => {
      const { id: subscription, customer, userId: user } = { ...ours, ...parts };
      const lines = [invoiceLine({ subscription, ...(parts.price && { price: parts.price }) })];
      const invoice = { id: `in_${subscription}`, subscription, customer, userId: user, lines };
      return tell('invoice.paid', stripeInvoiceObject(invoice));
    },
    balance: async () => (await test.ledger.loadHead({ userId, creditType: 'general' })).balance,
  };
}

const EARLY_AND_KEPT = { isEarly: true, reason: 'UNKNOWN_SUBSCRIPTION' };
const IGNORED = { isEarly: false, reason: null };

describe('whose a subscription is', () => {
  it('says the customer whom our own call stored, and not the event: another’s credits nobody', async () => {
    const { balance, paid, state } = await begin();
    expect(await paid({ customer: 'cus_of_somebody_else' })).toEqual(EARLY_AND_KEPT);
    expect(await state({ customer: 'cus_of_somebody_else' })).toEqual(EARLY_AND_KEPT);
    expect(await balance()).toBe(500);
    expect(await paid({})).toEqual(IGNORED);
    expect(await balance()).toBe(1_000);
  });

  it('of a user who is no customer comes again, and is kept in the end', async () => {
    const { paid } = await begin();
    expect(await paid({ userId: 'nobody-of-ours' })).toEqual(EARLY_AND_KEPT);
  });

  it('that names nobody is not our business, unless it bills a tier of ours', async () => {
    const { state } = await begin();
    const foreign = { userId: null, price: 'price_of_another_product' };
    expect(await state(foreign)).toEqual(IGNORED);
    const kept = { isEarly: false, reason: 'UNKNOWN_SUBSCRIPTION' };
    expect(await state({ userId: null })).toEqual(kept);
  });

  it('and bills no tier is for a person, and gives nothing', async () => {
    const { balance, paid, state } = await begin();
    const kept = { isEarly: false, reason: 'UNKNOWN_PRICE' };
    expect(await state({ price: 'price_of_another_product' })).toEqual(kept);
    expect(await paid({ price: 'price_of_another_product' })).toEqual(kept);
    expect(await balance()).toBe(500);
  });

  it('beside another that runs is for a person, and gives nothing more', async () => {
    const { balance, ours, paid, state } = await begin();
    expect(await paid({})).toEqual(IGNORED);
    const second = { isEarly: true, reason: 'SECOND_SUBSCRIPTION' };
    expect(await state({ id: `${ours.id}_b` })).toEqual(second);
    expect(await paid({ id: `${ours.id}_b` })).toEqual(second);
    expect(await balance()).toBe(1_000);
  });
});
