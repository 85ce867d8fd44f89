import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';

import type { CardBehaviour } from '#infra/local/stripe/customer-records';
import { type Running, startStripe } from '#tests/infra/local/stripe/stand-in';

const CHARGE = { amount: 2500, currency: 'usd', confirm: true, off_session: true } as const;

describe('Checkout in setup mode', () => {
  test('a card is saved for a customer, and events tell whose it is', async () => {
    const { sdk, stripe, received, settle } = await startStripe();
    const { customer, sessionId } = await openSetup({ sdk });
    const session = await sdk.checkout.sessions.retrieve(sessionId);
    expect(session).toMatchObject({
      mode: 'setup',
      amount_total: null,
      currency: null,
      customer: customer.id,
      payment_intent: null,
      payment_status: 'no_payment_required',
      status: 'open',
    });
    expect(stripe.pay(sessionId, 'success')).toMatchObject({
      status: 'complete',
      redirect_url: 'https://app.example/saved',
    });
    const saved = await sdk.checkout.sessions.retrieve(sessionId, {
      expand: ['setup_intent.payment_method'],
    });
    expect(saved.setup_intent).toMatchObject({
      customer: customer.id,
      metadata: { user_id: 'user-1' },
      status: 'succeeded',
      payment_method: { customer: customer.id, card: { last4: '4242' } },
    });
    const methods = await sdk.customers.listPaymentMethods(customer.id);
    expect(methods.data).toHaveLength(1);
    await settle();
    expect(received.map(({ event }) => event.type)).toEqual([
      'customer.created',
      'setup_intent.created',
      'payment_method.attached',
      'setup_intent.succeeded',
      'checkout.session.completed',
    ]);
  });

  test('a card that its bank does not let be saved leaves the page open for another', async () => {
    const { sdk, stripe, pagesUrl } = await startStripe();
    const { sessionId } = await openSetup({ sdk });
    expect(stripe.pay(sessionId, 'decline')).toMatchObject({ status: 'open', redirect_url: null });
    const page = await fetch(`${pagesUrl}/stripe/checkout/${sessionId}`);
    await expect(page.text()).resolves.toContain('Your card was declined.');
    const saved = await fetch(`${pagesUrl}/stripe/checkout/${sessionId}`, {
      method: 'POST',
      body: new URLSearchParams({ outcome: 'success', card: 'pays' }),
      redirect: 'manual',
    });
    expect(saved.headers.get('location')).toBe('https://app.example/saved');
  });
});

describe('Charging a saved card while its owner is away', () => {
  test('a card that pays is charged at once', async () => {
    const { sdk, received, settle } = await startStripe();
    const saved = await saveCard({ sdk }, 'pm_card_visa');
    const intent = await sdk.paymentIntents.create({
      ...CHARGE,
      ...saved,
      metadata: { purchase_id: 'pur_1' },
    });
    expect(intent).toMatchObject({
      amount_received: 2500,
      customer: saved.customer,
      metadata: { purchase_id: 'pur_1' },
      payment_method: saved.payment_method,
      status: 'succeeded',
    });
    await settle();
    expect(received.map(({ event }) => event.type).slice(2)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'charge.updated',
    ]);
    const listed = await sdk.paymentIntents.list({ customer: saved.customer });
    expect(listed.data.map(({ id }) => id)).toEqual([intent.id]);
  });

  test.each([
    ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
    ['pm_card_authenticationRequired', 'authentication_required', 'authentication_required'],
  ])('%s is refused with its code, and the intent shows it', async (method, code, declineCode) => {
    const { sdk } = await startStripe();
    const saved = await saveCard({ sdk }, method);
    const refused = await sdk.paymentIntents.create({ ...CHARGE, ...saved }).catch(errorOf);
    expect(refused).toMatchObject({
      code,
      decline_code: declineCode,
      statusCode: 402,
      payment_intent: {
        last_payment_error: { code, type: 'card_error' },
        payment_method: null,
        status: 'requires_payment_method',
      },
    });
  });

  test('asking again with the same key charges once and refuses once', async () => {
    const { sdk } = await startStripe();
    for (const [method, charges] of [
      ['pm_card_visa', 1],
      ['pm_card_chargeCustomerFail', 1],
    ] as const) {
      const saved = await saveCard({ sdk }, method);
      const ask = async () =>
        sdk.paymentIntents
          .create({ ...CHARGE, ...saved }, { idempotencyKey: `key-${method}` })
          .catch(errorOf);
      const answers = [await ask(), await ask(), await ask()];
      expect(new Set(answers.map(intentIdOf)).size).toBe(1);
      const listed = await sdk.paymentIntents.list({ customer: saved.customer });
      expect(listed.data).toHaveLength(charges);
    }
  });

  test("a card is not charged for another's customer", async () => {
    const { sdk } = await startStripe();
    const { payment_method } = await saveCard({ sdk }, 'pm_card_visa');
    const other = await sdk.customers.create();
    await expect(
      sdk.paymentIntents.create({ ...CHARGE, payment_method, customer: other.id }),
    ).rejects.toMatchObject({ statusCode: 400, param: 'payment_method' });
  });

  test('what would need a page is refused, not ignored', async () => {
    const { sdk } = await startStripe();
    await expect(
      sdk.paymentIntents.create({ amount: 2500, currency: 'usd' }),
    ).rejects.toMatchObject({ code: 'not_simulated' });
  });
});

async function openSetup({ sdk }: Pick<Running, 'sdk'>) {
  const customer = await sdk.customers.create({ email: 'ada@example.com' });
  const session = await sdk.checkout.sessions.create({
    mode: 'setup',
    customer: customer.id,
    allowed_payment_method_types: ['card'],
    success_url: 'https://app.example/saved',
    cancel_url: 'https://app.example/settings',
    setup_intent_data: { metadata: { user_id: 'user-1' } },
  });
  return { customer, sessionId: session.id };
}

async function saveCard({ sdk }: Pick<Running, 'sdk'>, method: string) {
  const customer = await sdk.customers.create({ email: 'ada@example.com' });
  const attached = await sdk.paymentMethods.attach(method, { customer: customer.id });
  return { customer: customer.id, payment_method: attached.id };
}

function errorOf(error: unknown): Stripe.errors.StripeError {
  if (error instanceof Stripe.errors.StripeError) return error;
  throw error;
}

function intentIdOf(answer: Stripe.PaymentIntent | Stripe.errors.StripeError): string | undefined {
  return answer instanceof Stripe.errors.StripeError ? answer.payment_intent?.id : answer.id;
}

test.each<[CardBehaviour, string]>([
  ['pays', '4242'],
  ['declines', '0341'],
  ['asks', '3184'],
])('a card saved on the page as one that %s ends in %s', async (card, last4) => {
  const { sdk, stripe } = await startStripe();
  const { customer, sessionId } = await openSetup({ sdk });
  stripe.pay(sessionId, 'success', { card });
  const methods = await sdk.customers.listPaymentMethods(customer.id);
  expect(methods.data.map((method) => method.card?.last4)).toEqual([last4]);
});
