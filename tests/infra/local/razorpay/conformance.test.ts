import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import type { DisputeStep } from '#infra/local/razorpay/disputes';
import { METHODS, type Method } from '#infra/local/razorpay/records';
import { sign } from '#infra/local/razorpay/webhooks';
import {
  KEY,
  newOrder,
  paidOrder,
  raw,
  type Running,
  startRazorpay,
} from '#tests/infra/local/razorpay/stand-in';

/** Recorded requests and Razorpay's own samples: data that lies beside the project. */
const FOLDER = resolve(import.meta.dirname, '../../../../../shared/payloads/razorpay');
const isPresent = existsSync(FOLDER);
if (!isPresent) console.warn(`skipped: no recorded payloads in ${FOLDER}`);

function readData<T>(name: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
}

describe.skipIf(!isPresent)('Requests that the SDK was recorded to send', () => {
  const recordingSchema = z.object({
    requests: z.array(
      z.object({ call: z.string(), method: z.string(), url: z.string(), body: z.string() }),
    ),
  });
  const wanted = [
    'rzp.orders.create',
    'rzp.orders.fetch',
    'rzp.orders.fetchPayments',
    'rzp.orders.all receipt',
    'rzp.payments.fetch',
    'rzp.payments.fetch expand',
    'rzp.payments.capture',
    'rzp.payments.refund',
    'rzp.refunds.fetch',
  ];

  test.each(wanted)('%s is accepted', async (name) => {
    const running = await startRazorpay();
    const { sdk, razorpay, apiUrl } = running;
    const file = readdirSync(FOLDER).find((entry) => entry.startsWith('sdk-requests')) ?? '';
    const recorded = readData(file, recordingSchema).requests.find(({ call }) => call === name);
    expect(recorded).toBeDefined();
    const orderId = await newOrder(sdk, { payment_capture: 0 });
    const paymentId = razorpay.pay(orderId, 'success').razorpay_payment_id ?? '';
    let refundId = '';
    if (name.includes('refund')) {
      await sdk.payments.capture(paymentId, 50_000, 'INR');
      refundId = (await sdk.payments.refund(paymentId, { amount: 100 })).id;
    }
    // The ids are this account's own; all else goes out as it was recorded.
    const path = (recorded?.url ?? '')
      .replace('order_1', orderId)
      .replace('pay_1', paymentId)
      .replace('rfnd_1', refundId);
    const answer = await raw(apiUrl, {
      method: recorded?.method ?? '',
      path,
      ...(recorded?.method === 'POST' && { body: recorded.body }),
    });
    expect(answer).toMatchObject({ status: 200 });
  });
});

describe.skipIf(!isPresent)('The signature', () => {
  test("is that of Razorpay's own vector", () => {
    const { webhook } = readData(
      'signature-vectors.json',
      z.object({
        webhook: z.object({ body: z.string(), secret: z.string(), signature: z.string() }),
      }),
    );
    expect(sign(webhook)).toBe(webhook.signature);
  });
});

const SAMPLES_OF: Readonly<Record<Method, string>> = {
  card: '.card',
  upi: '.upi',
  netbanking: '',
};

const PAYMENT_EVENTS = [
  'payment.authorized',
  'payment.captured',
  'payment.failed',
  'order.paid',
] as const;
const REFUND_EVENTS = ['refund.created', 'refund.processed', 'refund.failed'] as const;
const DISPUTE_STEPS: readonly DisputeStep[] = [
  'created',
  'action_required',
  'under_review',
  'won',
  'lost',
  'closed',
];

/**
 * In one sample `evidence` stands beside the entity and not in it, where all others have it. The
 * documents in it are the app's own, of which the stand-in has none.
 */
const NOT_OURS = /^payload\.dispute\.(evidence|entity\.evidence\..*\[\])/;

describe.skipIf(!isPresent)('Webhook bodies have the shape of the documented samples', () => {
  test.each(PAYMENT_EVENTS.flatMap((type) => METHODS.map((method) => [type, method] as const)))(
    '%s by %s',
    async (type, method) => {
      const running = await startRazorpay({ events: [type] });
      const orderId = await newOrder(running.sdk);
      running.razorpay.pay(orderId, type === 'payment.failed' ? 'decline' : 'success', { method });
      await compare(running, `${type}${SAMPLES_OF[method]}.json`);
    },
  );

  test.each(REFUND_EVENTS)('%s', async (type) => {
    const running = await startRazorpay({ events: [type] });
    const { razorpay, sdk } = running;
    const orderId = await newOrder(sdk);
    const { razorpay_payment_id: id } = razorpay.pay(orderId, 'success', { method: 'netbanking' });
    razorpay.refund(id ?? '', {
      amount: 20_000,
      settlesAs: type === 'refund.failed' ? 'failed' : 'processed',
    });
    await compare(running, `${type}.json`);
  });

  test.each(DISPUTE_STEPS)('payment.dispute.%s', async (step) => {
    const running = await startRazorpay({ events: [`payment.dispute.${step}`] });
    const { paymentId } = await paidOrder(running);
    running.razorpay.dispute(paymentId, 'created');
    if (step !== 'created') running.razorpay.dispute(paymentId, step);
    await compare(running, `payment.dispute.${step}.json`);
  });
});

