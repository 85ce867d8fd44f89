import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notifyBatch } from '#functions/notifications/notify-batch';
import { publishRecords } from '#functions/stream/publish-records';
import { eventSchemas } from '#lib/contract/events';
import { createMailer } from '#lib/messaging/mailer';
import { parseMessage } from '#lib/notifications/email-request';
import { openStripeQueue } from '#tests/functions/fulfillment/stripe-queue';
import {
  beginSubscriptionStory,
  type SubscriptionStoryEvent,
} from '#tests/subscriptions/subscription-story';
import { keptLog } from '#tests/support/kept-log';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { openTestMailSink, SENDER, type TestMailSink } from '#tests/support/mail-sink';
import { streamRecordsOf } from '#tests/support/stream-records';

/*
 * The whole way of what a subscriber and the bus hear: an event of Stripe's, the subscription in the table, its stream,
 * the request, SES. Every event and every stream record is told twice, and every message is delivered three times.
 */

let test: TestLedger;
let mail: TestMailSink;
beforeAll(async () => {
  test = await openTestLedger();
  mail = await openTestMailSink();
});
afterAll(async () => {
  await mail.close();
  await test.close();
});

interface Heard {
  readonly mails: readonly string[];
  readonly events: readonly string[];
}

/** A subscriber to whom things happen, and what they and the bus hear of each. */
async function subscribe(name: string) {
  const { bodies, userId } = await beginSubscriptionStory(test.ledger, name);
  const address = `${name}@users.test`;
  await test.ledger.write([
    {
      record: 'account',
      id: { userId },
      value: { userId, email: address, createdAt: '2027-01-10T08:00:00.000Z' },
      version: null,
    },
  ]);
  let seenMails = 0;
  const seenEvents = new Set<string>();
  return async (at: string, ...events: readonly SubscriptionStoryEvent[]): Promise<Heard> => {
    const now = new Date(at);
    const queue = openStripeQueue(test, now);
    for (const event of [...events, ...events]) {
      expect(await queue.fulfil([await queue.receive(bodies[event])])).toEqual([]);
    }
    const { messages, published } = await streamed(userId);
    for (let time = 0; time < 3; time += 1) await deliver(messages, now);
    const mails = mail.sink.list().filter(({ to }) => to[0] === address);
    const fresh = mails.slice(seenMails);
    seenMails = mails.length;
    const news = published.filter((each) => !seenEvents.has(each));
    for (const each of news) seenEvents.add(each);
    return {
      mails: fresh.map(({ subject, text }) =>
        `${subject}\n${text ?? ''}`.replaceAll('\u00a0', ' '),
      ),
      events: news.map((each) => each.split(' ')[0] ?? ''),
    };
  };
}

/** What the whole stream so far asks for and tells of one user, each of it twice. */
async function streamed(userId: string) {
  const records = await streamRecordsOf(test);
  const messages: string[] = [];
  const published = new Set<string>();
  for (let time = 0; time < 2; time += 1) {
    await publishRecords(
      {
        bus: {
          publish: async (events) =>
            events.map(({ detail, type }) => {
              const schema = Object.entries(eventSchemas).find(([name]) => name === type)?.[1];
              schema?.parse(detail);
              const text = JSON.stringify(detail);
              const isOurs =
                type.startsWith('credits.subscription') && text.includes(`"${userId}"`);
              if (isOurs) published.add(`${type} ${text}`);
              return { ok: true };
            }),
        },
        notifications: { send: async (body) => void messages.push(body) },
        store: test.ledger,
        topUps: { send: async () => undefined },
        log: keptLog().log,
      },
      records,
    );
  }
  return {
    messages: messages.filter((body) => parseMessage(body).userId === userId),
    published: [...published],
  };
}

async function deliver(bodies: readonly string[], now: Date): Promise<void> {
  const records = bodies.map((body, index) => ({ messageId: `message-${index}`, body }));
  const deps = {
    store: test.ledger,
    mailer: createMailer(SENDER, mail.config),
    appName: 'Credit Ledger',
    financeEmail: 'finance@shop.test',
    now: () => now,
    topUps: { send: async () => undefined },
    log: keptLog().log,
    count: () => undefined,
    remainingMs: () => 30_000,
  };
  expect(await notifyBatch(deps, records)).toEqual({ batchItemFailures: [] });
}

