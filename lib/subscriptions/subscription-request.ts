import * as z from 'zod';
import { TIERS } from '#lib/contract/subscriptions';
import type { RecordRef } from '#lib/ports';
import type { KeyedRequest } from '#lib/requests/request-record';

const act = z.discriminatedUnion('kind', [
  /** Another price from now on: the rest of the period is paid for now, or nothing is until the next one. */
  z.object({
    kind: z.literal('change_price'),
    itemId: z.string(),
    priceId: z.string(),
    payNow: z.boolean(),
    /** What is paid for until the period ends, where the new price is billed from the next one on. */
    paidFor: z.object({ tier: z.enum(TIERS), until: z.string() }).nullable(),
  }),
  /** Whether it ends with its period. */
  z.object({ kind: z.literal('set_end'), ends: z.boolean(), reason: z.string().nullable() }),
  z.object({ kind: z.literal('end_now'), reason: z.string().nullable() }),
]);
/** What is to become of a running subscription. */
export type ProviderAct = Readonly<z.infer<typeof act>>;

const decided = z.discriminatedUnion('kind', [
  /** Nothing runs: a page on which it begins. */
  z.object({ kind: z.literal('page'), priceId: z.string() }),
  z.object({ kind: z.literal('change'), subscriptionId: z.string(), act }),
]);
/** What a request asks of the provider. */
export type Decided = Readonly<z.infer<typeof decided>>;

const page = z.object({ sessionId: z.string(), url: z.string() });
/** Where a user goes to subscribe. */
export type OpenedPage = Readonly<z.infer<typeof page>>;

/**
 * What a request with an Idempotency-Key has asked of the provider, stored before it is asked: sent again, it asks for
 * the very same, whatever has become of the subscription in between.
 */
export const subscriptionRequestSchema = z.object({
  fingerprint: z.string(),
  at: z.string(),
  decided,
  /** When the provider had done it and we had written it down; null while that is not known. */
  doneAt: z.string().nullable(),
  page: page.nullable(),
});
export type SubscriptionRequest = Readonly<z.infer<typeof subscriptionRequestSchema>>;

/** Stripe forgets keys after a day; what was not done by then is decided anew. */
const REPEATABLE_MS = 23 * 3_600_000;

export function isRepeatable(stored: SubscriptionRequest, now: string): boolean {
  return Date.parse(now) - Date.parse(stored.at) < REPEATABLE_MS;
}

/** Null where the caller named no key: nobody can send it again. */
export function subscriptionRequestRef(
  request: KeyedRequest,
): RecordRef<'subscriptionRequest'> | null {
  const { cause, fingerprint } = request;
  return fingerprint === null ? null : { record: 'subscriptionRequest', id: { cause } };
}
