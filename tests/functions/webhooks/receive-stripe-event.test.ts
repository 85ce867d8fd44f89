import { createServer } from 'node:http';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BODY_BYTES_MAX,
  type ReceiverDependencies,
  type ReceiverEvent,
} from '#functions/webhooks/receive-delivery';
import { receiveEvent } from '#functions/webhooks/stripe/receive-event';
import { createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { createSecrets, type Secrets } from '#infra/local/services/secrets';
import { type Queues, startQueues } from '#infra/local/services/sqs';
import { openState, type StateStore } from '#infra/local/state';
import { parseDelivery } from '#lib/messaging/provider-delivery';
import { createQueue } from '#lib/messaging/queue';
import { createSecretReader } from '#lib/secrets/secret-reader';
import { testRuntime } from '#tests/http/events';
import {
  checkoutEventBody,
  signatureHeader,
  WEBHOOK_SECRET,
} from '#tests/payments/stripe-deliveries';

const OTHER_SECRET = 'whsec_ffffffffffffffffffffffffffffffff';
const SECRET_NAME = 'credits/stripe/webhook';

let state: StateStore;
let queues: Queues;
let secrets: Secrets;
let sqs: SQSClient;
let url: string;
let deps: ReceiverDependencies;
let runtime: ReturnType<typeof testRuntime>;
let nowMs: number;
let close: () => Promise<void>;

beforeEach(async () => {
  nowMs = 1_795_000_000_000;
  state = openState(':memory:');
  const log = (message: string): void => {
    throw new Error(`The stand-in failed: ${message}`);
  };
  queues = await startQueues({ dataDir: ':memory:', log });
  url = queues.ensure({ name: 'fulfillment', attributes: {} }).url;
  secrets = createSecrets({ state, clock: createClock(state), log });
  const arn = secrets.ensure({ name: SECRET_NAME, value: slots({ current: WEBHOOK_SECRET }) });
  const server = createServer(secrets.listener);
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  const access = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  sqs = new SQSClient({ ...access, endpoint: queues.endpoint });
  runtime = testRuntime();
  deps = {
    queue: createQueue(url, { ...access, endpoint: queues.endpoint }),
    secret: createSecretReader({ arn, nowMs: () => nowMs }, { ...access, endpoint }),
    now: () => new Date(nowMs),
    log: runtime.log,
  };
  close = async () => {
    sqs.destroy();
    await stopListening(server);
    await queues.close();
    state.close();
  };
});
afterEach(async () => {
  await close();
});

function slots(values: Readonly<Record<string, string>>): string {
  return JSON.stringify(values);
}

interface Delivery {
  readonly body?: string | Uint8Array;
  readonly secret?: string;
  readonly header?: string;
  readonly base64?: boolean;
  readonly method?: string;
}

async function deliver(delivery: Delivery = {}) {
  const body = delivery.body ?? checkoutEventBody();
  const seconds = Math.floor(nowMs / 1000);
  const signing = { seconds, ...(delivery.secret !== undefined && { secret: delivery.secret }) };
  const encoding = delivery.base64 === true ? 'base64' : 'utf8';
  const event: ReceiverEvent = {
    headers: { 'stripe-signature': delivery.header ?? signatureHeader(body, signing) },
    body: Buffer.from(body).toString(encoding),
    isBase64Encoded: delivery.base64 ?? false,
    requestContext: { requestId: 'req-1', http: { method: delivery.method ?? 'POST' } },
  };
  return receiveEvent(deps, event);
}

async function queued() {
  const command = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 });
  return ((await sqs.send(command)).Messages ?? []).map(({ Body }) => parseDelivery(Body ?? ''));
}

