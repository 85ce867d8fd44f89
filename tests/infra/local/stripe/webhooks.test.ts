import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';

import { sign } from '#infra/local/stripe/webhooks';
import {
  sessionParams,
  startStripe,
  WEBHOOK_SECRET,
  type Received,
  type Running,
} from '#tests/infra/local/stripe/stand-in';

const COMPLETED = ['checkout.session.completed'];

async function paidSession({ sdk, stripe }: Running): Promise<string> {
  const { id } = await sdk.checkout.sessions.create(sessionParams());
  stripe.pay(id, 'success');
  return id;
}

function idsOf(received: readonly Received[]): string[] {
  return received.map(({ event }) => event.id);
}

describe('The signature', () => {
  test('is the one the SDK makes, and a changed byte breaks it', () => {
    const sdk = new Stripe('sk_test_x');
    const at = new Date('2026-11-20T12:00:00Z');
    const body = JSON.stringify({ id: 'evt_1', object: 'event', name: 'Zoë' });
    const header = sign({ body, secret: WEBHOOK_SECRET, at });
    expect(header).toBe(
      sdk.webhooks.generateTestHeaderString({
        payload: body,
        secret: WEBHOOK_SECRET,
        timestamp: at.getTime() / 1000,
      }),
    );
    const verify = (payload: string): unknown =>
      sdk.webhooks.constructEvent(payload, header, WEBHOOK_SECRET, 300, undefined, at.getTime());
    expect(verify(body)).toMatchObject({ id: 'evt_1' });
    expect(() => verify(body.replace('evt_1', 'evt_2'))).toThrow(
      Stripe.errors.StripeSignatureVerificationError,
    );
  });

  test('carries the time of the stack, and the headers are those of Stripe', async () => {
    const running = await startStripe({ events: COMPLETED });
    running.clock.set(new Date('2030-01-01T00:00:00Z'));
    await paidSession(running);
    await running.settle();
    const [delivery] = running.received;
    const seconds = Date.parse('2030-01-01T00:00:00Z') / 1000;
    const signature = String(delivery?.headers['stripe-signature']);
    expect(signature).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    expect(Number(signature.slice(2, 12)) - seconds).toBeLessThan(60);
    expect(delivery?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    });
    expect((delivery?.event.created ?? 0) - seconds).toBeLessThan(60);
  });
});

