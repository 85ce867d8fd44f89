import type Razorpay from 'razorpay';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import {
  clientFor,
  paidOrder,
  raw,
  type Received,
  startRazorpay,
} from '#tests/infra/local/razorpay/stand-in';

const REFUNDS = ['refund.created', 'refund.processed', 'refund.failed'];
const KEY = '550e8400-e29b-41d4-a716-446655440000';

const transportSchema = z.object({
  rq: z.custom<{
    post(path: string, body: object, config: object): Promise<{ status: number; data: unknown }>;
  }>(),
});

/** The SDK drops the header, so it can only go through its transport. */
async function refundOnce(
  sdk: Razorpay,
  request: { readonly paymentId: string; readonly key: string; readonly body: object },
): Promise<unknown> {
  const { rq } = transportSchema.parse(Reflect.get(sdk, 'api'));
  const { data } = await rq.post(`/v1/payments/${request.paymentId}/refund`, request.body, {
    headers: { 'X-Refund-Idempotency': request.key },
  });
  return data;
}

function typesOf(received: readonly Received[]): string[] {
  return received.map(({ event }) => event.event);
}

describe('Refunds', () => {
  test('partial refunds add up on the payment, and events tell of each', async () => {
    const running = await startRazorpay({ events: REFUNDS });
    const { sdk, received, settle } = running;
    const { paymentId } = await paidOrder(running);
    const first = await sdk.payments.refund(paymentId, {
      amount: 20_000,
      receipt: 'refund_1',
      notes: { reason: 'asked' },
    });
    expect(first).toMatchObject({
      entity: 'refund',
      amount: 20_000,
      payment_id: paymentId,
      receipt: 'refund_1',
      status: 'processed',
      notes: { reason: 'asked' },
    });
    await expect(sdk.payments.fetch(paymentId)).resolves.toMatchObject({
      status: 'captured',
      amount_refunded: 20_000,
      refund_status: 'partial',
    });
    const rest = await sdk.payments.refund(paymentId, {});
    expect(rest.amount).toBe(30_000);
    await expect(sdk.payments.fetch(paymentId)).resolves.toMatchObject({
      status: 'refunded',
      refund_status: 'full',
      captured: true,
    });
    await expect(sdk.refunds.fetch(first.id)).resolves.toEqual(first);
    const { items } = await sdk.payments.fetchMultipleRefund(paymentId);
    expect(items.map(({ id }) => id)).toEqual([rest.id, first.id]);
    await settle();
    expect(typesOf(received)).toEqual([
      'refund.created',
      'refund.processed',
      'refund.created',
      'refund.processed',
    ]);
    expect(received[0]?.event.payload).toMatchObject({
      refund: { entity: { id: first.id } },
      payment: { entity: { id: paymentId, amount_refunded: 20_000 } },
    });
  });

  test('never more than was taken, never twice, and only what was captured', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay } = running;
    const { paymentId } = await paidOrder(running);
    const refuse = (amount: number, description: string): Promise<void> =>
      expect(sdk.payments.refund(paymentId, { amount })).rejects.toMatchObject({
        statusCode: 400,
        error: { code: 'BAD_REQUEST_ERROR', description },
      });
    await refuse(50_001, 'The refund amount provided is greater than amount captured');
    await refuse(99, 'The amount must be at least INR 1.00');
    await sdk.payments.refund(paymentId, { amount: 30_000 });
    await refuse(20_001, 'The total refund amount is greater than the refund payment amount');
    await sdk.payments.refund(paymentId, { amount: 20_000 });
    await refuse(100, 'The payment has been fully refunded already');

    const order = await sdk.orders.create({ amount: 500, currency: 'INR' });
    const { razorpay_payment_id: failed } = razorpay.pay(order.id, 'decline');
    await expect(sdk.payments.refund(failed ?? '', {})).rejects.toMatchObject({ statusCode: 400 });
  });

  test('a refund that fails gives the payment its money back', async () => {
    const running = await startRazorpay({ events: REFUNDS });
    const { sdk, razorpay, clock, received, settle } = running;
    const { paymentId } = await paidOrder(running);
    razorpay.setRefundCourse({ settlesAs: 'failed', afterMs: 60_000 });
    await expect(sdk.payments.refund(paymentId, {})).resolves.toMatchObject({ status: 'pending' });
    await expect(sdk.payments.fetch(paymentId)).resolves.toMatchObject({ status: 'refunded' });
    clock.advance(60_000);
    await settle();
    expect(typesOf(received)).toEqual(['refund.created', 'refund.failed']);
    await expect(sdk.payments.fetch(paymentId)).resolves.toMatchObject({
      status: 'captured',
      amount_refunded: 0,
      refund_status: null,
    });
    razorpay.setRefundCourse();
    expect(razorpay.refund(paymentId, { amount: 1000 })).toMatchObject({ status: 'processed' });
  });
});