const named = (...names: readonly string[]) => names.map((name) => `credits.subscription.${name}`);
const SILENCE: Heard = { mails: [], events: [] };

describe('a subscriber hears', () => {
  it('that the plan has started, once, and nothing of a renewal that goes well', async () => {
    const happens = await subscribe('ada');
    const started = await happens('2027-02-01T10:00:05.000Z', 'paid', 'created', 'active');
    expect(started.events).toEqual(named('started'));
    expect(started.mails).toEqual([
      expect.stringMatching(
        /^Your PRO plan has started\n[^]*Price a month: +\$29\.00[^]*\(general\): +500[^]*Renews: +1 March 2027[^]*sub_ada/,
      ),
    ]);
    expect(await happens('2027-03-01T11:05:00.000Z', 'renewed', 'renewal_paid')).toEqual({
      mails: [],
      events: named('renewed'),
    });
  });

  it('that a renewal has failed, once for its invoice, with the days of grace; and the end that follows', async () => {
    const happens = await subscribe('ben');
    await happens('2027-02-01T10:00:05.000Z', 'created', 'active', 'paid');
    const failed = await happens('2027-03-01T11:00:05.000Z', 'renewal_failed', 'past_due');
    expect(failed.events.toSorted()).toEqual(named('past_due', 'payment_failed', 'renewed'));
    expect(failed.mails).toEqual([
      expect.stringMatching(
        /^The payment for your PRO plan failed\n[^]*\$29\.00[^]*until 8 March 2027 at 11:00 UTC[^]*Next try: +4 March 2027[^]*in_ben_2/,
      ),
    ]);
    expect(await happens('2027-03-04T10:00:05.000Z', 'renewal_failed_again')).toEqual(SILENCE);
    const ended = await happens('2027-03-04T10:01:00.000Z', 'deleted_now');
    expect(ended.events).toEqual(named('ended'));
    expect(ended.mails).toEqual([
      expect.stringMatching(/^Your PRO plan has ended\n[^]*Ended: +3 March 2027 at 10:00 UTC/),
    ]);
  });

  it('that nothing is owed any more by silence, where a failed renewal is paid', async () => {
    const happens = await subscribe('cleo');
    await happens('2027-02-01T10:00:05.000Z', 'created', 'active', 'paid');
    await happens('2027-03-01T11:00:05.000Z', 'past_due');
    // Its failure is told only after its payment.
    expect(
      await happens('2027-03-05T10:00:05.000Z', 'renewal_paid', 'renewal_failed', 'recovered'),
    ).toEqual({ mails: [], events: named('recovered') });
  });

  it('that the plan is another one, once', async () => {
    const happens = await subscribe('dora');
    await happens('2027-02-01T10:00:05.000Z', 'created', 'active', 'paid');
    const changed = await happens('2027-02-11T10:00:05.000Z', 'upgraded', 'upgrade_paid');
    expect(changed.events).toEqual(named('changed'));
    expect(changed.mails).toEqual([
      expect.stringMatching(/^Your plan is PREMIUM now\n[^]*\$99\.00[^]*\(general\): +2,000/),
    ]);
  });

  it('that the plan will end with its month, and that it has', async () => {
    const happens = await subscribe('eve');
    await happens('2027-02-01T10:00:05.000Z', 'created', 'active', 'paid');
    const ending = await happens('2027-02-06T10:00:05.000Z', 'ending');
    expect(ending.events).toEqual(named('ending'));
    expect(ending.mails).toEqual([
      expect.stringMatching(/^Your PRO plan will end\n[^]*until 1 March 2027 at 10:00 UTC/),
    ]);
    const ended = await happens('2027-03-01T10:00:05.000Z', 'deleted_at_end');
    expect(ended.events).toEqual(named('ended'));
    expect(ended.mails).toEqual([expect.stringMatching(/^Your PRO plan has ended\n/)]);
  });
});
