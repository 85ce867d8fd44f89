import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import type { FaultRequest } from '#infra/local/providers/faults';
import { listen, stopListening } from '#infra/local/listen';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { findRazorpayOrder } from '#lib/payments/razorpay-lookup';
import { createRazorpayOrders, type RazorpayKey } from '#lib/payments/razorpay-orders';
import { KEY, paidOrder, type Running, startRazorpay } from '#tests/infra/local/razorpay/stand-in';

const request = { purchaseId: 'pur_1', amountMinor: 50_000, currency: 'INR' };

interface Changes {
  readonly timeoutMs?: number;
  readonly key?: (options?: { readonly fresh: boolean }) => Promise<RazorpayKey>;
  readonly livemode?: boolean;
}

function ordersAt(apiUrl: string, changes: Changes = {}) {
  const { key = async () => ({ ...KEY, previousKeySecret: '' }), livemode = false } = changes;
  return createRazorpayOrders({ client: clientAt(apiUrl, changes), key, livemode });
}

function clientAt(apiUrl: string, { key, timeoutMs = 2_000 }: Changes = {}) {
  const { hostname, port } = new URL(apiUrl);
  const server = { host: hostname, port: Number(port), protocol: 'http' } as const;
  return createRazorpayClient({ credentials: key ?? (async () => KEY), timeoutMs, server });
}

async function ordersOf({ sdk }: Running) {
  return (await sdk.orders.all({ count: 100 })).items;
}

describe('opening an order', () => {
  it('asks for what the purchase says, captured by itself, and for nothing that could change it', async () => {
    const running = await startRazorpay();
    const answer = await ordersAt(running.apiUrl).openOrder(request);
    const [order, ...others] = await ordersOf(running);
    expect(others).toEqual([]);
    expect(answer).toEqual({ kind: 'opened', orderId: order?.id });
    expect(order).toMatchObject({ amount: 50_000, currency: 'INR', receipt: 'pur_1' });
    expect(order?.notes).toEqual({ purchase_id: 'pur_1' });
    expect(running.razorpay.pay(order?.id ?? '', 'success').payment_status).toBe('captured');
  });

  it('again for the same purchase finds the same order, even paid', async () => {
    const running = await startRazorpay();
    const orders = ordersAt(running.apiUrl);
    const first = await orders.openOrder(request);
    expect(await orders.openOrder(request)).toEqual(first);
    const [order] = await ordersOf(running);
    running.razorpay.pay(order?.id ?? '', 'success');
    expect(await orders.openOrder(request)).toEqual(first);
    expect(await ordersOf(running)).toHaveLength(1);
  });

  it('that exists under the receipt for another price is refused', async () => {
    const running = await startRazorpay();
    const orders = ordersAt(running.apiUrl);
    await orders.openOrder(request);
    const answer = await orders.openOrder({ ...request, amountMinor: 100 });
    expect(answer).toMatchObject({ kind: 'refused' });
    expect(await ordersOf(running)).toHaveLength(1);
  });

  it('with a key of the other mode asks nobody', async () => {
    const running = await startRazorpay();
    const answer = await ordersAt(running.apiUrl, { livemode: true }).openOrder(request);
    expect(answer).toMatchObject({ kind: 'refused' });
    expect(await ordersOf(running)).toEqual([]);
  });

  it('below Razorpay’s least amount is refused, in its own words', async () => {
    const running = await startRazorpay();
    const answer = await ordersAt(running.apiUrl).openOrder({ ...request, amountMinor: 10 });
    expect(answer.kind === 'refused' && answer.detail).toMatch(/minimum amount/);
  });

  it('reads a key that was exchanged again, once', async () => {
    const running = await startRazorpay();
    const reads: boolean[] = [];
    const orders = ordersAt(running.apiUrl, {
      key: async (options) => {
        const fresh = options?.fresh === true;
        reads.push(fresh);
        return { ...KEY, keySecret: fresh ? KEY.keySecret : 'old', previousKeySecret: '' };
      },
    });
    expect(await orders.openOrder(request)).toMatchObject({ kind: 'opened' });
    expect(reads.filter(Boolean)).toHaveLength(1);
  });
});

const FAULTS: readonly FaultRequest['kind'][] = [
  'timeout',
  'reset',
  'hang',
  '429',
  '500',
  '502_html',
  'no_error_key',
];

