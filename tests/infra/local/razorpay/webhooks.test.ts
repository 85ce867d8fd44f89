import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Razorpay from 'razorpay';
import { describe, expect, onTestFinished, test } from 'vitest';

import { sign } from '#infra/local/razorpay/webhooks';
import {
  newOrder,
  paidOrder,
  type Received,
  startRazorpay,
  WEBHOOK_SECRET,
} from '#tests/infra/local/razorpay/stand-in';

const CAPTURED = ['payment.captured'];
const HOUR_MS = 3_600_000;

function idsOf(received: readonly Received[]): string[] {
  return received.map(({ id }) => id);
}

describe('The signature', () => {
  test('is the one the SDK makes and takes, and a changed byte breaks it', () => {
    const body = JSON.stringify({ entity: 'event', name: 'Zoë' });
    const signature = sign({ body, secret: WEBHOOK_SECRET });
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(Razorpay.validateWebhookSignature(body, signature, WEBHOOK_SECRET)).toBe(true);
    expect(Razorpay.validateWebhookSignature(`${body} `, signature, WEBHOOK_SECRET)).toBe(false);
  });

  test('after a change of the secret, what happened before keeps the old one', async () => {
    const running = await startRazorpay({ events: CAPTURED });
    const { clock, received, settle, razorpay } = running;
    running.answer = () => 500;
    await paidOrder(running);
    await settle();
    running.answer = () => 200;
    running.webhookSecret = 'new-webhook-secret';
    await paidOrder(running);
    clock.advance(HOUR_MS);
    await settle();
    const [first = '', second = ''] = new Set(idsOf(received));
    const secretsOf = (id: string): Set<string> =>
      new Set(received.filter((delivery) => delivery.id === id).map(({ secret }) => secret));
    expect(received).toHaveLength(3);
    expect(secretsOf(first)).toEqual(new Set([WEBHOOK_SECRET]));
    expect(secretsOf(second)).toEqual(new Set(['new-webhook-secret']));
    await razorpay.deliver(first);
    expect(received.at(-1)).toMatchObject({ id: first, secret: 'new-webhook-secret' });
  });
});

describe('Delivery', () => {
  test('a target gets the events it asked for, with the id in a header and not in the body', async () => {
    const running = await startRazorpay({ events: CAPTURED });
    await paidOrder(running);
    await running.settle();
    const [delivery, ...others] = running.received;
    expect(others).toEqual([]);
    expect(delivery?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Razorpay-Webhook/v1',
    });
    expect(delivery?.id).toMatch(/^\w{14}$/);
    expect(delivery?.body).not.toContain(delivery?.id);
    expect(running.razorpay.events()).toHaveLength(3);
  });

  test('a refused delivery comes again with the same event and bytes until it is taken', async () => {
    const running = await startRazorpay({ events: CAPTURED });
    const { clock, received, settle, razorpay } = running;
    running.answer = () => (received.length < 3 ? 500 : 200);
    await paidOrder(running);
    await settle();
    expect(received).toHaveLength(1);
    clock.advance(1_000);
    await settle();
    expect(received).toHaveLength(2);
    clock.advance(HOUR_MS);
    await settle();
    clock.advance(HOUR_MS);
    await settle();
    expect(received).toHaveLength(3);
    expect(new Set(idsOf(received)).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(razorpay.events().map(({ pending_webhooks }) => pending_webhooks)).toEqual([0, 0, 0]);
  });

  test('an event says how things were, whatever they have become since', async () => {
    const running = await startRazorpay({ events: ['payment.authorized'] });
    running.razorpay.switches.set({ hold: true });
    await paidOrder(running);
    running.razorpay.switches.set({ hold: false });
    await running.settle();
    expect(running.received[0]?.event.payload['payment']?.entity).toMatchObject({
      status: 'authorized',
      captured: false,
    });
  });
});

