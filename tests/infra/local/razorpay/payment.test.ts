import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { METHODS } from '#infra/local/razorpay/records';
import {
  KEY,
  newOrder,
  paidOrder,
  type Received,
  startRazorpay,
} from '#tests/infra/local/razorpay/stand-in';

const HOUR_MS = 3_600_000;

function typesOf(received: readonly Received[]): string[] {
  return received.map(({ event }) => event.event);
}

describe('Orders', () => {
  test('the SDK creates an order and reads it back, also by its receipt', async () => {
    const { sdk, clock } = await startRazorpay();
    const created = await sdk.orders.create({
      amount: 50_000,
      currency: 'INR',
      receipt: 'pur_7',
      notes: { purchase_id: 'pur_7' },
    });
    expect(created).toMatchObject({
      entity: 'order',
      amount: 50_000,
      amount_paid: 0,
      amount_due: 50_000,
      status: 'created',
      attempts: 0,
      notes: { purchase_id: 'pur_7' },
    });
    expect(created.id).toMatch(/^order_\w{14}$/);
    expect(created.created_at - clock.now().getTime() / 1000).toBeLessThanOrEqual(0);
    await newOrder(sdk, { receipt: 'pur_8' });
    await expect(sdk.orders.fetch(created.id)).resolves.toEqual(created);
    await expect(sdk.orders.all({ receipt: 'pur_7' })).resolves.toEqual({
      entity: 'collection',
      count: 1,
      items: [created],
    });
  });

  test('a unique receipt makes creating safe to repeat, and cannot name two amounts', async () => {
    const { sdk } = await startRazorpay();
    const first = await newOrder(sdk, { unique_receipt: true });
    await expect(newOrder(sdk, { unique_receipt: true })).resolves.toBe(first);
    await expect(newOrder(sdk, { unique_receipt: true, amount: 100 })).rejects.toMatchObject({
      statusCode: 400,
      error: {
        code: 'BAD_REQUEST_ERROR',
        description: 'Order receipt should be unique.',
        metadata: { order_id: first },
      },
    });
    await expect(newOrder(sdk)).resolves.not.toBe(first);
  });

  test('lists come newest first, by page and by period', async () => {
    const { sdk, clock } = await startRazorpay();
    const early = await newOrder(sdk);
    clock.advance(HOUR_MS);
    const from = Math.floor(clock.now().getTime() / 1000);
    const late = [await newOrder(sdk), await newOrder(sdk)].toReversed();
    const idsOf = async (query: object): Promise<string[]> =>
      (await sdk.orders.all(query)).items.map(({ id }) => id);
    await expect(idsOf({})).resolves.toEqual([...late, early]);
    await expect(idsOf({ from })).resolves.toEqual(late);
    await expect(idsOf({ to: from - 60 })).resolves.toEqual([early]);
    await expect(idsOf({ count: 1, skip: 1 })).resolves.toEqual([late[1]]);
  });
});

