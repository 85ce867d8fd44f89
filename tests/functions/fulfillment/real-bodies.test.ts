import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import { receiveEvent as receiveFromRazorpay } from '#functions/webhooks/razorpay/receive-event';
import { receiveEvent as receiveFromStripe } from '#functions/webhooks/stripe/receive-event';
import { translateRazorpayEvent } from '#lib/payments/razorpay-event';
import type { QuarantinedEvent } from '#lib/purchases/quarantined-event';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { testRuntime } from '#tests/http/events';
import { RAZORPAY_WEBHOOK_SECRET, razorpaySignature } from '#tests/payments/razorpay-deliveries';
import { signatureHeader, WEBHOOK_SECRET } from '#tests/payments/stripe-deliveries';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

/*
 * Every file of the payload set, byte for byte and signed, through the receivers, the queue's messages, fulfillment and
 * the table's engine: events of all kinds and versions, and bodies that are no events at all.
 */

const folder = '../shared/payloads';
const NOW = new Date('2026-11-20T12:00:00.000Z');
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

type Provider = 'stripe' | 'razorpay';

interface Body {
  readonly provider: Provider;
  readonly file: string;
  readonly text: string;
}

const bodies = existsSync(folder)
  ? globSync(`${folder}/{stripe,razorpay}/**/*.json`).toSorted().flatMap(bodiesOf)
  : [];

/** The file, and where it holds a whole delivery, that delivery's body too. */
function bodiesOf(path: string): readonly Body[] {
  const text = readFileSync(path, 'utf8');
  const provider = path.includes('/stripe/') ? 'stripe' : 'razorpay';
  const about = { provider, file: basename(path) } as const;
  const delivery = z.object({ body: z.looseObject({}) }).safeParse(JSON.parse(text));
  if (!delivery.success) return [{ ...about, text }];
  return [
    { ...about, text },
    { ...about, text: JSON.stringify(delivery.data.body) },
  ];
}

/** Signs as the provider does and hands it to its receiver; every other one in base64. What it queues. */
async function receive({ provider, text }: Body, index: number): Promise<string> {
  const queued: string[] = [];
  const isStripe = provider === 'stripe';
  const isBase64Encoded = index % 2 === 1;
  const answer = await (isStripe ? receiveFromStripe : receiveFromRazorpay)(
    {
      queue: { send: async (message) => void queued.push(message) },
      secret: {
        read: async () => ({ current: isStripe ? WEBHOOK_SECRET : RAZORPAY_WEBHOOK_SECRET }),
      },
      now: () => NOW,
      log: testRuntime().log,
    },
    {
      headers: isStripe
        ? { 'stripe-signature': signatureHeader(text, { seconds: NOW.getTime() / 1_000 }) }
        : {
            'x-razorpay-signature': razorpaySignature(text),
            'x-razorpay-event-id': `evt_${hashOf(text)}`,
          },
      body: isBase64Encoded ? Buffer.from(text).toString('base64') : text,
      isBase64Encoded,
      requestContext: { requestId: 'request-1', http: { method: 'POST' } },
    },
  );
  expect(answer.statusCode).toBe(200);
  expect(queued).toHaveLength(1);
  return queued[0] ?? '';
}

