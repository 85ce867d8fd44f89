import { describe, expect, it } from 'vitest';
import { BODY_BYTES_MAX, type ReceiverEvent } from '#functions/webhooks/receive-delivery';
import { receiveEvent } from '#functions/webhooks/razorpay/receive-event';
import { parseDelivery } from '#lib/messaging/provider-delivery';
import type { SecretSlots } from '#lib/secrets/secret-reader';
import { testRuntime } from '#tests/http/events';
import {
  RAZORPAY_WEBHOOK_SECRET,
  razorpayEventBody,
  razorpaySignature,
} from '#tests/payments/razorpay-deliveries';

// The queue, the secrets and their rotation are shown with the real parts in receive-stripe-event.test.ts.

interface Delivery {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly base64?: boolean;
  readonly method?: string;
  readonly slots?: SecretSlots;
  readonly fresh?: SecretSlots;
}

async function deliver(delivery: Delivery = {}) {
  const { body = razorpayEventBody('payment.captured'), base64 = false } = delivery;
  const slots = delivery.slots ?? { current: RAZORPAY_WEBHOOK_SECRET, previous: 'older' };
  const queued: string[] = [];
  const runtime = testRuntime();
  const event: ReceiverEvent = {
    headers: {
      'x-razorpay-signature': razorpaySignature(body),
      'x-razorpay-event-id': 'evt_1',
      ...delivery.headers,
    },
    body: Buffer.from(body).toString(base64 ? 'base64' : 'utf8'),
    isBase64Encoded: base64,
    requestContext: { requestId: 'req-1', http: { method: delivery.method ?? 'POST' } },
  };
  const answer = await receiveEvent(
    {
      queue: { send: async (message) => void queued.push(message) },
      secret: {
        read: async (options) => (options?.fresh === true ? (delivery.fresh ?? slots) : slots),
      },
      now: () => new Date('2026-11-18T11:06:40.000Z'),
      log: runtime.log,
    },
    event,
  );
  return { status: answer.statusCode, queued: queued.map(parseDelivery), lines: runtime.lines };
}

describe('a signed delivery is queued with its exact bytes and its id', () => {
  const body = `{\n "event": "payment.captured",  "name": "Zoë ✓" }`;
  it.each<[string, Delivery, string]>([
    ['as text', { body }, 'evt_1'],
    ['as base64', { body, base64: true }, 'evt_1'],
    [
      'signed with the previous secret',
      { body, headers: { 'x-razorpay-signature': razorpaySignature(body, 'older') } },
      'evt_1',
    ],
    [
      'signed with a secret that was set a moment ago',
      {
        body,
        headers: { 'x-razorpay-signature': razorpaySignature(body, 'newest') },
        fresh: { current: 'newest' },
      },
      'evt_1',
    ],
  ])('%s', async (_, delivery, eventId) => {
    const { queued, status } = await deliver(delivery);
    expect(status).toBe(200);
    const receivedAt = '2026-11-18T11:06:40.000Z';
    expect(queued).toEqual([{ provider: 'razorpay', eventId, body, receivedAt }]);
  });

  it.each([
    ['absent', ''],
    ['with a key’s separator', 'evt#1'],
    ['too long', 'e'.repeat(256)],
    ['of other letters', 'evt_é'],
  ])('an event id that is %s gives way to the hash of the body', async (_, header) => {
    const first = await deliver({ headers: { 'x-razorpay-event-id': header } });
    const again = await deliver({ headers: { 'x-razorpay-event-id': header } });
    expect(first.queued[0]?.eventId).toMatch(/^body_[0-9a-f]{64}$/);
    expect(again.queued).toEqual(first.queued);
  });
});

describe('nothing is queued when', () => {
  it.each<[string, Delivery, number]>([
    ['another secret signed', signed('other'), 400],
    ['nobody signed', { headers: { 'x-razorpay-signature': '' } }, 400],
    ['the signature is in capitals', signedAs((text) => text.toUpperCase()), 400],
    [
      'another body was signed',
      { headers: { 'x-razorpay-signature': razorpaySignature('{}') } },
      400,
    ],
    ['it is too large', { body: 'x'.repeat(BODY_BYTES_MAX + 1) }, 413],
    ['it is a GET', { method: 'GET' }, 405],
    ['there is no secret yet', { ...signed(''), slots: { current: '', previous: '' } }, 503],
  ])('%s', async (_, delivery, status) => {
    const answer = await deliver(delivery);
    expect(answer.status).toBe(status);
    expect(answer.queued).toEqual([]);
    expect(JSON.stringify(answer.lines)).not.toMatch(/pay_1|a-webhook-secret/);
  });
});

function signed(secret: string): Delivery {
  const body = razorpayEventBody('payment.captured');
  return { body, headers: { 'x-razorpay-signature': razorpaySignature(body, secret) } };
}

function signedAs(write: (signature: string) => string): Delivery {
  const body = razorpayEventBody('payment.captured');
  return { body, headers: { 'x-razorpay-signature': write(razorpaySignature(body)) } };
}
