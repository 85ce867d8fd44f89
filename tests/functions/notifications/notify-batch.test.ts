import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { notifyBatch } from '#functions/notifications/notify-batch';
import { functionDefinitions } from '#infra/functions';
import type { MetricName } from '#lib/http/metrics';
import { createMailer } from '#lib/messaging/mailer';
import { toMessage } from '#lib/notifications/email-request';
import type { Mailer } from '#lib/notifications/mailer';
import { CLAIM_MS } from '#lib/notifications/send-email';
import type { LedgerStore } from '#lib/ports';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { keptLog } from '#tests/support/kept-log';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { openTestMailSink, SENDER, type TestMailSink } from '#tests/support/mail-sink';

let test: TestLedger;
let mail: TestMailSink;
beforeAll(async () => {
  test = await openTestLedger();
  mail = await openTestMailSink();
});
afterEach(() => {
  mail.sink.faults.clear();
});
afterAll(async () => {
  await mail.close();
  await test.close();
});

let made = 0;

/** A paid purchase of a user of its own, and the message that asks for its receipt. */
async function givenPaidPurchase(options: { readonly email?: string | null } = {}) {
  made += 1;
  const userId = `user-${made}`;
  const purchaseId = `pur_${made}`;
  const email = options.email === undefined ? `ada${made}@users.test` : options.email;
  const purchase = purchaseOf({
    id: purchaseId,
    userId,
    email: 'typed-at-checkout@users.test',
    payments: [{ ref: 'pi_1', amountMinor: 1_000, at: '2026-11-18T11:06:40.000Z' }],
    credited: { credits: 100, entryId: `txn_${made}` },
  });
  const account = { userId, email, createdAt: NOW };
  await test.ledger.write([
    { record: 'purchase', id: { purchaseId }, value: purchase, version: null },
    { record: 'account', id: { userId }, value: account, version: null },
  ]);
  const body = toMessage({
    kind: 'purchase_receipt',
    userId,
    about: purchaseId,
    subjectId: purchaseId,
  });
  const id = { userId, kind: 'purchase_receipt', subjectId: purchaseId } as const;
  return {
    message: { messageId: `message-${made}`, body },
    purchase,
    /** The mails that have arrived about it. */
    mails: () => mail.sink.list().filter(({ text }) => text?.includes(`${purchaseId}\n`)),
    stored: async () => {
      const read = await test.ledger.load([{ record: 'email', id }]);
      return read('email', id)?.value ?? null;
    },
  };
}

interface Message {
  readonly messageId: string;
  readonly body: string;
}

async function deliver(
  messages: readonly Message[],
  changes: {
    readonly mailer?: Mailer;
    readonly now?: string;
    readonly store?: Pick<LedgerStore, 'load' | 'write'>;
    readonly remainingMs?: () => number;
  } = {},
) {
  const { log, lines } = keptLog();
  const counted: MetricName[] = [];
  const deps = {
    store: changes.store ?? test.ledger,
    mailer: changes.mailer ?? sesMailer(),
    appName: 'Credit Ledger',
    financeEmail: 'finance@shop.test',
    now: () => new Date(changes.now ?? NOW),
    log,
    count: (name: MetricName) => counted.push(name),
    remainingMs: changes.remainingMs ?? (() => 30_000),
  };
  const { batchItemFailures } = await notifyBatch(deps, messages);
  return { failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), lines, counted };
}

/** SES, with an answer awaited for so long only that a test about a missing one ends soon. */
function sesMailer(): Mailer {
  const requestHandler = { requestTimeout: 1_000, throwOnRequestTimeout: true };
  return createMailer(SENDER, { ...mail.config, requestHandler });
}

const minutesLater = (minutes: number) =>
  new Date(Date.parse(NOW) + minutes * 60_000).toISOString();

describe('the receipt of a purchase', () => {
  it('goes to the address of the account, from the deployment’s own', async () => {
    const { message, mails, stored } = await givenPaidPurchase({ email: 'grace@users.test' });
    expect(await deliver([message])).toMatchObject({ failed: [] });
    expect(mails()).toMatchObject([
      { to: ['grace@users.test'], from: '"Credit Ledger (dev)" <credits@shop.test>' },
    ]);
    expect(await stored()).toMatchObject({
      state: 'sent',
      attempts: 1,
      messageId: mails()[0]?.id,
      reason: null,
    });
  });

  it('is sent once for a message that comes five times, one after the other', async () => {
    const { message, mails } = await givenPaidPurchase();
    for (let time = 0; time < 5; time += 1) {
      expect(await deliver([message], { now: minutesLater(time * 10) })).toMatchObject({
        failed: [],
      });
    }
    expect(mails()).toHaveLength(1);
  });

  it('is sent once for ten deliveries at once, and those that met it come again to find it done', async () => {
    const { message, mails, stored } = await givenPaidPurchase();
    const deliveries = await Promise.all(Array.from({ length: 10 }, () => deliver([message])));
    expect(deliveries.some(({ failed }) => failed.length === 0)).toBe(true);
    expect(await deliver([message])).toMatchObject({ failed: [] });
    expect(mails()).toHaveLength(1);
    expect(await stored()).toMatchObject({ state: 'sent' });
  });
});