/** Delivers both lists, one after the other, into a table of their own; what a person can see after each. */
async function deliver(first: readonly Body[], second: readonly Body[]) {
  const test = await openTestLedger();
  onTestFinished(() => test.close());
  const { log, lines } = testRuntime();
  const deps = {
    store: test.ledger,
    history: test.history,
    livemode: false,
    now: () => NOW,
    count: () => undefined,
    log,
  };
  const seen = async (told: readonly Body[]): Promise<readonly QuarantinedEvent[]> => {
    for (const [index, body] of told.entries()) {
      const record = {
        messageId: `${index}`,
        // The last try: what still finds no purchase by then waits for a person.
        attributes: { ApproximateReceiveCount: '4' },
        body: await receive(body, index),
      };
      expect(await fulfillBatch(deps, [record])).toEqual({ batchItemFailures: [] });
    }
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    // Nobody is credited or debited for any of them.
    expect(JSON.stringify(await test.dynamo.dump(test.tableName))).not.toMatch(/ENTRY#|WALLET#/);
    return [...(await quarantined(test, 'stripe')), ...(await quarantined(test, 'razorpay'))];
  };
  return [await seen(first), await seen(second)] as const;
}

async function quarantined(test: TestLedger, provider: Provider) {
  const store = createQuarantineStore(test.table);
  const { events, next } = await store.page({ provider, after: null, offset: 0, limit: 100 });
  expect(next).toBeNull();
  return events;
}

const eventSchema = z.object({
  id: z.string(),
  object: z.literal('event'),
  type: z.string(),
  livemode: z.boolean(),
});

/** As what a person has to find a body; null for what is read, or has nothing to do with purchases. */
function keptAs({ provider, text }: Body): string | null {
  const json: unknown = JSON.parse(text);
  if (provider === 'razorpay') {
    const isEvent = z.object({ entity: z.literal('event'), event: z.string() }).safeParse(json);
    return isEvent.success ? null : `evt_${hashOf(text)} MALFORMED_EVENT`;
  }
  const event = eventSchema.safeParse(json);
  if (!event.success) return `body_${hashOf(text)} MALFORMED_EVENT`;
  const { id, livemode, type } = event.data;
  if (!/^(charge|checkout|payment_intent|refund)\./.test(type)) return null;
  // Real money comes first; all that is left is of old versions, one of which does not even say so.
  return `${id} ${livemode ? 'WRONG_LIVEMODE' : 'WRONG_API_VERSION'}`;
}

const unreadable = bodies.flatMap((body) => keptAs(body) ?? []);

/** Two of Razorpay's samples tell different amounts of one dispute. */
const expectedReasons = [
  'MALFORMED_EVENT',
  'UNKNOWN_PAYMENT',
  'WAITS_FOR_PAYMENT',
  'WRONG_AMOUNT',
  'WRONG_API_VERSION',
] as const;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe.skipIf(bodies.length === 0)(
  'real bodies of both providers (skipped where the payload set is absent)',
  () => {
    it.each(['single', 'shuffled'] as const)(
      'delivered %s, and then all again, give no error and move nothing; what we cannot read is there for a person',
      async (how) => {
        const told = how === 'single' ? bodies : shuffled(bodies, SEED);
        const [once, twice] = await deliver(told, shuffled(bodies, SEED + 1));
        for (const events of [once, twice]) {
          const kept = events.map(({ eventId, reason }) => `${eventId} ${reason}`);
          expect(kept).toEqual(expect.arrayContaining(unreadable));
          const reasons = new Set(events.map(({ reason }) => reason));
          expect(expectedReasons.filter((reason) => !reasons.has(reason))).toEqual([]);
        }
        const idsOf = (events: typeof once) => new Set(events.map(({ eventId }) => eventId));
        expect([...idsOf(twice)]).toEqual(expect.arrayContaining([...idsOf(once)]));
        console.info(`SEED=${SEED}, ${how}: ${told.length} bodies, ${once.length} kept`);
      },
    );

    it('are the whole set', () => {
      expect(bodies.filter(({ provider }) => provider === 'stripe').length).toBeGreaterThan(34);
      expect(bodies.filter(({ provider }) => provider === 'razorpay').length).toBeGreaterThan(52);
      expect(bodies.filter((body) => keptAs(body) === null).length).toBeGreaterThan(36);
    });

    it('of Razorpay, where they are events, are each understood or ignored, never malformed', () => {
      const events = bodies.filter(({ provider, ...body }) => {
        return provider === 'razorpay' && keptAs({ provider, ...body }) === null;
      });
      const kinds = events.map(({ file, text }) => {
        const translation = translateRazorpayEvent({ body: text, eventId: 'evt_1' });
        return [file, translation.kind === 'quarantine' ? translation : 'read'];
      });
      expect(kinds).toHaveLength(37);
      expect(kinds.filter(([, kind]) => kind !== 'read')).toEqual([]);
    });
  },
);

/** The same order for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  let state = (seed % 2_147_483_646) + 1;
  const next = () => (state = (state * 48_271) % 2_147_483_647);
  return items
    .map((item) => [next(), item] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, item]) => item);
}