describe('when Razorpay does not answer as hoped, there is one order in the end:', () => {
  const cases = FAULTS.flatMap((kind) =>
    (['before', 'after'] as const).flatMap((when) =>
      [1, 2, 10].map((count) => ({ kind, when, count })),
    ),
  );
  it.each(cases)('$kind, $count times, with the work done $when it', async (fault) => {
    const running = await startRazorpay();
    running.razorpay.faults.add({ ...fault, path: '/v1/orders', delay_ms: 5_000 });
    const orders = ordersAt(running.apiUrl, { timeoutMs: 150 });
    const answer = await orders.openOrder(request);
    expect(['opened', 'unknown']).toContain(answer.kind);
    if (fault.count === 10) expect(answer.kind).toBe('unknown');
    running.razorpay.faults.clear();
    const again = await ordersAt(running.apiUrl).openOrder(request);
    expect(again.kind).toBe('opened');
    if (answer.kind === 'opened') expect(again).toEqual(answer);
    expect(await ordersOf(running)).toHaveLength(1);
  });
});

describe('asking for a payment', () => {
  it('tells what was paid, for which order, and whether it is ours', async () => {
    const running = await startRazorpay();
    const { orderId, paymentId } = await paidOrder(running);
    expect(await ordersAt(running.apiUrl).findPayment(paymentId)).toMatchObject({
      kind: 'found',
      payment: {
        paymentId,
        orderId,
        amountMinor: 50_000,
        currency: 'INR',
        isCaptured: true,
      },
    });
  });

  it('that does not exist is refused', async () => {
    const running = await startRazorpay();
    const answer = await ordersAt(running.apiUrl).findPayment('pay_none');
    expect(answer.kind === 'refused' && answer.detail).toMatch(/does not exist/);
  });

  it.each(FAULTS)('with %s once is answered by the second attempt, or not at all', async (kind) => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    running.razorpay.faults.add({ kind, path: '/v1/payments', delay_ms: 5_000 });
    const orders = ordersAt(running.apiUrl, { timeoutMs: 1_000 });
    const answer = await orders.findPayment(paymentId);
    expect(answer.kind).toBe(kind === '429' ? 'unknown' : 'found');
  });

  it.each(FAULTS)('with %s every time has an unknown outcome', async (kind) => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    running.razorpay.faults.add({ kind, count: 10, path: '/v1/payments', delay_ms: 5_000 });
    const orders = ordersAt(running.apiUrl, { timeoutMs: 150 });
    expect(await orders.findPayment(paymentId)).toMatchObject({ kind: 'unknown' });
  });
});

