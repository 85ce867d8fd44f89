import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
let admin: string;
let webhook: { readonly url: string; readonly secret: string };
beforeAll(async () => {
  stack = await openTestStack();
  admin = await stack.token({ sub: 'carol', client: 'admin', groups: ['admin'] });
  webhook = await stripeWebhook();
});
afterAll(() => stack.close());

const checkoutSchema = z.object({
  checkout_url: z.string(),
  session_id: z.string(),
  purchase_id: z.string(),
});

async function startCheckout(token: string) {
  const urls = {
    success_url: 'http://localhost:3000/success',
    cancel_url: 'http://localhost:3000/cancel',
  };
  const body = { package_id: 'starter', ...urls };
  const answer = await stack.send('POST', '/credits/checkout', { token, body });
  expect(answer).toMatchObject({ status: 201 });
  return checkoutSchema.parse(answer.body);
}

const pay = (session: string, outcome: string) =>
  stack.send('POST', `/local/stripe/sessions/${session}/pay`, { body: { outcome } });

const get = async (path: string, token: string) => (await stack.send('GET', path, { token })).body;

describe('a purchase from the checkout to the receipt', () => {
  test('pays once, credits once, and mails one receipt to the address of the account', async () => {
    const token = await stack.token({ sub: 'alice', email: 'alice@example.com' });
    const {
      session_id: session,
      purchase_id: purchase,
      checkout_url: page,
    } = await startCheckout(token);
    const html = await fetch(page);
    expect(html.status).toBe(200);
    expect(await html.text()).toContain('10.00');

    await pay(session, 'success');
    await stack.settle();
    expect(await get('/credits/balance', token)).toMatchObject({
      credits_balance: 101,
      total_purchased: 100,
    });
    expect(await get(`/credits/checkout/${session}`, token)).toMatchObject({ status: 'paid' });
    expect(await get(`/credits/purchases/${purchase}`, token)).toMatchObject({ status: 'paid' });
    const receipt = await stack.send('GET', `/credits/purchases/${purchase}/receipt`, { token });
    expect(receipt.headers.get('content-type')).toContain('text/html');
    expect(receipt.text).toContain(purchase);

    const { emails } = z
      .object({ emails: z.array(z.object({ to: z.array(z.string()), text: z.string() })) })
      .parse((await stack.send('GET', '/local/emails')).body);
    const receipts = emails.filter((mail) => mail.text.includes(purchase));
    expect(receipts).toHaveLength(1);
    expect(receipts[0]?.to).toEqual(['alice@example.com']);
    expect(receipts[0]?.text).toContain('$10.00');
  });

  test.each([
    { outcome: 'async_success', status: 'paid', credits: 100 },
    { outcome: 'async_failure', status: 'failed', credits: 0 },
    { outcome: 'cancel', status: 'pending', credits: 0 },
    { outcome: 'decline', status: 'pending', credits: 0 },
  ])('$outcome ends as $status with $credits credits', async ({ outcome, status, credits }) => {
    const token = await stack.token({ sub: `buyer-${outcome}` });
    const { session_id: session } = await startCheckout(token);
    await pay(session, outcome);
    await stack.settle();
    expect(await get(`/credits/checkout/${session}`, token)).toMatchObject({ status });
    expect(await get('/credits/balance', token)).toMatchObject({ credits_balance: credits });
  });

  test('a card that is declined and then taken credits once: success after failure counts', async () => {
    const token = await stack.token({ sub: 'second-try' });
    const { session_id: session } = await startCheckout(token);
    await pay(session, 'decline');
    await stack.settle();
    await pay(session, 'success');
    await stack.settle();
    expect(await get(`/credits/checkout/${session}`, token)).toMatchObject({ status: 'paid' });
    expect(await get('/credits/balance', token)).toMatchObject({ credits_balance: 100 });
  });

  test('a session that nobody completes expires', async () => {
    const sub = 'window-shopper';
    const { session_id: session } = await startCheckout(await stack.token({ sub }));
    await stack.advance('P2D');
    await stack.settle();
    const status = await get(`/credits/checkout/${session}`, await stack.token({ sub }));
    expect(status).toMatchObject({ status: 'expired' });
    admin = await stack.token({ sub: 'carol', client: 'admin', groups: ['admin'] });
  });
});

