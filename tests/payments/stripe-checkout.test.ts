import { describe, expect, it } from 'vitest';
import { createStripeCheckout } from '#lib/payments/stripe-checkout';
import type { StripeAccount } from '#lib/payments/stripe-client';
import type { SessionRequest } from '#lib/purchases/checkout-provider';
import { type Running, startStripe } from '#tests/infra/local/stripe/stand-in';

const request: SessionRequest = {
  purchaseId: 'pur_1',
  amountMinor: 1_000,
  currency: 'USD',
  productName: 'Starter',
  productDescription: '100 credits',
  email: 'ada+b@example.com',
  successUrl: 'https://app.example/thanks?session_id={CHECKOUT_SESSION_ID}',
  cancelUrl: 'https://app.example/shop',
};

/** The product's client, with the real SDK, pointed at a stand-in. */
function checkoutOf(running: Running, changes: Partial<StripeAccount> = {}) {
  const { hostname, port } = new URL(running.apiUrl);
  return createStripeCheckout({
    apiKey: async () => 'sk_test_local',
    livemode: false,
    timeoutMs: 8_000,
    server: { host: hostname, port: Number(port), protocol: 'http' },
    ...changes,
  });
}

async function sessionsOf(running: Running) {
  return (await running.sdk.checkout.sessions.list({ limit: 100 })).data;
}

describe('opening a payment page', () => {
  it('asks for what the purchase says, and for nothing that could change it', async () => {
    const running = await startStripe();
    const answer = await checkoutOf(running).openSession(request);
    const [session, ...others] = await sessionsOf(running);
    expect(others).toEqual([]);
    expect(answer).toEqual({
      kind: 'opened',
      session: {
        id: session?.id,
        url: session?.url,
        expiresAt: new Date((session?.expires_at ?? 0) * 1000).toISOString(),
      },
    });
    expect(session).toMatchObject({
      mode: 'payment',
      amount_total: 1_000,
      currency: 'usd',
      adaptive_pricing: { enabled: false },
      allow_promotion_codes: null,
      client_reference_id: 'pur_1',
      customer_email: 'ada+b@example.com',
      metadata: { purchase_id: 'pur_1' },
      success_url: request.successUrl,
      cancel_url: request.cancelUrl,
    });
  });

  it('again for the same purchase finds the same page', async () => {
    const running = await startStripe();
    const checkout = checkoutOf(running);
    const first = await checkout.openSession(request);
    expect(await checkout.openSession(request)).toEqual(first);
    expect(await sessionsOf(running)).toHaveLength(1);
  });

  it('asks in whole units of a currency without decimals, and without an address if none is known', async () => {
    const running = await startStripe();
    await checkoutOf(running).openSession({
      ...request,
      currency: 'JPY',
      amountMinor: 1_500,
      email: null,
    });
    expect(await sessionsOf(running)).toMatchObject([
      { amount_total: 1_500, currency: 'jpy', customer_email: null },
    ]);
  });
});

describe('when Stripe does not answer as hoped', () => {
  it.each([
    ['the connection breaks once', 'reset', 1],
    ['Stripe fails once', '500', 1],
    ['something in between answers HTML once', '502_html', 1],
  ] as const)('%s, the retry finds the one page', async (_, kind, count) => {
    const running = await startStripe();
    running.stripe.faults.add({ kind, count, path: '/v1/checkout', when: 'after' });
    expect(await checkoutOf(running).openSession(request)).toMatchObject({ kind: 'opened' });
    expect(await sessionsOf(running)).toHaveLength(1);
  });

  it.each([
    ['the connection breaks every time', 'reset'],
    ['Stripe fails every time', '500'],
    ['something in between answers HTML', '502_html'],
    ['Stripe is too busy', '429'],
    ['the answer is JSON of somebody else', 'no_error_key'],
    ['nothing comes at all', 'hang'],
  ] as const)(
    '%s, the outcome is unknown, and asking later finds the one page',
    async (_, kind) => {
      const running = await startStripe();
      const checkout = checkoutOf(running, { timeoutMs: 300 });
      running.stripe.faults.add({ kind, count: 10, path: '/v1/checkout', when: 'after' });
      expect(await checkout.openSession(request)).toMatchObject({ kind: 'unknown' });
      running.stripe.faults.clear();
      const answer = await checkoutOf(running).openSession(request);
      expect(answer.kind === 'opened' || kind === '500').toBe(true);
      expect((await sessionsOf(running)).length).toBeLessThanOrEqual(1);
    },
  );

  it('a request that Stripe refuses is refused', async () => {
    const running = await startStripe();
    const answer = await checkoutOf(running).openSession({ ...request, amountMinor: 10 });
    expect(answer).toMatchObject({ kind: 'refused' });
    expect(await sessionsOf(running)).toEqual([]);
  });

  it('a purchase that was asked for in other words before is open: that page may be there', async () => {
    const running = await startStripe();
    const checkout = checkoutOf(running);
    await checkout.openSession(request);
    const answer = await checkout.openSession({ ...request, productName: 'Renamed by a release' });
    expect(answer).toMatchObject({ kind: 'unknown' });
    expect(await sessionsOf(running)).toHaveLength(1);
  });

  it('a key that was rolled is read again', async () => {
    const running = await startStripe({ apiKeys: ['sk_test_new'] });
    const reads: boolean[] = [];
    const checkout = checkoutOf(running, {
      apiKey: async (options) => {
        reads.push(options?.fresh ?? false);
        return options?.fresh === true ? 'sk_test_new' : 'sk_test_old';
      },
    });
    expect(await checkout.openSession(request)).toMatchObject({ kind: 'opened' });
    expect(reads).toEqual([false, true]);
  });

  it('a key that Stripe does not know is our mistake, and nobody is sent anywhere', async () => {
    const running = await startStripe({ apiKeys: ['sk_test_new'] });
    expect(await checkoutOf(running).openSession(request)).toMatchObject({ kind: 'refused' });
  });

  it('a page of test mode is not handed out by a deployment that sells for real money', async () => {
    const running = await startStripe();
    const checkout = checkoutOf(running, { livemode: true });
    expect(await checkout.openSession(request)).toMatchObject({ kind: 'refused' });
  });
});