describe('Paying', () => {
  test.each(METHODS)(
    'by %s gives the app a signature over order and payment, and pays the order',
    async (method) => {
      const { sdk, razorpay } = await startRazorpay();
      const orderId = await newOrder(sdk);
      const result = razorpay.pay(orderId, 'success', { method });
      const paymentId = result.razorpay_payment_id ?? '';
      expect(result).toEqual({
        outcome: 'success',
        order_status: 'paid',
        payment_status: 'captured',
        razorpay_order_id: orderId,
        razorpay_payment_id: paymentId,
        razorpay_signature: createHmac('sha256', KEY.keySecret)
          .update(`${orderId}|${paymentId}`)
          .digest('hex'),
      });
      await expect(sdk.payments.fetch(paymentId)).resolves.toMatchObject({
        order_id: orderId,
        status: 'captured',
        captured: true,
        method,
        amount: 50_000,
        fee: 1180,
        tax: 180,
        notes: [],
      });
      await expect(sdk.orders.fetch(orderId)).resolves.toMatchObject({
        status: 'paid',
        amount_paid: 50_000,
        amount_due: 0,
        attempts: 1,
      });
      const { items } = await sdk.orders.fetchPayments(orderId);
      expect(items.map(({ id }) => id)).toEqual([paymentId]);
    },
  );

  test('one payment is told by three events, of which two say that it was paid', async () => {
    const running = await startRazorpay();
    const { orderId, paymentId } = await paidOrder(running);
    await running.settle();
    expect(typesOf(running.received)).toEqual([
      'payment.authorized',
      'payment.captured',
      'order.paid',
    ]);
    for (const { event } of running.received) {
      expect(event.payload['payment']?.entity).toMatchObject({ id: paymentId, order_id: orderId });
    }
    expect(running.received[2]?.event).toMatchObject({
      contains: ['payment', 'order'],
      payload: { order: { entity: { id: orderId, status: 'paid' } } },
    });
  });

  test('a refused payment hands nothing over, and the order can be paid by another', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, received, settle } = running;
    const orderId = await newOrder(sdk);
    const declined = razorpay.pay(orderId, 'decline');
    expect(declined).toMatchObject({
      order_status: 'attempted',
      payment_status: 'failed',
      razorpay_signature: null,
    });
    const paid = razorpay.pay(orderId, 'success');
    expect(paid.razorpay_payment_id).not.toBe(declined.razorpay_payment_id);
    await settle();
    expect(typesOf(received)).toEqual([
      'payment.failed',
      'payment.authorized',
      'payment.captured',
      'order.paid',
    ]);
    expect(received[0]?.event.payload['payment']?.entity).toMatchObject({
      status: 'failed',
      error_code: 'BAD_REQUEST_ERROR',
      error_reason: 'payment_failed',
      captured: false,
    });
    await expect(sdk.orders.fetch(orderId)).resolves.toMatchObject({ attempts: 2 });
  });

  test('a failed payment can still arrive, under its own id', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, received, settle } = running;
    const orderId = await newOrder(sdk);
    const { razorpay_payment_id: paymentId } = razorpay.pay(orderId, 'decline');
    expect(razorpay.authorizeLate(paymentId ?? '')).toMatchObject({
      id: paymentId,
      status: 'captured',
      error_code: null,
    });
    await settle();
    expect(typesOf(received)).toEqual([
      'payment.failed',
      'payment.authorized',
      'payment.captured',
      'order.paid',
    ]);
    expect(new Set(received.map(({ event }) => event.payload['payment']?.entity.id)).size).toBe(1);
  });

  test('a payment that arrives after another has paid is never captured, and given back', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, clock, received, settle } = running;
    const orderId = await newOrder(sdk);
    const { razorpay_payment_id: failed } = razorpay.pay(orderId, 'decline');
    razorpay.pay(orderId, 'success');
    expect(razorpay.authorizeLate(failed ?? '')).toMatchObject({ status: 'authorized' });
    await settle();
    received.length = 0;
    clock.advance(72 * HOUR_MS);
    await settle();
    expect(typesOf(received)).toEqual(['refund.created', 'refund.processed']);
    expect(received[0]?.event.payload['payment']?.entity).toMatchObject({
      id: failed,
      captured: false,
      amount_refunded: 50_000,
    });
  });

  test('paying later is authorized first, and captured when its time has come', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, clock, received, settle } = running;
    const orderId = await newOrder(sdk);
    const result = razorpay.pay(orderId, 'async_success', { settleAfterMs: HOUR_MS });
    expect(result).toMatchObject({ order_status: 'attempted', payment_status: 'authorized' });
    expect(result.razorpay_signature).toMatch(/^[0-9a-f]{64}$/);
    await settle();
    expect(typesOf(received)).toEqual(['payment.authorized']);
    clock.advance(HOUR_MS);
    await settle();
    expect(typesOf(received).slice(1)).toEqual(['payment.captured', 'order.paid']);
  });

  test('a bank that refuses later hands nothing over', async () => {
    const running = await startRazorpay();
    const { sdk, razorpay, clock, received, settle } = running;
    const orderId = await newOrder(sdk);
    const result = razorpay.pay(orderId, 'async_failure', { settleAfterMs: HOUR_MS });
    expect(result).toMatchObject({ payment_status: 'created', razorpay_signature: null });
    clock.advance(HOUR_MS);
    await settle();
    expect(typesOf(received)).toEqual(['payment.failed']);
  });

  test('cancelling changes nothing, and a paid order cannot be paid again', async () => {
    const { sdk, razorpay } = await startRazorpay();
    const orderId = await newOrder(sdk);
    expect(razorpay.pay(orderId, 'cancel')).toMatchObject({
      order_status: 'created',
      razorpay_payment_id: null,
    });
    razorpay.pay(orderId, 'success');
    expect(() => razorpay.pay(orderId, 'success')).toThrow('already paid');
    expect(() => razorpay.pay('order_none', 'success')).toThrow('does not exist');
    expect(razorpay.events()).toHaveLength(3);
  });
});

describe('An order that the app captures itself', () => {
  test('is paid by the capture, which must name the same money and works once', async () => {
    const { sdk, razorpay } = await startRazorpay();
    const orderId = await newOrder(sdk, { payment_capture: 0 });
    const { razorpay_payment_id: id, order_status } = razorpay.pay(orderId, 'success');
    const paymentId = id ?? '';
    expect(order_status).toBe('attempted');
    await expect(sdk.payments.capture(paymentId, 49_999, 'INR')).rejects.toMatchObject({
      error: { description: 'Capture amount must be equal to the amount authorized' },
    });
    await expect(sdk.payments.capture(paymentId, 50_000, 'USD')).rejects.toMatchObject({
      statusCode: 400,
    });
    await expect(sdk.payments.capture(paymentId, 50_000, 'INR')).resolves.toMatchObject({
      status: 'captured',
    });
    await expect(sdk.payments.capture(paymentId, 50_000, 'INR')).rejects.toMatchObject({
      error: { description: 'This payment has already been captured' },
    });
    await expect(sdk.orders.fetch(orderId)).resolves.toMatchObject({ status: 'paid' });
  });

  test('is given back when nobody captures it within three days', async () => {
    const running = await startRazorpay({ events: ['refund.created'] });
    const { sdk, razorpay, clock, received, settle } = running;
    const orderId = await newOrder(sdk, { payment_capture: false });
    razorpay.pay(orderId, 'success');
    clock.advance(71 * HOUR_MS);
    await settle();
    expect(received).toEqual([]);
    clock.advance(HOUR_MS);
    await settle();
    expect(received[0]?.event.payload['payment']?.entity).toMatchObject({
      status: 'refunded',
      captured: false,
    });
  });
});