describe('a webhook storm credits once', () => {
  test('the same delivery ten times in parallel', async () => {
    const token = await stack.token({ sub: 'storm' });
    const session = await startCheckout(token);
    const event = completed(session);
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(event)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
    await stack.settle();
    expect(await get('/credits/balance', token)).toMatchObject({
      credits_balance: 100,
      version: 1,
    });
  });

  test.each([[['unpaid', 'async']], [['async', 'unpaid']]])('%j', async (order) => {
    const token = await stack.token({ sub: `order-${order.join('-')}` });
    const session = await startCheckout(token);
    const events = {
      unpaid: completed(session, { payment_status: 'unpaid' }),
      async: completed(session, {}, { type: 'checkout.session.async_payment_succeeded' }),
    };
    for (const name of order) {
      await deliver(name === 'unpaid' ? events.unpaid : events.async);
      await stack.settle();
    }
    expect(await get('/credits/balance', token)).toMatchObject({
      credits_balance: 100,
      version: 1,
    });
  });
});

describe('what is not certainly ours credits nothing', () => {
  const nowSeconds = async () => {
    const { body } = await stack.send('GET', '/local/info');
    return Math.floor(Date.parse(String(body['now'])) / 1000);
  };

  test('wrong signature, stale and future timestamps are refused at the door', async () => {
    const token = await stack.token({ sub: 'forger' });
    const event = completed(await startCheckout(token));
    const now = await nowSeconds();
    const forged = await deliver(event, { secret: 'whsec_guessed' });
    const stale = await deliver(event, { at: now - 301 });
    const future = await deliver(event, { at: now + 400 });
    expect([forged.status, stale.status, future.status]).toEqual([400, 400, 400]);
    await stack.settle();
    expect(await get('/credits/balance', token)).toMatchObject({ credits_balance: 0 });
  });

  test.each([
    { reason: 'WRONG_AMOUNT', session: { amount_total: 1, amount_subtotal: 1 }, event: {} },
    { reason: 'WRONG_CURRENCY', session: { currency: 'eur' }, event: {} },
    { reason: 'WRONG_LIVEMODE', session: { livemode: true }, event: { livemode: true } },
    {
      reason: 'UNKNOWN_SESSION',
      session: { id: 'cs_test_unknown', client_reference_id: null },
      event: {},
    },
    { reason: 'WRONG_API_VERSION', session: {}, event: { api_version: '2020-08-27' } },
  ])('$reason waits in quarantine for a person', async ({ reason, session, event }) => {
    const token = await stack.token({ sub: `quarantine-${reason}` });
    const body = completed(await startCheckout(token), session, event);
    expect((await deliver(body)).status).toBe(200);
    await stack.settle();
    expect(await get('/credits/balance', token)).toMatchObject({ credits_balance: 0 });
    const { events } = z
      .object({ events: z.array(z.object({ event_id: z.string(), reason: z.string() })) })
      .parse(await get('/admin/credits/events', admin));
    expect(events).toContainEqual(expect.objectContaining({ event_id: body.id, reason }));
  });
});

let eventNumber = 0;

/** A checkout.session.completed of the pinned API version, as far as anyone reads it. */
function completed(
  checkout: { readonly session_id: string; readonly purchase_id: string },
  session: object = {},
  event: object = {},
) {
  eventNumber += 1;
  const object = {
    id: checkout.session_id,
    object: 'checkout.session',
    livemode: false,
    mode: 'payment',
    client_reference_id: checkout.purchase_id,
    payment_intent: `pi_made_${checkout.purchase_id}`,
    payment_status: 'paid',
    amount_subtotal: 1000,
    amount_total: 1000,
    currency: 'usd',
    ...session,
  };
  return {
    id: `evt_made_${eventNumber}`,
    object: 'event',
    type: 'checkout.session.completed',
    api_version: '2026-10-28.endive',
    created: 1_790_000_000,
    livemode: false,
    data: { object },
    ...event,
  };
}

/** Signs and sends an event as Stripe does, by the stack's clock. */
async function deliver(event: object, how: { secret?: string; at?: number } = {}) {
  const { body: info } = await stack.send('GET', '/local/info');
  const at = how.at ?? Math.floor(Date.parse(String(info['now'])) / 1000);
  const body = JSON.stringify(event);
  const signature = createHmac('sha256', how.secret ?? webhook.secret)
    .update(`${at}.${body}`)
    .digest('hex');
  return stack.send('POST', '/webhooks/stripe', {
    body,
    headers: { 'stripe-signature': `t=${at},v1=${signature}` },
  });
}

async function stripeWebhook(): Promise<{ readonly url: string; readonly secret: string }> {
  const { body } = await stack.send('GET', '/local/info');
  const { webhook_secrets: secrets } = z
    .object({ webhook_secrets: z.object({ stripe: z.string() }) })
    .parse(body);
  return { url: `${stack.url}/webhooks/stripe`, secret: secrets.stripe };
}
