import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { notifyBatch } from '#functions/notifications/notify-batch';
import { publishRecords } from '#functions/stream/publish-records';
import { functionDefinitions } from '#infra/functions';
import { createMailer } from '#lib/messaging/mailer';
import { type EmailKind, parseMessage } from '#lib/notifications/email-request';
import type { PaymentEvent } from '#lib/payments/payment-event';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import {
  checkoutEventOf,
  disputeEventOf,
  paymentEventOf,
  purchaseOf,
  refundEventOf,
} from '#tests/purchases/purchase-builders';
import { keptLog } from '#tests/support/kept-log';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { openTestMailSink, SENDER, type TestMailSink } from '#tests/support/mail-sink';
import { streamRecordsOf } from '#tests/support/stream-records';

/*
 * The whole way of a mail: a payment event's facts in the table, its stream, the request, SES. Every stream record is
 * told twice and every message is delivered three times.
 */

const FINANCE = 'finance@shop.test';
const MINUTE_MS = 60_000;

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

/** 500 credits for 49.00, bought on a page by a user of its own. */
async function givenPurchase(price: { currency?: string; amountMinor?: number } = {}) {
  made += 1;
  const [userId, purchaseId, address] = [`user-${made}`, `pur_${made}`, `buyer${made}@users.test`];
  const refs = {
    session: { sessionRef: `cs_${made}`, claimedPurchaseId: purchaseId },
    payment: { paymentRef: `pi_${made}` },
  };
  const { currency = 'USD', amountMinor = 4_900 } = price;
  const session = { id: refs.session.sessionRef, url: null, expiresAt: null };
  const quote = { credits: 500, currency, amountMinor, email: 'typed-at-checkout@users.test' };
  const purchase = purchaseOf({ id: purchaseId, userId, session, ...quote });
  await test.ledger.write([
    { record: 'purchase', id: { purchaseId }, value: purchase, version: null },
    {
      record: 'account',
      id: { userId },
      value: { userId, email: address, createdAt: NOW },
      version: null,
    },
    {
      record: 'paymentReference',
      id: { provider: 'stripe', ref: session.id },
      value: { purchaseId },
      version: null,
    },
  ]);
  const apply = (event: PaymentEvent) =>
    applyPaymentEvent({ store: test.ledger }, { event: { ...event, currency }, now: NOW });
  const prices = { priceMinor: amountMinor, payableMinor: amountMinor };
  const checkout = (outcome: 'paid' | 'unpaid' | 'failed' | 'expired') =>
    apply(checkoutEventOf({ ...refs.session, ...refs.payment, ...prices, outcome }));
  return {
    purchaseId,
    userId,
    address,
    checkout,
    decline: () =>
      apply(
        paymentEventOf({
          ...refs.payment,
          claimedPurchaseId: purchaseId,
          outcome: 'declined',
          amountMinor,
        }),
      ),
    refund: (changes: Parameters<typeof refundEventOf>[0]) =>
      apply(refundEventOf({ ...refs.payment, ...changes })),
    dispute: (changes: Parameters<typeof disputeEventOf>[0]) =>
      apply(disputeEventOf({ ...refs.payment, amountMinor, ...changes })),
    mails: () => mail.sink.list().filter(({ text }) => text?.includes(` ${purchaseId}\n`)),
    stored: async (kind: EmailKind, subjectId: string) => {
      const id = { userId, kind, subjectId };
      const read = await test.ledger.load([{ record: 'email', id }]);
      return read('email', id)?.value ?? null;
    },
  };
}

/** What the stream asks for, each of it twice. */
async function messagesOf(userId: string): Promise<readonly string[]> {
  const records: readonly DynamoDBRecord[] = await streamRecordsOf(test);
  const messages: string[] = [];
  for (let time = 0; time < 2; time += 1) {
    await publishRecords(
      {
        bus: { publish: async (events) => events.map(() => ({ ok: true })) },
        notifications: {
          send: async (body) => {
            messages.push(body);
          },
        },
        store: test.ledger,
        topUps: { send: async () => undefined },
        log: keptLog().log,
      },
      records,
    );
  }
  return messages.filter((body) => parseMessage(body).userId === userId);
}

async function deliver(bodies: readonly string[], now = NOW): Promise<readonly string[]> {
  const records = bodies.map((body, index) => ({ messageId: `message-${index}`, body }));
  const deps = {
    store: test.ledger,
    mailer: createMailer(SENDER, mail.config),
    appName: 'Credit Ledger',
    financeEmail: FINANCE,
    now: () => new Date(now),
    topUps: { send: async () => undefined },
    log: keptLog().log,
    count: () => undefined,
    remainingMs: () => 30_000,
  };
  const { batchItemFailures } = await notifyBatch(deps, records);
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  return records.filter(({ messageId }) => failed.has(messageId)).map(({ body }) => body);
}

async function tell(userId: string): Promise<void> {
  const messages = await messagesOf(userId);
  for (let time = 0; time < 3; time += 1) {
    expect(await deliver(messages)).toEqual([]);
  }
}