describe('a mail that SES turns away', () => {
  it.each([
    ['throttled', 'throttle'],
    ['unavailable', 'unavailable'],
    ['paused by an operator', 'paused'],
  ] as const)('because it is %s is sent once when the message comes again', async (_, kind) => {
    const { message, mails, stored } = await givenPaidPurchase();
    mail.sink.faults.add({ kind, times: 2 });
    expect(await deliver([message])).toMatchObject({ failed: [message.messageId] });
    expect(await stored()).toMatchObject({ state: 'waiting' });
    expect(await deliver([message])).toMatchObject({ failed: [message.messageId] });
    expect(await deliver([message])).toMatchObject({ failed: [] });
    expect(mails()).toHaveLength(1);
    expect(await stored()).toMatchObject({ state: 'sent', attempts: 3, reason: null });
  });

  it('because nobody verified the sender waits for the operator', async () => {
    const { message, stored } = await givenPaidPurchase();
    const mailer = createMailer({ name: 'Shop', address: 'other@shop.test' }, mail.config);
    expect(await deliver([message], { mailer })).toMatchObject({
      failed: [message.messageId],
      counted: ['EmailsDelayed'],
    });
    expect(await stored()).toMatchObject({ state: 'waiting', reason: 'MessageRejected' });
  });

  it('because it cannot be reached waits too', async () => {
    const { message, mails } = await givenPaidPurchase();
    const nobody = { ...mail.config, endpoint: 'http://127.0.0.1:1' };
    const { failed } = await deliver([message], { mailer: createMailer(SENDER, nobody) });
    expect(failed).toEqual([message.messageId]);
    expect(await deliver([message])).toMatchObject({ failed: [] });
    expect(mails()).toHaveLength(1);
  });
});

describe('an address that does not get mail', () => {
  it('is asked once: the refusal is kept and nothing in the ledger changes', async () => {
    const { message, mails, stored } = await givenPaidPurchase({ email: 'gone@users.test' });
    mail.sink.faults.add({ kind: 'reject', address: 'gone@users.test', times: 5 });
    const before = await test.dynamo.dump(test.tableName);
    const { failed, lines } = await deliver([message]);
    expect(failed).toEqual([]);
    expect(lines).toMatchObject([{ level: 'warn', fields: { reason: 'MessageRejected' } }]);
    expect(await stored()).toMatchObject({ state: 'rejected', reason: 'MessageRejected' });
    const after = await test.dynamo.dump(test.tableName);
    expect(after).toHaveLength(before.length + 1);
    expect(after).toEqual(expect.arrayContaining([...before]));

    mail.sink.faults.clear();
    expect(await deliver([message], { now: minutesLater(60) })).toMatchObject({ failed: [] });
    expect(mails()).toEqual([]);
  });

  it.each(['not an address', 'a@b'])(
    'because it is none (%s) is refused like that',
    async (email) => {
      const { message, stored } = await givenPaidPurchase({ email });
      expect(await deliver([message])).toMatchObject({ failed: [] });
      expect(await stored()).toMatchObject({ state: 'rejected' });
    },
  );

  it('because the account has none is skipped, and the record says so', async () => {
    const { message, mails, stored } = await givenPaidPurchase({ email: null });
    const { failed, lines } = await deliver([message]);
    expect(failed).toEqual([]);
    expect(lines).toMatchObject([{ level: 'warn', fields: { reason: 'no_address' } }]);
    expect(await stored()).toMatchObject({ state: 'skipped', reason: 'no_address' });
    expect(mails()).toEqual([]);
  });
});