/** `found` answers what is looked up, in the place of the other two. */
const answering: { status: number; body: string; found?: string } = { status: 200, body: '' };
afterEach(() => {
  Object.assign(answering, { status: 200, body: '', found: undefined });
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Somebody in Razorpay's place who answers what the test says, and keeps what came. */
async function startAnswering() {
  const seen: Seen[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk) => chunks.push(z.instanceof(Buffer).parse(chunk)));
    incoming.on('end', () => {
      const { headers, method = '', url = '' } = incoming;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      const found = method === 'GET' ? answering.found : undefined;
      const status = found === undefined ? answering.status : 200;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(found ?? answering.body);
    });
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  onTestFinished(() => stopListening(server));
  return { url, seen };
}

describe('an order that somebody asks for by its id', () => {
  it.each([
    [400, 'The id provided does not exist', 'absent'],
    [400, 'order_none is not a valid id', 'absent'],
    [403, 'Access from this address is not allowed', 'refused'],
    [400, 'The requested URL was not found on the server.', 'refused'],
  ])('answered %i “%s” is %s', async (status, description, kind) => {
    const { url } = await startAnswering();
    const body = JSON.stringify({ error: { code: 'BAD_REQUEST_ERROR', description } });
    Object.assign(answering, { status, body });
    expect((await findRazorpayOrder(clientAt(url), 'order_none')).kind).toBe(kind);
  });
});

describe('an answer of somebody else is never taken for Razorpay’s:', () => {
  const refusal = JSON.stringify({ error: { code: 'BAD_REQUEST_ERROR', description: 'No.' } });
  it.each<[string, number, string, string]>([
    ['a refusal', 400, refusal, 'refused'],
    ['a refusal without an error', 404, '{"message":"Not Found"}', 'unknown'],
    ['a refusal in HTML', 403, '<html>blocked</html>', 'unknown'],
    ['a conflict, as while the first request is under way', 409, refusal, 'unknown'],
    ['a success that is empty', 200, '', 'unknown'],
    ['a success in HTML', 200, '<html>welcome</html>', 'unknown'],
    ['a success without its fields', 200, '{"id":"order_1"}', 'unknown'],
    ['a redirect', 302, '', 'unknown'],
    ['a success of an error', 200, refusal, 'unknown'],
  ])('%s', async (_, status, body, kind) => {
    const { url } = await startAnswering();
    Object.assign(answering, { status, body });
    expect((await ordersAt(url).findPayment('pay_1')).kind).toBe(kind);
  });

  it('an answer without an end', async () => {
    const { url } = await startAnswering();
    answering.body = 'x'.repeat(5 * 1024 * 1024);
    expect((await ordersAt(url).findPayment('pay_1')).kind).toBe('unknown');
  });

  it('another payment than the one asked for', async () => {
    const { url } = await startAnswering();
    const payment = { entity: 'payment', amount: 1, currency: 'INR', status: 'captured' };
    answering.body = JSON.stringify({
      ...payment,
      id: 'pay_2',
      order_id: null,
      captured: true,
      created_at: 1,
    });
    expect((await ordersAt(url).findPayment('pay_1')).kind).toBe('unknown');
  });
});

describe('an order that was not made anew is looked up by its receipt:', () => {
  const taken = JSON.stringify({ error: { code: 'BAD_REQUEST_ERROR', description: 'Taken.' } });
  const order = {
    id: 'order_b',
    entity: 'order',
    amount: 50_000,
    currency: 'INR',
    receipt: 'pur_1',
    status: 'created',
    notes: [],
    created_at: 2,
  };
  const stranger = { ...order, id: 'order_a', receipt: 'pur_11', created_at: 1 };
  const later = { ...order, id: 'order_c', created_at: 3 };
  it.each<[string, number, object[], object]>([
    ['its receipt is taken', 400, [order], { kind: 'opened', orderId: 'order_b' }],
    ['the answer was lost', 500, [order], { kind: 'opened', orderId: 'order_b' }],
    ['there are several', 500, [later, order], { kind: 'opened', orderId: 'order_b' }],
    ['others are listed, too', 400, [stranger, order], { kind: 'opened', orderId: 'order_b' }],
    ['it was refused for something else', 400, [], { kind: 'refused' }],
    ['it is not there yet', 500, [stranger], { kind: 'unknown' }],
    ['it has another price', 400, [{ ...order, amount: 1 }], { kind: 'refused' }],
  ])('%s', async (_, status, items, expected) => {
    const { url } = await startAnswering();
    const found = JSON.stringify({ entity: 'collection', count: items.length, items });
    Object.assign(answering, { status, body: taken, found });
    expect(await ordersAt(url).openOrder(request)).toMatchObject(expected);
  });
});

const recorded = '../shared/payloads/razorpay/sdk-requests.razorpay-2.9.8.json';
const recordedSchema = z.object({
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
const bodySchema = z.record(z.string(), z.unknown());

describe.skipIf(!existsSync(recorded))(
  'what we send is what the real SDK sends (skipped where the payload set is absent)',
  () => {
    const recordings = existsSync(recorded)
      ? recordedSchema.parse(JSON.parse(readFileSync(recorded, 'utf8'))).requests
      : [];
    const recording = (call: string) => recordings.find((each) => each.call === call);

    it.each([
      ['rzp.orders.create', '/v1/orders', 0],
      ['rzp.orders.all receipt', '/v1/orders', 2],
      ['rzp.payments.fetch', '/v1/payments/pay_1', 4],
    ])('%s', async (call, path, place) => {
      const { url, seen } = await startAnswering();
      answering.status = 500;
      const orders = ordersAt(url);
      await orders.openOrder({ ...request, purchaseId: 'p_1' });
      await orders.findPayment('pay_1');
      const theirs = recording(call);
      const ours = seen[place];
      expect(ours).toMatchObject({ method: theirs?.method });
      expect(new URL(ours?.url ?? '', url).pathname).toBe(path);
      expect(ours?.headers.authorization).toMatch(/^Basic [A-Za-z0-9+/]+=*$/);
      expect(ours?.headers['content-type']).toBe(theirs?.headers['content-type']);
      const sentBy = (body = '') =>
        Object.entries(body === '' ? {} : bodySchema.parse(JSON.parse(body)))
          .filter(([name]) => !['unique_receipt', 'payment_capture'].includes(name))
          .map(([name, value]) => [name, typeof value]);
      expect(sentBy(ours?.body)).toEqual(sentBy(theirs?.body));
      // Its paging and filter; without `from` the receipt alone decides.
      const query = (text = '') => {
        const found = new URL(text, url).searchParams;
        found.delete('from');
        return [...found.keys()];
      };
      expect(query(ours?.url)).toEqual(query(theirs?.url));
    });
  },
);