/** The table without what we noted about e-mails. */
async function ledgerDump(): Promise<readonly unknown[]> {
  const items = await test.dynamo.dump(test.tableName);
  return items.filter((item) => !/EMAIL#|ALERTS#/.test(JSON.stringify(item)));
}

const subjects = (mails: readonly { readonly to: string[]; readonly subject: string }[]) =>
  mails.map(({ to, subject }) => [to[0], subject.replaceAll('\u00a0', ' ')]);

describe('a payment that failed', () => {
  it('days after the page is told once, to the address of the account', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('unpaid');
    await buyer.decline();
    await buyer.checkout('failed');
    await tell(buyer.userId);
    expect(subjects(buyer.mails())).toEqual([
      [buyer.address, 'Your payment for 500 credits failed'],
    ]);
    expect(await buyer.stored('payment_failed', buyer.purchaseId)).toMatchObject({ state: 'sent' });
  });

  it('because a card was declined is not told while the page takes another, and once when it is over', async () => {
    const buyer = await givenPurchase();
    await buyer.decline();
    await buyer.decline();
    await tell(buyer.userId);
    expect(buyer.mails()).toEqual([]);
    await buyer.checkout('expired');
    await tell(buyer.userId);
    await buyer.decline();
    await buyer.checkout('failed');
    await tell(buyer.userId);
    expect(subjects(buyer.mails())).toEqual([
      [buyer.address, 'Your payment for 500 credits failed'],
    ]);
  });

  it('because nobody tried to make it is not told', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('expired');
    await tell(buyer.userId);
    expect(buyer.mails()).toEqual([]);
  });

  it('while money is only promised is not told', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('unpaid');
    await tell(buyer.userId);
    expect(buyer.mails()).toEqual([]);
  });

  it('and was made after all before the mail went out is not told; the record says why', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('failed');
    await buyer.checkout('paid');
    await tell(buyer.userId);
    expect(subjects(buyer.mails())).toEqual([[buyer.address, 'Your receipt for 500 credits']]);
    expect(await buyer.stored('payment_failed', buyer.purchaseId)).toMatchObject({
      state: 'skipped',
      reason: 'no_longer_so',
    });
  });
});

describe('a refund', () => {
  it('is told once each, with its own money and credits, when it has succeeded', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('paid');
    await buyer.refund({ refundRef: 're_a1', amountMinor: 1_000, state: 'pending' });
    await tell(buyer.userId);
    expect(buyer.mails()).toHaveLength(1);

    await buyer.refund({ refundRef: 're_a1', amountMinor: 1_000, state: 'succeeded' });
    const at = '2026-11-19T09:00:00.000Z';
    await buyer.refund({ refundRef: 're_a2', amountMinor: 1_500, state: 'succeeded', at });
    await tell(buyer.userId);
    expect(subjects(buyer.mails())).toEqual([
      [buyer.address, 'Your receipt for 500 credits'],
      [buyer.address, 'Your refund of $10.00'],
      [buyer.address, 'Your refund of $15.00'],
    ]);
    const read = await test.ledger.loadEntries(buyer.userId);
    const reversals = read.filter(({ type }) => type === 'reversal');
    const [, first, second] = buyer.mails();
    expect(first?.text).toMatch(/Credits taken back: 102\n/);
    expect(second?.text).toMatch(/Credits taken back: 153\n/);
    expect(first?.text).toContain(reversals.find(({ amount }) => amount === -102)?.id);
    expect(second?.text).toContain(reversals.find(({ amount }) => amount === -153)?.id);
  });

  it('that was known before its payment is told with it', async () => {
    const buyer = await givenPurchase();
    await buyer.refund({ refundRef: 're_b1', amountMinor: 4_900, state: 'succeeded' });
    await tell(buyer.userId);
    expect(buyer.mails()).toEqual([]);
    await buyer.checkout('paid');
    await tell(buyer.userId);
    expect(subjects(buyer.mails()).toSorted()).toEqual([
      [buyer.address, 'Your receipt for 500 credits'],
      [buyer.address, 'Your refund of $49.00'],
    ]);
  });

  it('that failed is not told, nor one that failed before the mail went out', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('paid');
    await buyer.refund({ refundRef: 're_c1', state: 'failed' });
    await buyer.refund({ refundRef: 're_c2', state: 'succeeded' });
    await buyer.refund({ refundRef: 're_c2', state: 'failed' });
    await tell(buyer.userId);
    expect(subjects(buyer.mails())).toEqual([[buyer.address, 'Your receipt for 500 credits']]);
    expect(await buyer.stored('refund_done', 're_c2')).toMatchObject({ state: 'skipped' });
  });

  it('with the longest id a provider may have is told', async () => {
    const buyer = await givenPurchase();
    const refundRef = `re_${'x'.repeat(252)}`;
    await buyer.checkout('paid');
    await buyer.refund({ refundRef, state: 'succeeded' });
    await tell(buyer.userId);
    expect(await buyer.stored('refund_done', refundRef)).toMatchObject({ state: 'sent' });
  });
});

