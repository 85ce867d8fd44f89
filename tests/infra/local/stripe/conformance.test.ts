import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { API_VERSION } from '#infra/local/stripe/api-version';
import { customerCreateParameters } from '#infra/local/stripe/customer-routes';
import { paymentIntentCreateParameters } from '#infra/local/stripe/off-session';
import { refundCreateParameters } from '#infra/local/stripe/refunds';
import { sessionCreateParameters } from '#infra/local/stripe/session-parameters';
import { raw, sessionParams, startStripe } from '#tests/infra/local/stripe/stand-in';

/** Recorded requests and Stripe's own parameter lists: data that lies beside the project. */
const FOLDER = resolve(import.meta.dirname, '../../../../../shared/payloads/stripe');
const isPresent = existsSync(FOLDER);
if (!isPresent) console.warn(`skipped: no recorded payloads in ${FOLDER}`);

const recordingSchema = z.object({
  requests: z.array(
    z.object({
      call: z.string(),
      method: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
    }),
  ),
});
const operationsSchema = z.array(
  z.object({
    method: z.string(),
    path: z.string(),
    params: z.record(
      z.string(),
      z.object({ type: z.string(), enum: z.array(z.string()).optional() }),
    ),
  }),
);

function readData<T>(prefix: string, schema: z.ZodType<T>): T {
  const name = readdirSync(FOLDER).find((file) => file.startsWith(prefix)) ?? prefix;
  return schema.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
}

test('the stand-in speaks the version that the installed SDK pins', () => {
  expect(API_VERSION).toBe(Stripe.API_VERSION);
});

describe.skipIf(!isPresent)('Requests that the SDK was recorded to send', () => {
  const wanted = [
    'stripe.checkout.sessions.create',
    'stripe.checkout.sessions.retrieve expand',
    'stripe.checkout.sessions.listLineItems',
    'stripe.paymentIntents.retrieve',
    'stripe.refunds.create',
    'stripe.events.retrieve',
    'stripe.checkout.sessions.expire',
  ];

  test.each(wanted)('%s is accepted', async (name) => {
    const { sdk, stripe, apiUrl } = await startStripe();
    const recorded = readData('sdk-requests', recordingSchema).requests.find(
      ({ call }) => call === name,
    );
    expect(recorded).toBeDefined();
    const { id: open } = await sdk.checkout.sessions.create(sessionParams());
    const { id: other } = await sdk.checkout.sessions.create(sessionParams());
    const intent = stripe.pay(other, 'success').payment_intent ?? '';
    const event = String(stripe.events()[0]?.['id']);
    // The ids are this account's own; all else goes out as it was recorded.
    const fill = (text = ''): string =>
      text.replace('cs_1', open).replace('pi_1', intent).replace('evt_1', event);
    const answer = await raw(apiUrl, {
      method: recorded?.method ?? '',
      path: fill(recorded?.url),
      ...(recorded?.method === 'POST' ? { body: fill(recorded.body) } : {}),
      headers: {
        'stripe-version': recorded?.headers['stripe-version'] ?? '',
        ...(recorded?.headers['idempotency-key'] === undefined
          ? {}
          : { 'idempotency-key': recorded.headers['idempotency-key'] }),
      },
    });
    expect(answer).toMatchObject({ status: 200 });
  });

  test('the recorded session says what it was asked to say', async () => {
    const { apiUrl } = await startStripe();
    const recorded = readData('sdk-requests', recordingSchema).requests.find(
      ({ call }) => call === 'stripe.checkout.sessions.create',
    );
    const { body } = await raw(apiUrl, {
      method: 'POST',
      path: recorded?.url ?? '',
      body: recorded?.body ?? '',
    });
    expect(body).toMatchObject({
      amount_total: 1999,
      client_reference_id: 'user#1',
      customer_email: 'a+b@example.com',
      metadata: { purchaseId: 'p_1', wallet: 'w 1' },
      success_url: 'https://a.example/s?session_id={CHECKOUT_SESSION_ID}',
    });
  });
});

describe.skipIf(!isPresent)("Stripe's own lists of parameters", () => {
  /** Lists and free keys are not in the data, and the last one came after it was made. */
  const NOT_LISTED = ['line_items', 'metadata', 'expand', 'allowed_payment_method_types'];

  const routes: readonly (readonly [string, Readonly<Record<string, z.ZodType>>])[] = [
    ['/v1/checkout/sessions', sessionCreateParameters.shape],
    ['/v1/refunds', refundCreateParameters.shape],
    ['/v1/customers', customerCreateParameters.shape],
    ['/v1/payment_intents', paymentIntentCreateParameters.shape],
  ];

  test.each(routes)(
    'POST %s takes only what Stripe knows, with every choice it has',
    (path, shape) => {
      const operation = readData('api-operations', operationsSchema).find(
        (candidate) => candidate.path === path && candidate.method === 'POST',
      );
      const known = operation?.params ?? {};
      for (const [name, schema] of Object.entries(shape)) {
        if (NOT_LISTED.includes(name)) continue;
        const names = Object.keys(known).filter(
          (key) => key === name || key.startsWith(`${name}.`),
        );
        expect(names, name).not.toEqual([]);
        for (const choice of known[name]?.enum ?? []) {
          expect(schema.safeParse(choice).success, `${name}=${choice}`).toBe(true);
        }
      }
    },
  );
});