describe('an attempt that ends badly', () => {
  it.each([
    ['is lost', 'lost_reply'],
    ['never comes', 'timeout'],
  ] as const)(
    'because SES’s answer %s leaves one mail, however often it is asked for',
    async (_, kind) => {
      const { message, mails, stored } = await givenPaidPurchase();
      mail.sink.faults.add({ kind, times: 1 });
      expect(await deliver([message])).toMatchObject({ failed: [] });
      expect(await stored()).toMatchObject({ state: 'unconfirmed' });
      expect(await deliver([message], { now: minutesLater(60) })).toMatchObject({ failed: [] });
      expect(mails()).toHaveLength(1);
    },
  );

  it('because the table is gone after SES took the mail leaves one mail', async () => {
    const { message, mails } = await givenPaidPurchase();
    let writes = 0;
    const store: Pick<LedgerStore, 'load' | 'write'> = {
      load: (refs) => test.ledger.load(refs),
      write: (records) => {
        writes += 1;
        if (writes > 1) return Promise.reject(new Error('the table is gone'));
        return test.ledger.write(records);
      },
    };
    const { failed, lines } = await deliver([message], { store });
    expect(failed).toEqual([]);
    expect(lines).toMatchObject([{ level: 'error', message: 'e-mail sent, but not noted' }]);
    expect(mails()).toHaveLength(1);
  });

  it('because it dies after SES took the mail keeps others from sending while it could be alive', async () => {
    const { message, mails, stored } = await givenPaidPurchase();
    const dying: Mailer = {
      send: async (content) => {
        await sesMailer().send(content);
        throw new Error('the function was killed');
      },
    };
    expect(await deliver([message], { mailer: dying })).toMatchObject({
      failed: [message.messageId],
    });
    expect(await deliver([message], { now: minutesLater(1) })).toMatchObject({
      failed: [message.messageId],
    });
    expect(mails()).toHaveLength(1);
    expect(await stored()).toMatchObject({ state: 'sending' });
  });

  it('because it dies before SES has the mail is made good by the next delivery', async () => {
    const { message, mails, stored } = await givenPaidPurchase();
    const dead: Mailer = { send: () => Promise.reject(new Error('the function was killed')) };
    await deliver([message], { mailer: dead });
    // The queue shows the message again after three minutes (infra/ledger-queue.ts).
    expect(await deliver([message], { now: minutesLater(3) })).toMatchObject({ failed: [] });
    expect(mails()).toHaveLength(1);
    expect(await stored()).toMatchObject({ state: 'sent', attempts: 2 });
  });
});

it('a claim outlives whoever made it, and is over when the queue shows the message again', () => {
  const timeoutMs = functionDefinitions.notifications.timeoutSeconds * 1_000;
  expect(CLAIM_MS).toBeGreaterThan(2 * timeoutMs);
  // The queue hides a message for six timeouts (infra/ledger-queue.ts).
  expect(CLAIM_MS).toBeLessThan(5 * timeoutMs);
});

describe('a batch', () => {
  it.each([0, 4, 9])(
    'of ten with a wrong message at place %i sends the other nine',
    async (place) => {
      const given = await Promise.all(Array.from({ length: 10 }, () => givenPaidPurchase()));
      const messages = given.map(({ message }, index) =>
        index === place ? { ...message, body: '{"kind":"gossip"}' } : message,
      );
      const { failed } = await deliver(messages);
      expect(failed).toEqual([messages[place]?.messageId]);
      for (const [index, { mails }] of given.entries()) {
        expect(mails()).toHaveLength(index === place ? 0 : 1);
      }
    },
  );

  it('begins no mail that could be cut off between SES and its record', async () => {
    const given = await Promise.all(Array.from({ length: 10 }, () => givenPaidPurchase()));
    const messages = given.map(({ message }) => message);
    // SES takes nearly as long as it may.
    let left = 30_000;
    const mailer: Mailer = {
      send: (content) => {
        left -= 7_000;
        return sesMailer().send(content);
      },
    };
    const { failed } = await deliver(messages, { mailer, remainingMs: () => left });
    expect(failed).toEqual(messages.slice(3).map(({ messageId }) => messageId));
    for (const [index, { stored }] of given.entries()) {
      expect((await stored())?.state).toBe(index < 3 ? 'sent' : undefined);
    }
    expect(await deliver(messages)).toMatchObject({ failed: [] });
    for (const { mails } of given) expect(mails()).toHaveLength(1);
  });

  it.each([
    '',
    'null',
    '{}',
    '{"kind":"purchase_receipt","user_id":"user-1","purchase_id":"pur_1","subject_id":"pur_1","to":"eve@evil.test"}',
  ])('keeps a message that no function of ours writes: %s', async (body) => {
    const sent = mail.sink.list().length;
    expect(await deliver([{ messageId: 'm', body }])).toMatchObject({ failed: ['m'] });
    expect(mail.sink.list()).toHaveLength(sent);
  });

  it('shows nobody the receipt of somebody else', async () => {
    const { purchase } = await givenPaidPurchase();
    const other = await givenPaidPurchase();
    const body = toMessage({
      kind: 'purchase_receipt',
      userId: other.purchase.userId,
      about: purchase.id,
      subjectId: purchase.id,
    });
    const sent = mail.sink.list().length;
    expect(await deliver([{ messageId: 'm', body }])).toMatchObject({ failed: ['m'] });
    expect(mail.sink.list()).toHaveLength(sent);
  });
});