describe('Delivery', () => {
  test('a target gets the events it asked for and no others', async () => {
    const running = await startStripe({ events: COMPLETED });
    await paidSession(running);
    await running.settle();
    expect(running.received.map(({ event }) => event.type)).toEqual(COMPLETED);
    expect(running.stripe.events()).toHaveLength(5);
    expect(running.stripe.events().map((event) => event['pending_webhooks'])).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  test('a refused delivery comes again with the same event until it is taken', async () => {
    const running = await startStripe({ events: COMPLETED });
    const { clock, received, settle, stripe } = running;
    running.answer = () => (received.length < 3 ? 500 : 200);
    await paidSession(running);
    await settle();
    expect(received).toHaveLength(1);
    expect(stripe.events().map((event) => event['pending_webhooks'])).toContain(1);

    clock.advance(1_000);
    await settle();
    expect(received).toHaveLength(2);
    clock.advance(3_600_000);
    await settle();
    clock.advance(3_600_000);
    await settle();
    expect(received).toHaveLength(3);
    expect(new Set(idsOf(received)).size).toBe(1);
  });

  test('a developer sees the retry without moving the clock', async () => {
    const running = await startStripe({ events: COMPLETED });
    const { received } = running;
    running.answer = () => (received.length < 2 ? 503 : 200);
    await paidSession(running);
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(2);
  });

  test('a redirect is not success', async () => {
    const running = await startStripe({ events: COMPLETED });
    running.answer = () => 302;
    await paidSession(running);
    await running.settle();
    const { data } = await running.sdk.events.list({ delivery_success: false });
    expect(data.map(({ type }) => type)).toEqual(COMPLETED);
  });

  test('a delivery that is refused for ever is given up and can be found and sent again', async () => {
    const running = await startStripe({ events: COMPLETED });
    const { clock, received, settle, stripe, sdk } = running;
    running.answer = () => 500;
    await paidSession(running);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      clock.advance(60_000);
      await settle();
    }
    expect(received).toHaveLength(16);
    const { data } = await sdk.events.list({ delivery_success: false });
    expect(data).toHaveLength(1);
    running.answer = () => 200;
    await expect(stripe.deliver(data[0]?.id ?? '')).resolves.toEqual([200]);
  });

  test('a clock that goes back does not keep a retry waiting', async () => {
    const running = await startStripe({ events: COMPLETED });
    const { clock, received, settle } = running;
    clock.advance(86_400_000);
    running.answer = () => 500;
    await paidSession(running);
    await settle();
    running.answer = () => 200;
    clock.advance(-86_400_000);
    await settle();
    expect(received).toHaveLength(2);
  });
});

describe('Switches', () => {
  test('duplicate sends copies of one event', async () => {
    const running = await startStripe({ events: COMPLETED });
    running.stripe.switches.set({ duplicate: 3 });
    await paidSession(running);
    await running.settle();
    expect(running.received).toHaveLength(3);
    expect(new Set(idsOf(running.received)).size).toBe(1);
    expect(() => running.stripe.switches.set({ duplicate: 0 })).toThrow(RangeError);
  });

  test('reorder delivers the newest first', async () => {
    const running = await startStripe();
    running.stripe.switches.set({ reorder: true });
    await paidSession(running);
    await running.settle();
    const emitted = running.stripe.events().map((event) => event['id']);
    expect(idsOf(running.received)).toEqual(emitted.toReversed());
  });

  test('delay keeps events back until the clock has moved', async () => {
    const running = await startStripe({ events: COMPLETED });
    const { received, settle, clock, stripe } = running;
    stripe.switches.set({ delayMs: 600_000 });
    await paidSession(running);
    await settle();
    expect(received).toEqual([]);
    clock.advance(600_000);
    await settle();
    expect(received).toHaveLength(1);
  });

  test('hold keeps everything back until it is off', async () => {
    const running = await startStripe({ events: COMPLETED });
    const { received, settle, stripe } = running;
    stripe.switches.set({ hold: true });
    await paidSession(running);
    await settle();
    expect(received).toEqual([]);
    stripe.switches.set({ hold: false });
    await settle();
    expect(received).toHaveLength(1);
  });

  test('an event can be sent again, several times at once', async () => {
    const running = await startStripe({ events: COMPLETED });
    await paidSession(running);
    await running.settle();
    const [id = ''] = idsOf(running.received);
    await expect(running.stripe.deliver(id, 4)).resolves.toEqual([200, 200, 200, 200]);
    expect(idsOf(running.received)).toEqual([id, id, id, id, id]);
    await expect(running.stripe.deliver('evt_none')).rejects.toThrow(RangeError);
  });
});

test('after a restart sessions, payments and undelivered events are still there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stripe-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'state.sqlite');
  const before = await startStripe({ file, events: COMPLETED });
  before.stripe.switches.set({ hold: true });
  const id = await paidSession(before);
  const slow = await before.sdk.checkout.sessions.create(sessionParams());
  before.stripe.pay(slow.id, 'async_success', { settleAfterMs: 60_000 });
  const key = { idempotencyKey: 'kept' };
  const open = await before.sdk.checkout.sessions.create(sessionParams(), key);
  expect(before.received).toEqual([]);
  await before.stop();

  const after = await startStripe({ file, events: COMPLETED });
  await after.settle();
  expect(after.received.map(({ event }) => event.data.object)).toMatchObject([
    { id, payment_status: 'paid' },
    { id: slow.id, payment_status: 'unpaid' },
  ]);
  after.clock.advance(60_000);
  await after.settle();
  await expect(after.sdk.checkout.sessions.retrieve(slow.id)).resolves.toMatchObject({
    payment_status: 'paid',
  });
  await expect(after.sdk.checkout.sessions.create(sessionParams(), key)).resolves.toMatchObject({
    id: open.id,
  });
});