describe('X-Refund-Idempotency', () => {
  test('the same key refunds once, and a lost answer is answered again', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, apiUrl } = running;
    const { paymentId } = await paidOrder(running);
    razorpay.faults.add({ kind: 'reset', path: '/v1/payments' });
    const request = { paymentId, key: KEY, body: { amount: 1000 } };
    await expect(refundOnce(sdk, request)).rejects.toThrow();
    const again = await refundOnce(sdk, request);
    await expect(refundOnce(clientFor(apiUrl), request)).resolves.toEqual(again);
    await expect(sdk.payments.fetch(paymentId)).resolves.toMatchObject({ amount_refunded: 1000 });
  });

  test('another request with the key is refused, and so is one while the first is under way', async () => {
    const running = await startRazorpay();
    const { razorpay, apiUrl } = running;
    const { paymentId } = await paidOrder(running);
    const send = (amount: number, key: string): ReturnType<typeof raw> =>
      raw(apiUrl, {
        method: 'POST',
        path: `/v1/payments/${paymentId}/refund`,
        body: JSON.stringify({ amount }),
        headers: { 'x-refund-idempotency': key },
      });
    razorpay.faults.add({ kind: 'timeout', when: 'before', delay_ms: 400 });
    const first = send(1000, KEY);
    await expect.poll(() => razorpay.faults.list()).toEqual([]);
    expect(await send(1000, KEY)).toMatchObject({
      status: 409,
      body: { error: { code: 'BAD_REQUEST_ERROR' } },
    });
    expect((await first).status).toBe(200);
    expect(await send(2000, KEY)).toMatchObject({
      status: 400,
      body: {
        error: {
          description:
            'Different request with the same idempotency key has already been processed.',
        },
      },
    });
    expect((await send(1000, 'short')).status).toBe(400);
    expect((await send(1000, 'not a valid key')).status).toBe(400);
  });

  test('a refused refund does not use the key up', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay } = running;
    const order = await sdk.orders.create({ amount: 500, currency: 'INR' });
    const { razorpay_payment_id: id } = razorpay.pay(order.id, 'decline');
    const request = { paymentId: id ?? '', key: KEY, body: {} };
    await expect(refundOnce(sdk, request)).rejects.toMatchObject({ response: { status: 400 } });
    razorpay.authorizeLate(request.paymentId);
    await expect(refundOnce(sdk, request)).resolves.toMatchObject({ amount: 500 });
  });
});

describe('Disputes', () => {
  test('go from open to lost with the amount deducted, told by an event each', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, received, settle } = running;
    const { paymentId } = await paidOrder(running);
    await settle();
    received.length = 0;
    const opened = razorpay.dispute(paymentId, 'created', { amount: 20_000 });
    expect(opened).toMatchObject({ status: 'open', amount: 20_000, amount_deducted: 0 });
    expect(() => razorpay.dispute(paymentId, 'created')).toThrow('open dispute already');
    razorpay.dispute(paymentId, 'action_required');
    razorpay.dispute(paymentId, 'under_review');
    razorpay.dispute(paymentId, 'lost');
    expect(() => razorpay.dispute(paymentId, 'won')).toThrow('no open dispute');
    await settle();
    expect(typesOf(received)).toEqual([
      'payment.dispute.created',
      'payment.dispute.action_required',
      'payment.dispute.under_review',
      'payment.dispute.lost',
    ]);
    await expect(sdk.disputes.all()).resolves.toMatchObject({
      entity: 'collection',
      count: 1,
      items: [{ payment_id: paymentId, status: 'lost', amount_deducted: 20_000 }],
    });
  });

  test('a dispute that was won can come again, one phase on', async () => {
    const running = await startRazorpay();
    const { razorpay } = running;
    const { paymentId } = await paidOrder(running);
    expect(razorpay.dispute(paymentId, 'created')).toMatchObject({ phase: 'chargeback' });
    razorpay.dispute(paymentId, 'won');
    expect(razorpay.dispute(paymentId, 'created')).toMatchObject({ phase: 'pre_arbitration' });
    expect(razorpay.dispute(paymentId, 'closed')).toMatchObject({ amount_deducted: 0 });
  });
});