describe('a dispute', () => {
  it('is told to finance once, whatever becomes of it, and never to the buyer', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('paid');
    await buyer.dispute({ disputeRef: 'dp_a', state: 'open' });
    await tell(buyer.userId);
    await buyer.dispute({ disputeRef: 'dp_a', state: 'lost' });
    await tell(buyer.userId);
    await buyer.dispute({ disputeRef: 'dp_a', state: 'won' });
    await tell(buyer.userId);
    const notices = buyer.mails().filter(({ to }) => to.includes(FINANCE));
    expect(subjects(notices)).toEqual([[FINANCE, `Payment disputed: $49.00, ${buyer.purchaseId}`]]);
    expect(notices[0]?.text).toMatch(/Credits taken back: 500\n/);
    expect(buyer.mails().filter(({ to }) => to.includes(buyer.address))).toHaveLength(1);
  });

  it('that begins as an inquiry is told again when it takes the money', async () => {
    const buyer = await givenPurchase();
    await buyer.checkout('paid');
    await buyer.dispute({ disputeRef: 'dp_b', state: 'inquiry' });
    await tell(buyer.userId);
    await buyer.dispute({ disputeRef: 'dp_b', state: 'open' });
    await tell(buyer.userId);
    const notices = buyer.mails().filter(({ to }) => to.includes(FINANCE));
    expect(subjects(notices)).toEqual([
      [FINANCE, `Payment inquiry: $49.00, ${buyer.purchaseId}`],
      [FINANCE, `Payment disputed: $49.00, ${buyer.purchaseId}`],
    ]);
  });
});

it.each([
  ['USD', 4_900, '$49.00', '$10.00'],
  ['INR', 245_000, '₹2,450.00', '₹500.00'],
  ['JPY', 7_350, '¥7,350', '¥1,500'],
])(
  'every mail of a purchase in %s shows money as the currency is written',
  async (currency, amountMinor, price, refunded) => {
    const failed = await givenPurchase({ currency, amountMinor });
    await failed.checkout('failed');
    const buyer = await givenPurchase({ currency, amountMinor });
    await buyer.checkout('paid');
    const amount = (amountMinor * 10) / 49;
    await buyer.refund({ refundRef: `re_${currency}`, amountMinor: amount, state: 'succeeded' });
    await buyer.dispute({ disputeRef: `dp_${currency}`, state: 'open' });
    await tell(failed.userId);
    await tell(buyer.userId);
    const shown = [...failed.mails(), ...buyer.mails()].map(({ text, html }) => {
      const [, total = ''] = /Tax-free total: +(.*)\n/.exec(text ?? '') ?? [];
      expect(html).toContain(`>${total}<`);
      return total;
    });
    expect(shown).toEqual([price, price, refunded, price]);
  },
);

describe('while SES fails for an hour', () => {
  it('the ledger is unaffected, and each mail arrives once after it', async () => {
    const buyer = await givenPurchase();
    mail.sink.faults.add({ kind: 'unavailable', times: 10_000 });
    await buyer.checkout('paid');
    await buyer.refund({ refundRef: 're_h', amountMinor: 1_000, state: 'succeeded' });
    await buyer.dispute({ disputeRef: 'dp_h', amountMinor: 3_900, state: 'open' });
    const before = await ledgerDump();
    const messages = await messagesOf(buyer.userId);
    const visibilityMs = 6 * functionDefinitions.notifications.timeoutSeconds * 1_000;
    let waiting = messages;
    const minutes = (count: number) => new Date(Date.parse(NOW) + count).toISOString();
    for (let passed = 0; passed < 60 * MINUTE_MS; passed += visibilityMs) {
      waiting = await deliver(waiting, minutes(passed));
      expect(waiting).toEqual(messages);
    }
    expect(buyer.mails()).toEqual([]);
    expect(await buyer.stored('refund_done', 're_h')).toMatchObject({
      state: 'waiting',
      reason: 'ServiceUnavailable',
    });

    mail.sink.faults.clear();
    expect(await deliver(waiting, minutes(60 * MINUTE_MS))).toEqual([]);
    expect(subjects(buyer.mails())).toEqual([
      [buyer.address, 'Your receipt for 500 credits'],
      [buyer.address, 'Your refund of $10.00'],
      [FINANCE, `Payment disputed: $39.00, ${buyer.purchaseId}`],
    ]);
    expect(await ledgerDump()).toEqual(before);
  });
});

it('an address that SES does not deliver to changes nothing in the ledger, and the records say so', async () => {
  const buyer = await givenPurchase();
  mail.sink.faults.add({ kind: 'reject', address: buyer.address, times: 100 });
  await buyer.checkout('paid');
  await buyer.refund({ refundRef: 're_gone', state: 'succeeded' });
  await buyer.dispute({ disputeRef: 'dp_gone', state: 'open' });
  const before = await ledgerDump();
  await tell(buyer.userId);
  expect(await buyer.stored('refund_done', 're_gone')).toMatchObject({
    state: 'rejected',
    reason: 'MessageRejected',
  });
  expect(buyer.mails().map(({ to }) => to)).toEqual([[FINANCE]]);
  expect(await ledgerDump()).toEqual(before);
});
