import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import {
  renderDispute,
  renderOrder,
  renderPaymentWithCard,
  renderRefund,
} from '#infra/local/razorpay/entities';
import { newId } from '#infra/local/razorpay/ids';
import type {
  Dispute,
  EventRecord,
  Order,
  Payment,
  Records,
  Refund,
} from '#infra/local/razorpay/records';

/** What events carry, in the order in which Razorpay's `contains` names it. */
type EventFacts =
  | {
      readonly type: 'payment.authorized' | 'payment.captured' | 'payment.failed';
      readonly payment: Payment;
    }
  | { readonly type: 'order.paid'; readonly payment: Payment; readonly order: Order }
  | {
      readonly type: 'refund.created' | 'refund.processed' | 'refund.failed';
      readonly refund: Refund;
      readonly payment: Payment;
    }
  | {
      readonly type: `payment.dispute.${'created' | 'won' | 'lost' | 'under_review' | 'action_required' | 'closed'}`;
      readonly payment: Payment;
      readonly dispute: Dispute;
    };

/** Stores an event with its entities as they are now; to be called inside the change's transaction. */
export type RecordEvent = (event: EventFacts) => void;

/** What every change of the account needs: where it is kept, when it happens, who is told of it. */
export interface Account {
  readonly clock: Clock;
  readonly records: Records;
  readonly recordEvent: RecordEvent;
}

/** An event as a person sees it; Razorpay sends the body with the id in a header. */
export interface EventView {
  readonly id: string;
  readonly event: string;
  readonly created_at: number;
  readonly pending_webhooks: number;
  readonly undelivered: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Who is to be told: how many webhooks, and whether one that wanted it is switched off. */
export type Plan = (event: { readonly id: string; readonly type: string }) => {
  readonly booked: number;
  readonly missed: boolean;
};

const snapshotSchema = z.record(z.string(), z.json());

/** Makes the writer of the account's events. */
export function createEventLog(parts: {
  readonly clock: Clock;
  readonly records: Records;
  readonly plan: Plan;
}): RecordEvent {
  const { clock, records, plan } = parts;
  const accountId = findAccountId(records);
  return (event) => {
    const id = newId('event');
    const createdMs = clock.now().getTime();
    const entities = renderEntities(event);
    const body = {
      entity: 'event',
      account_id: accountId,
      event: event.type,
      contains: Object.keys(entities),
      payload: Object.fromEntries(
        Object.entries(entities).map(([name, entity]) => [name, { entity }]),
      ),
      created_at: Math.floor(createdMs / 1000),
    };
    const { booked, missed } = plan({ id, type: event.type });
    records.events.put(id, {
      id,
      type: event.type,
      created_ms: createdMs,
      // A snapshot: what an entity becomes later must not change what the event said.
      body: snapshotSchema.parse(JSON.parse(JSON.stringify(body))),
      pending_webhooks: booked,
      undelivered: missed,
    });
  };
}

/** The event with what its delivery has come to. */
export function viewEvent(event: EventRecord): EventView {
  return {
    id: event.id,
    event: event.type,
    created_at: Math.floor(event.created_ms / 1000),
    pending_webhooks: event.pending_webhooks,
    undelivered: event.undelivered,
    body: event.body,
  };
}

/** A moment as Razorpay writes it: whole seconds since 1970. */
export function unixSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function renderEntities(event: EventFacts): Readonly<Record<string, object>> {
  const payment = renderPaymentWithCard(event.payment);
  if ('order' in event) return { payment, order: renderOrder(event.order) };
  if ('refund' in event) return { refund: renderRefund(event.refund), payment };
  if ('dispute' in event) return { payment, dispute: renderDispute(event.dispute) };
  return { payment };
}

function findAccountId(records: Records): string {
  const present = records.accounts.get('account');
  if (present !== undefined) return present.id;
  const id = newId('account');
  records.accounts.put('account', { id });
  return id;
}
