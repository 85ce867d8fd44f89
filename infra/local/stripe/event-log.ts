import type Stripe from 'stripe';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { unixSeconds } from '#infra/local/stripe/account';
import { API_VERSION } from '#infra/local/stripe/api-version';
import { newId } from '#infra/local/stripe/ids';
import type { WireInvoice } from '#infra/local/stripe/invoice-shape';
import type { EventRecord, Records } from '#infra/local/stripe/records';
import type { WireSubscription } from '#infra/local/stripe/subscription-shape';

/** Every event type with the object it carries, as the SDK's own types say, or as its JSON where that is other. */
type EventObjects = {
  readonly [Kind in Stripe.Event as Kind['type']]: WireOf<Kind['data']['object']>;
};
type WireOf<Known> = Known extends { readonly object: 'subscription' }
  ? WireSubscription
  : Known extends { readonly object: 'invoice' }
    ? WireInvoice
    : Known;

/** The API call that an event came from; both null for what happened on Stripe's own side. */
export interface Cause {
  readonly id: string | null;
  readonly idempotency_key: string | null;
}

/** The cause of what a customer or the clock did. */
export const NO_REQUEST: Cause = { id: null, idempotency_key: null };

/** Stores an event with its object as it is now; to be called inside the change's transaction. */
export type RecordEvent = <Type extends keyof EventObjects>(event: {
  readonly type: Type;
  readonly object: EventObjects[Type];
  readonly previous?: Partial<EventObjects[Type]>;
  readonly cause: Cause;
}) => void;

const snapshotSchema = z.record(z.string(), z.json());

/** Makes the writer of the account's events; `plan` books the deliveries and says how many. */
export function createEventLog(parts: {
  readonly clock: Pick<Clock, 'now'>;
  readonly records: Records;
  readonly plan: (event: { readonly id: string; readonly type: string }) => number;
}): RecordEvent {
  const { clock, records, plan } = parts;
  return ({ type, object, previous, cause }) => {
    const id = newId('event');
    const created = unixSeconds(clock.now());
    const body = {
      id,
      object: 'event',
      api_version: API_VERSION,
      created,
      data: { object, ...(previous === undefined ? {} : { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: 0,
      request: cause,
      type,
    } satisfies Stripe.EventBase;
    records.events.put(id, {
      id,
      type,
      created,
      // A snapshot: what the object becomes later must not change what the event said.
      body: snapshotSchema.parse(JSON.parse(JSON.stringify(body))),
      pending_webhooks: plan({ id, type }),
      undelivered: false,
    });
  };
}

/** The event as the API and the webhooks show it. */
export function renderEvent(event: EventRecord): Record<string, unknown> {
  return { ...event.body, pending_webhooks: event.pending_webhooks };
}