describe('A webhook that takes nothing for 24 hours', () => {
  test('is disabled, misses what happens then, and is found again by a replay', async () => {
    const running = await startRazorpay({ events: CAPTURED });
    const { clock, received, settle, razorpay } = running;
    running.answer = () => 500;
    await paidOrder(running);
    await settle();
    for (let hour = 0; hour < 23; hour += 1) {
      clock.advance(HOUR_MS);
      await settle();
    }
    expect(razorpay.webhooks.list()).toMatchObject([{ enabled: true }]);
    clock.advance(HOUR_MS);
    await settle();
    expect(razorpay.webhooks.list()).toMatchObject([{ enabled: false }]);
    const attempts = received.length;
    expect(attempts).toBeGreaterThan(20);

    running.answer = () => 200;
    await paidOrder(running);
    clock.advance(HOUR_MS);
    await settle();
    expect(received).toHaveLength(attempts);
    const missed = razorpay.events().filter(({ undelivered }) => undelivered);
    expect(missed.map(({ event }) => event)).toEqual(['payment.captured', 'payment.captured']);

    for (const { id } of missed) await expect(razorpay.deliver(id)).resolves.toEqual([200]);
    expect(razorpay.webhooks.list()).toMatchObject([{ enabled: true }]);
    expect(razorpay.events().some(({ undelivered }) => undelivered)).toBe(false);
    await paidOrder(running);
    await settle();
    expect(received).toHaveLength(attempts + 3);
  });

  test('drops what else was waiting for it, and can be enabled by hand', async () => {
    const running = await startRazorpay({ events: ['*'] });
    const { clock, received, settle, razorpay } = running;
    running.answer = () => 503;
    await paidOrder(running);
    await settle();
    clock.advance(24 * HOUR_MS);
    await settle();
    expect(razorpay.events().map(({ undelivered }) => undelivered)).toEqual([true, true, true]);
    running.answer = () => 200;
    received.length = 0;
    razorpay.webhooks.enable();
    await paidOrder(running);
    await settle();
    expect(received).toHaveLength(3);
  });
});

describe('Switches', () => {
  test('duplicate sends copies of one event, and reorder the newest first', async () => {
    const running = await startRazorpay();
    running.razorpay.switches.set({ duplicate: 2, reorder: true });
    await paidOrder(running);
    await running.settle();
    const emitted = running.razorpay.events().map(({ id }) => id);
    expect(idsOf(running.received)).toEqual(emitted.toReversed().flatMap((id) => [id, id]));
  });

  test('delay keeps events back until the clock has moved, hold until it is off', async () => {
    const running = await startRazorpay({ events: CAPTURED });
    const { received, settle, clock, razorpay } = running;
    razorpay.switches.set({ delayMs: 600_000 });
    await paidOrder(running);
    await settle();
    expect(received).toEqual([]);
    razorpay.switches.set({ hold: true });
    clock.advance(600_000);
    await settle();
    expect(received).toEqual([]);
    razorpay.switches.set({ hold: false });
    await settle();
    expect(received).toHaveLength(1);
  });

  test('an event can be sent again, several times at once', async () => {
    const running = await startRazorpay({ events: CAPTURED });
    await paidOrder(running);
    await running.settle();
    const [id = ''] = idsOf(running.received);
    await expect(running.razorpay.deliver(id, 3)).resolves.toEqual([200, 200, 200]);
    expect(idsOf(running.received)).toEqual([id, id, id, id]);
    await expect(running.razorpay.deliver('none')).rejects.toThrow(RangeError);
  });
});

test('after a restart orders, payments, refund keys and undelivered events are still there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'razorpay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'state.sqlite');
  const before = await startRazorpay({ file });
  before.razorpay.switches.set({ hold: true });
  const { orderId, paymentId } = await paidOrder(before, { unique_receipt: true });
  const slow = await newOrder(before.sdk);
  before.razorpay.pay(slow, 'async_success', { settleAfterMs: HOUR_MS });
  before.razorpay.dispute(paymentId, 'created');
  const emitted = before.razorpay.events();
  expect(before.received).toEqual([]);
  await before.stop();

  const after = await startRazorpay({ file });
  await after.settle();
  expect(idsOf(after.received)).toEqual(emitted.map(({ id }) => id));
  expect(after.received.map(({ event }) => event)).toEqual(emitted.map(({ body }) => body));
  await expect(newOrder(after.sdk, { unique_receipt: true })).resolves.toBe(orderId);
  after.clock.advance(HOUR_MS);
  await after.settle();
  await expect(after.sdk.orders.fetch(slow)).resolves.toMatchObject({ status: 'paid' });
  expect(after.razorpay.dispute(paymentId, 'lost')).toMatchObject({ status: 'lost' });
});