describe('a signed delivery', () => {
  it('is in the queue, with the exact bytes, before Stripe hears 200', async () => {
    const body = `{\n  "id": "evt_1",  "name": "Zoë \uFFFF ✓" }`;
    expect(await deliver({ body })).toMatchObject({ statusCode: 200 });
    expect(await queued()).toEqual([
      { provider: 'stripe', eventId: null, body, receivedAt: '2026-11-18T11:06:40.000Z' },
    ]);
  });

  it('is taken in base64 as in plain text', async () => {
    const body = checkoutEventBody();
    expect(await deliver({ body, base64: true })).toMatchObject({ statusCode: 200 });
    expect(await queued()).toMatchObject([{ body }]);
  });

  it('of exactly the largest size is taken, and one byte more is not', async () => {
    const body = `{"pad":"${'x'.repeat(BODY_BYTES_MAX - 10)}"}`;
    expect(Buffer.byteLength(body)).toBe(BODY_BYTES_MAX);
    expect(await deliver({ body })).toMatchObject({ statusCode: 200 });
    expect(await deliver({ body: `${body} ` })).toMatchObject({ statusCode: 413 });
    expect(await queued()).toHaveLength(1);
  });

  it.each(['throttle', 'unavailable', 'timeout', 'lost_reply'] as const)(
    'is answered 503 when the queue fails (%s), so that Stripe sends it again',
    async (kind) => {
      queues.faults.add({ kind, operation: 'SendMessage', times: 10 });
      expect(await deliver()).toMatchObject({ statusCode: 503 });
      queues.faults.clear();
      expect(await deliver()).toMatchObject({ statusCode: 200 });
    },
  );

  it('is answered 503 when the secret cannot be read', async () => {
    secrets.faults.add({ kind: 'unavailable', times: 10 });
    expect(await deliver()).toMatchObject({ statusCode: 503 });
    secrets.faults.clear();
    expect(await deliver()).toMatchObject({ statusCode: 200 });
  });
});

describe('while the secret is rotated', () => {
  it('a delivery of the new secret is taken at once, though the old one is cached', async () => {
    await deliver();
    secrets.put(SECRET_NAME, slots({ current: OTHER_SECRET, previous: WEBHOOK_SECRET }));
    expect(await deliver({ secret: OTHER_SECRET })).toMatchObject({ statusCode: 200 });
    expect(await deliver()).toMatchObject({ statusCode: 200 });
  });

  it('a secret that was taken away is no longer accepted after five minutes', async () => {
    await deliver();
    secrets.put(SECRET_NAME, slots({ current: OTHER_SECRET }));
    nowMs += 5 * 60_000 - 1;
    expect(await deliver()).toMatchObject({ statusCode: 200 });
    nowMs += 1;
    expect(await deliver()).toMatchObject({ statusCode: 400 });
  });

  it('a flood of wrong signatures does not become a flood of reads', async () => {
    await deliver();
    secrets.put(SECRET_NAME, slots({ current: OTHER_SECRET }));
    for (let sent = 0; sent < 6; sent += 1) await deliver({ secret: 'whsec_wrong' });
    secrets.faults.add({ kind: 'unavailable', times: 100 });
    expect(await deliver({ secret: 'whsec_wrong' })).toMatchObject({ statusCode: 400 });
  });
});

describe('nothing is queued when', () => {
  it.each<[string, Delivery, number]>([
    ['another secret signed', { secret: OTHER_SECRET }, 400],
    ['there is no signature', { header: '' }, 400],
    [
      'the signature is of another body',
      { header: signatureHeader('{}', { seconds: 1_795_000_000 }) },
      400,
    ],
    [
      'the signature is an hour old',
      { header: signatureHeader(checkoutEventBody(), { seconds: 1_794_996_400 }) },
      400,
    ],
    [
      'the signature is of the future',
      { header: signatureHeader(checkoutEventBody(), { seconds: 1_795_000_301 }) },
      400,
    ],
    ['it is a GET', { method: 'GET' }, 405],
  ])('%s', async (_, delivery, status) => {
    const answer = await deliver(delivery);
    expect(answer.statusCode).toBe(status);
    expect(answer.body).toMatch(/^(Bad request|Method not allowed)$/);
    expect(await queued()).toEqual([]);
  });

  it('the secret has no value yet: that is our mistake, and Stripe should try again', async () => {
    secrets.put(SECRET_NAME, slots({ current: '', previous: '' }));
    expect(await deliver({ secret: '' })).toMatchObject({ statusCode: 503 });
    expect(await queued()).toEqual([]);
  });

  it('and neither body nor signature nor secret reaches the log', async () => {
    await deliver({ secret: OTHER_SECRET });
    queues.faults.add({ kind: 'unavailable', times: 10 });
    await deliver();
    const written = JSON.stringify(runtime.lines);
    expect(runtime.lines.map(({ level }) => level)).toEqual(['warn', 'error']);
    expect(written).not.toMatch(/whsec_|v1=|pur_1/);
  });
});
