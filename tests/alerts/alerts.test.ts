import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishRecords } from '#functions/stream/publish-records';
import { readThreshold, setThreshold } from '#lib/alerts/set-threshold';
import { tellExpiring } from '#lib/alerts/tell-expiring';
import { eventSchemas } from '#lib/contract/events';
import { placeHold } from '#lib/ledger/hold';
import type { BusEvent } from '#lib/messaging/event-bus';
import { parseMessage } from '#lib/notifications/email-request';
import { sendEmail } from '#lib/notifications/send-email';
import { createDueStore } from '#lib/store/due-store';
import { keptLog } from '#tests/support/kept-log';
import { addWork, NOW, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';
import { streamRecordsOf } from '#tests/support/stream-records';

let test: TestLedger;
let events: BusEvent[];
let messages: Set<string>;
/** How many stream records have been handed over already. */
let position: number;
beforeEach(async () => {
  test = await openTestLedger();
  events = [];
  messages = new Set();
  position = 0;
  const account = { userId: 'ada', email: 'ada@users.test', createdAt: NOW };
  await test.ledger.write([
    { record: 'account', id: { userId: 'ada' }, value: account, version: null },
  ]);
});
afterEach(() => test.close());

const wallet = { userId: 'ada', creditType: 'general' };

/** Hands the stream over, the news of each round and then all of it again, until there is no news. */
async function settle(): Promise<void> {
  for (;;) {
    const records = await streamRecordsOf(test);
    const news = records.slice(position);
    if (news.length === 0) return;
    position = records.length;
    await publish(news, (event) => events.push(event));
    await publish(records, () => undefined);
  }
}

async function publish(
  records: Awaited<ReturnType<typeof streamRecordsOf>>,
  keep: (event: BusEvent) => void,
): Promise<void> {
  const done = await publishRecords(
    {
      bus: {
        publish: async (batch) => {
          for (const event of batch) keep(event);
          return batch.map(() => ({ ok: true }));
        },
      },
      notifications: { send: async (body) => void messages.add(body) },
      store: test.ledger,
      topUps: { send: async () => undefined },
      log: keptLog().log,
    },
    records,
  );
  expect(done.batchItemFailures).toEqual([]);
}

const told = () => events.map(({ type }) => type).filter((type) => !type.includes('entry'));
const kindsMailed = () => [...messages].map((body) => parseMessage(body).kind);

const give = (amount: number, cause: string, expiresAt: string | null = null) =>
  test.ledger.run(addWork({ wallet, amount, cause, expiresAt }));
const spend = (amount: number, cause: string) =>
  test.ledger.run(spendWork({ wallet, amount, cause }));

describe('a low balance', () => {
  it('by twenty spends at once is one event and one mail; up and down again is one each', async () => {
    await give(105, 'welcome');
    await settle();
    await Promise.all(Array.from({ length: 20 }, (_, place) => spend(5, `lead-${place}`)));
    await settle();
    expect(told()).toEqual(['credits.balance.low']);
    expect(kindsMailed()).toEqual(['balance_low']);

    await give(100, 'more');
    await settle();
    expect(told()).toEqual(['credits.balance.low', 'credits.balance.recovered']);
    await spend(99, 'big');
    await settle();
    expect(told().slice(2)).toEqual(['credits.balance.low']);
    expect(kindsMailed()).toEqual(['balance_low', 'balance_low']);
  });

  it('that falls, rises and falls within one batch is told in its order', async () => {
    await give(100, 'welcome');
    await spend(95, 'a');
    await give(50, 'more');
    await spend(50, 'b');
    await settle();
    expect(told()).toEqual([
      'credits.balance.low',
      'credits.balance.recovered',
      'credits.balance.low',
    ]);
  });

  it('says what is left, in the mail and in the event, in the words of the contract', async () => {
    await give(100, 'welcome');
    await spend(93, 'a');
    await settle();
    const low = events.find(({ type }) => type === 'credits.balance.low');
    expect(eventSchemas['credits.balance.low'].parse(low?.detail)).toEqual({
      schema_version: 1,
      user_id: 'ada',
      credit_type: 'general',
      available: 7,
      threshold: 10,
      seq: 2,
    });
    expect(await mailed()).toMatchObject([
      { to: 'ada@users.test', subject: 'Your balance is low: 7 credits left' },
    ]);
  });

  it('that has recovered before the mail is sent is not mailed any more', async () => {
    await give(100, 'welcome');
    await spend(93, 'a');
    await give(100, 'more');
    await settle();
    expect(kindsMailed()).toEqual(['balance_low']);
    expect(await mailed()).toEqual([]);
  });
});

/** What the notifications function sends for the requests so far. */
async function mailed() {
  const sent: { readonly to: string; readonly subject: string; readonly text: string }[] = [];
  const deps = {
    store: test.ledger,
    mailer: {
      send: async (mail: { to: string; subject: string; text: string }) => {
        sent.push(mail);
        return { kind: 'accepted', messageId: `m-${sent.length}` } as const;
      },
    },
    appName: 'Credits',
    financeEmail: 'finance@shop.test',
  };
  for (const body of messages) {
    await sendEmail(deps, { request: parseMessage(body), now: () => new Date(NOW) });
  }
  return sent;
}

describe('an owner’s threshold', () => {
  const asked = (key: string, threshold: number | null) => ({
    wallet,
    threshold,
    request: { cause: `request:${key}`, fingerprint: `${threshold}` },
    now: NOW,
  });

  it('counts from then on, and is told at once where the balance is below it already', async () => {
    await give(100, 'welcome');
    await settle();
    const set = await setThreshold(test.ledger, asked('1', 500));
    expect(set).toMatchObject({ kind: 'set', state: { threshold: 500, own: true, low: true } });
    await settle();
    expect(told()).toEqual(['credits.balance.low']);
    await spend(10, 'a');
    await settle();
    expect(told()).toEqual(['credits.balance.low']);
  });

  it('goes back to the operator’s, which is what counts where there is none', async () => {
    await setThreshold(test.ledger, asked('1', 500));
    await setThreshold(test.ledger, asked('2', null));
    expect(await readThreshold(test.ledger, { wallet, now: NOW })).toMatchObject({
      threshold: 10,
      own: false,
    });
  });

  it('is answered again for the same key, and refused for another threshold under it', async () => {
    await setThreshold(test.ledger, asked('1', 500));
    const again = await setThreshold(test.ledger, asked('1', 500));
    expect(again).toMatchObject({ kind: 'replayed' });
    const other = await setThreshold(test.ledger, asked('1', 5));
    expect(other).toMatchObject({ kind: 'reused' });
  });

  it('stays as the newest request set it, when an older one is repeated late', async () => {
    await setThreshold(test.ledger, asked('1', 5));
    await setThreshold(test.ledger, asked('2', 50));
    const late = await setThreshold(test.ledger, asked('1', 5));
    expect(late).toMatchObject({ kind: 'replayed', state: { threshold: 50 } });
    const read = await readThreshold(test.ledger, { wallet, now: NOW });
    expect(read).toMatchObject({ threshold: 50, own: true });
  });
});

describe('credits that expire soon', () => {
  const stores = () => ({ ledger: test.ledger, due: createDueStore(test.table) });
  const inDays = (days: number) => new Date(Date.parse(NOW) + days * 86_400_000).toISOString();

  it('are told once per grant, within the days of the setting, together in one mail', async () => {
    await give(30, 'soon', inDays(3));
    await give(20, 'sooner', inDays(2));
    await give(40, 'later', inDays(30));
    await give(10, 'never');
    expect(await tellExpiring(stores(), NOW)).toBe(2);
    expect(await tellExpiring(stores(), inDays(1))).toBe(0);
    await settle();
    expect(told()).toEqual(['credits.grant.expiring', 'credits.grant.expiring']);
    expect(await mailed()).toMatchObject([{ subject: '50 credits of yours expire soon' }]);
    expect(await tellExpiring(stores(), inDays(25))).toBe(1);
  });

  it('are found beside a hold that ends sooner, and in every shard, page after page', async () => {
    const users = Array.from({ length: 25 }, (_, place) => `user-${place}`);
    for (const userId of users) {
      const owner = { userId, creditType: 'general' };
      await test.ledger.run(
        addWork({ wallet: owner, amount: 5, cause: 'gift', expiresAt: inDays(5) }),
      );
    }
    await give(30, 'soon', inDays(3));
    await test.ledger.run({
      wallets: [wallet],
      cause: 'hold',
      fingerprint: null,
      decide: ({ heads: [head] }) => {
        const command = { now: NOW, cause: 'hold', actor: 'service:test', description: 'Hold' };
        const hold = { holdId: 'hld_1', amount: 1, caps: [], expiresAt: inDays(1) };
        const decision = placeHold(head, { ...command, ...hold });
        return decision.ok ? { ok: true, decisions: [decision] } : decision;
      },
    });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await stores().due.dueBy({ by: inDays(7), limit: 3, after });
      seen.push(...page.wallets.map(({ userId }) => userId));
      after = page.next;
    } while (after !== null);
    expect(seen.toSorted()).toEqual([...users, 'ada'].toSorted());
    expect(await tellExpiring(stores(), NOW)).toBe(26);
  });
});
