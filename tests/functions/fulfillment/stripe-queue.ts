import { expect } from 'vitest';
import { fulfillBatch, type QueuedDelivery } from '#functions/fulfillment/fulfill-batch';
import type { FulfillmentDependencies } from '#functions/fulfillment/fulfill-message';
import { receiveEvent } from '#functions/webhooks/stripe/receive-event';
import type { QuarantinedEvent } from '#lib/purchases/quarantined-event';
import { createQuarantineStore } from '#lib/store/quarantine-store';
import { testRuntime } from '#tests/http/events';
import { signatureHeader, WEBHOOK_SECRET } from '#tests/payments/stripe-deliveries';
import type { TestLedger } from '#tests/support/ledger';

/** What comes between Stripe and the table: receiver, messages, fulfillment. The queue's own part is the tests'. */
export function openStripeQueue(
  {
    history,
    ledger: store,
  }: { readonly ledger: FulfillmentDependencies['store'] } & Pick<
    FulfillmentDependencies,
    'history'
  >,
  now: Date,
) {
  let counted: string[] = [];
  return {
    /** Metrics since the last look. */
    takeCounted(): readonly string[] {
      const taken = counted;
      counted = [];
      return taken;
    },

    /** Signs a body as Stripe does and hands it to the receiver; the message that it queues. */
    async receive(body: string): Promise<string> {
      const queued: string[] = [];
      const answer = await receiveEvent(
        {
          queue: { send: async (message) => void queued.push(message) },
          secret: { read: async () => ({ current: WEBHOOK_SECRET }) },
          now: () => now,
          log: testRuntime().log,
        },
        {
          headers: {
            'stripe-signature': signatureHeader(body, {
              seconds: Math.floor(now.getTime() / 1_000),
            }),
          },
          body,
          isBase64Encoded: false,
          requestContext: { requestId: 'request-1', http: { method: 'POST' } },
        },
      );
      expect(answer.statusCode).toBe(200);
      return queued[0] ?? '';
    },

    /** Fulfils messages, and names those that want to come again. */
    async fulfil(messages: readonly string[], deliveries = 1): Promise<readonly string[]> {
      const deps: FulfillmentDependencies = {
        store,
        history,
        livemode: false,
        now: () => now,
        count: (name) => counted.push(name),
        log: testRuntime().log,
      };
      const records = messages.map((body, index): QueuedDelivery => ({
        messageId: `${index}`,
        attributes: { ApproximateReceiveCount: String(deliveries) },
        body,
      }));
      const { batchItemFailures } = await fulfillBatch(deps, records);
      return batchItemFailures.map(({ itemIdentifier }) => messages[Number(itemIdentifier)] ?? '');
    },
  };
}

/** Every event that was kept. */
export async function quarantinedIn({ table }: Pick<TestLedger, 'table'>) {
  const store = createQuarantineStore(table);
  const events: QuarantinedEvent[] = [];
  let after: string | null = null;
  do {
    const page = await store.page({ provider: 'stripe', after, offset: 0, limit: 100 });
    events.push(...page.events);
    after = page.next;
  } while (after !== null);
  return events;
}