describe.skipIf(!isPresent)('Answers have the shape of the documented ones', () => {
  const calls: readonly { readonly name: string; readonly path: string; readonly body?: object }[] =
    [
      { name: 'orders.fetch', path: '/v1/orders/{order}' },
      { name: 'orders.all', path: '/v1/orders' },
      { name: 'orders.fetchPayments', path: '/v1/orders/{order}/payments' },
      { name: 'orders.create', path: '/v1/orders', body: { amount: 50_000, currency: 'INR' } },
      { name: 'payments.fetch', path: '/v1/payments/{payment}' },
      { name: 'payments.all', path: '/v1/payments' },
      {
        name: 'payments.refund',
        path: '/v1/payments/{payment}/refund',
        body: { amount: 1000 },
      },
      { name: 'refunds.fetch', path: '/v1/refunds/{refund}' },
      { name: 'refunds.all', path: '/v1/refunds' },
    ];
  /** A customer of Razorpay's own, which an order of the app does not need. */
  const CUSTOMER = /customer_id$/;

  test.each(calls)('$name', async ({ name, path: template, body }) => {
    const running = await startRazorpay();
    const { orderId, paymentId } = await paidOrder(running);
    const { id: refundId } = await running.sdk.payments.refund(paymentId, { amount: 100 });
    const path = template
      .replace('{order}', orderId)
      .replace('{payment}', paymentId)
      .replace('{refund}', refundId);
    const answer = await raw(running.apiUrl, {
      path,
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    const ours = shapeOf(answer.body);
    const documented = [...shapeOf(readData(`responses/${name}.json`, z.json()))].filter(
      ([key]) => !CUSTOMER.test(key) && !/(acquirer_data|notes)\./.test(key),
    );
    expect(answer.status).toBe(200);
    for (const [key, types] of documented) expectFits(ours, { key, types });
  });
});

test('the keys of these tests are test keys', () => {
  expect(KEY.keyId).toMatch(/^rzp_test_/);
});

/** Every field of the sample is in our body with its type, and we send no field that no sample has. */
async function compare(running: Running, sample: string): Promise<void> {
  await running.settle();
  const [delivery] = running.received;
  const ours = shapeOf(delivery?.event);
  const documented = shapeOf(readData(sample, z.json()));
  for (const [key, types] of documented) {
    if (!NOT_OURS.test(key) && !/notes\./.test(key)) expectFits(ours, { key, types });
  }
  const known = new Set(
    readdirSync(FOLDER)
      .filter((file) => /^(order|payment|refund)\..*\.json$/.test(file))
      .flatMap((file) => [...shapeOf(readData(file, z.json())).keys()])
      .concat('payload.order.entity.notes.purchase_id'),
  );
  expect([...ours.keys()].filter((key) => !known.has(key))).toEqual([]);
}

function expectFits(
  ours: ReadonlyMap<string, ReadonlySet<string>>,
  field: { readonly key: string; readonly types: ReadonlySet<string> },
): void {
  const { key, types } = field;
  const have = ours.get(key);
  expect(have, `${key} is missing`).toBeDefined();
  if (types.has('null') || have?.has('null') === true) return;
  expect(isSubset(have ?? new Set(), types), `${key} is ${[...(have ?? [])].join()}`).toBe(true);
}

/** Empty notes are a list and others an object: one type, written in two ways. */
function isSubset(have: ReadonlySet<string>, types: ReadonlySet<string>): boolean {
  const same = (type: string): string => (type === 'list' ? 'object' : type);
  const wanted = new Set([...types].map(same));
  return [...have].every((type) => wanted.has(same(type)));
}

/** The path of every field, with the types it has; the items of a list share one path. */
function shapeOf(value: unknown, key = ''): Map<string, Set<string>> {
  const shape = new Map<string, Set<string>>();
  const add = (path: string, type: string): void => {
    shape.set(path, (shape.get(path) ?? new Set()).add(type));
  };
  const walk = (node: unknown, path: string): void => {
    if (Array.isArray(node)) {
      add(path, 'list');
      for (const item of node) walk(item, `${path}[]`);
    } else if (typeof node === 'object' && node !== null) {
      if (path !== '') add(path, 'object');
      for (const [name, child] of Object.entries(node)) {
        walk(child, path === '' ? name : `${path}.${name}`);
      }
    } else {
      add(path, node === null ? 'null' : typeof node);
    }
  };
  walk(value, key);
  return shape;
}
