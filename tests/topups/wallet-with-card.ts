import { expect } from 'vitest';
import { topUpBatch } from '#functions/topups/top-up-batch';
import { publishRecords } from '#functions/stream/publish-records';
import type { CardBehaviour } from '#infra/local/stripe/customer-records';
import { eventSchemas } from '#lib/contract/events';
import { freeze } from '#lib/ledger/freeze';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import type { BusEvent } from '#lib/messaging/event-bus';
import { createTopUpQueue } from '#lib/messaging/top-up-queue';
import { parseMessage } from '#lib/notifications/email-request';
import { sendEmail } from '#lib/notifications/send-email';
import { createTopUpStore } from '#lib/store/top-up-store';
import { wakeDueTopUps } from '#lib/topups/wake-due';
import { bodyOf, openShop, ORIGIN, seedPackages } from '#tests/functions/purchases/shop';
import { addWork, spendWork, type TestLedger } from '#tests/support/ledger';
import { streamRecordsOf } from '#tests/support/stream-records';

export const USER = 'user-1';
const wallet = { userId: USER, creditType: 'general' };
const ROUNDS_MAX = 30;

/** What a user asks for who changes nothing of it: 100 credits for 10 USD, when less than 50 are left. */
export const TERMS = {
  enabled: true,
  threshold: 50,
  package_id: 'starter',
  currency: 'USD',
  max_per_month: 10,
  max_amount_per_month: 20_000,
} as const;

/**
 * A user with 100 credits over a real table and a Stripe of their own, whom the real stream handler and the real top-up
 * handler look after. Nothing runs by itself: `stream` and `work` are one round of each, `settle` all of them.
 */
export async function openWallet(test: TestLedger) {
  const shop = await openShop(test, {}, { isClockShared: true });
  await seedPackages(test);
  const now = () => shop.clock.now().toISOString();
  const account = { userId: USER, email: 'ada@users.test', createdAt: now() };
  await test.ledger.write([
    { record: 'account', id: { userId: USER }, value: account, version: null },
  ]);
  const queued: string[] = [];
  const mails = new Set<string>();
  const events: BusEvent[] = [];
  const queue = createTopUpQueue({ send: async (body) => void queued.push(body) });
  let position = 0;
  let keys = 0;
  const deps = { store: test.ledger, cards: shop.cards, now: shop.now, log: shop.log };

  const stream = async (): Promise<boolean> => {
    const news = (await streamRecordsOf(test)).slice(position);
    position += news.length;
    const done = await publishRecords(
      {
        bus: {
          publish: async (batch) => {
            events.push(...batch);
            return batch.map(() => ({ ok: true }));
          },
        },
        notifications: { send: async (body) => void mails.add(body) },
        store: test.ledger,
        topUps: queue,
        log: shop.log,
      },
      news,
    );
    expect(done.batchItemFailures).toEqual([]);
    return news.length > 0;
  };
  const work = async (bodies = queued.splice(0)): Promise<void> => {
    const records = bodies.map((body, place) => ({ messageId: `topup-${place}`, body }));
    expect(await topUpBatch(deps, records)).toEqual({ batchItemFailures: [] });
  };
  const settle = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const isNews = await stream();
      if (!isNews && queued.length === 0) return;
      await work();
    }
    throw new Error('top-ups go on for ever');
  };
  const ask = async (route: Parameters<typeof shop.call>[0], body: object) => {
    keys += 1;
    return shop.call(route, { token: USER, headers: { 'idempotency-key': `key-${keys}` }, body });
  };
  const give = (amount: number, cause: string) =>
    test.ledger.run(addWork({ wallet, amount, cause, now: now() }));

  await give(100, 'welcome');
  return {
    shop,
    queued,
    events,
    stream,
    work,
    settle,
    give,
    spend: (amount: number, cause: string) =>
      test.ledger.run(spendWork({ wallet, amount, cause, now: now() })),
    freeze: () =>
      test.ledger.run({
        wallets: [wallet],
        cause: 'freeze',
        fingerprint: null,
        decide: ({ heads: [head] }) => {
          const decision = freeze(head, {
            now: now(),
            cause: 'freeze',
            fingerprint: null,
            actor: 'admin:grace',
            description: 'Chargebacks',
          });
          return decision.ok ? { ok: true, decisions: [decision] } : decision;
        },
      }),
    balance: async () => (await test.ledger.loadHead(wallet)).balance,
    put: async (body: object = TERMS) =>
      bodyOf(ownTopUpRoutes.putAutoTopup, 200, await ask(ownTopUpRoutes.putAutoTopup, body)),
    ask,
    resume: async () =>
      bodyOf(ownTopUpRoutes.resumeAutoTopup, 200, await ask(ownTopUpRoutes.resumeAutoTopup, {})),
    state: async () => {
      const answer = await shop.call(ownTopUpRoutes.getAutoTopup, { token: USER });
      return bodyOf(ownTopUpRoutes.getAutoTopup, 200, answer);
    },
    /** Opens the page, saves a card on it, and hands its events to fulfillment. */
    saveCard: async (card: CardBehaviour = 'pays') => {
      const body = { success_url: `${ORIGIN}/saved`, cancel_url: `${ORIGIN}/settings` };
      const answer = await ask(ownTopUpRoutes.setUpAutoTopup, body);
      const { session_id } = bodyOf(ownTopUpRoutes.setUpAutoTopup, 201, answer);
      shop.stripe.pay(session_id, 'success', { card });
      await shop.fulfil('setup_intent.succeeded');
    },
    /** What Stripe has tried to take, whatever became of it. */
    charges: async () => (await shop.sdk.paymentIntents.list({ limit: 100 })).data,
    /** Looks at what is due by now. */
    wake: () =>
      wakeDueTopUps({ topUps: createTopUpStore(test.table), queue, store: test.ledger }, now()),
    told: () => {
      const own = events.filter(({ type }) => type.startsWith('credits.topup.'));
      for (const { detail, type } of own) {
        const [, schema] = Object.entries(eventSchemas).find(([name]) => name === type) ?? [];
        schema?.parse(detail);
      }
      return own.map(({ type }) => type.replace('credits.topup.', ''));
    },
    mailed: async () => {
      const subjects: string[] = [];
      const mailer = {
        send: async ({ subject }: { readonly subject: string }) => {
          subjects.push(subject);
          return { kind: 'accepted', messageId: `m-${subjects.length}` } as const;
        },
      };
      const to = { appName: 'Credits', financeEmail: 'finance@shop.test', store: test.ledger };
      for (const body of mails) {
        const request = parseMessage(body);
        if (!request.kind.startsWith('topup')) continue;
        await sendEmail({ ...to, mailer }, { request, now: shop.now });
      }
      return subjects;
    },
    mailKinds: () => [...mails].map((body) => parseMessage(body).kind),
  };
}
