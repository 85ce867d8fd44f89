import * as z from 'zod';
import { ID_PREFIXES } from '#lib/contract/ids';
import { PAYMENT_PROVIDERS, type PaymentProvider } from '#lib/payments/payment-event';

const instant = z.string();
const minorUnits = z.int().min(0);

/** Money that arrived. `ref` is the provider's payment; a session that cost nothing stands for itself. */
const payment = z.object({ ref: z.string(), amountMinor: minorUnits, at: instant });
const refund = z.object({
  id: z.string(),
  amountMinor: minorUnits,
  state: z.enum(['pending', 'succeeded', 'failed']),
  at: instant,
});
const dispute = z.object({
  id: z.string(),
  amountMinor: minorUnits,
  state: z.enum(['open', 'won', 'lost']),
  at: instant,
});
/** What became of the checkout short of a payment. */
const outcome = z.object({ kind: z.enum(['unpaid', 'failed', 'expired']), at: instant });

/**
 * One attempt to buy (DESIGN 6): what was agreed, which never changes; the facts that its provider told us, as sets by
 * id; and what the ledger has posted for them. Money in minor units, times ISO 8601 UTC. What is granted comes from
 * here alone.
 */
export const purchaseSchema = z.object({
  id: z.string(),
  userId: z.string(),
  /** Its place among the user's purchases, 1 to n. */
  number: z.int().min(1),
  creditType: z.string(),
  credits: z.int().min(1),
  amountMinor: minorUnits,
  currency: z.string(),
  provider: z.enum(PAYMENT_PROVIDERS),
  packageId: z.string().nullable(),
  packageName: z.string(),
  /** Where the provider sends its own receipt; null where we know no address. */
  email: z.string().nullable(),
  /** Hash of the request that made it, where it came with a key: tells the key's retry from its reuse. */
  fingerprint: z.string().nullable(),
  createdAt: instant,
  /** Null until the provider's answer, or its first event, has told us. */
  session: z
    .object({ id: z.string(), url: z.string().nullable(), expiresAt: instant.nullable() })
    .nullable(),
  payments: z.array(payment),
  refunds: z.array(refund),
  disputes: z.array(dispute),
  outcomes: z.array(outcome),
  /** Credits that the wallet got for it, and the entry that says so. */
  credited: z.object({ credits: z.int().min(1), entryId: z.string() }).nullable(),
});
export type Purchase = z.infer<typeof purchaseSchema>;
export type PurchaseOutcome = Purchase['outcomes'][number]['kind'];

/** Leads from what a provider names (session, payment) to the purchase. */
export const paymentReferenceSchema = z.object({ purchaseId: z.string() });
export type PaymentReference = z.infer<typeof paymentReferenceSchema>;

/** How many purchases a user has begun: with it any page of their list is one bounded query, and its total exact. */
export const purchaseCountSchema = z.object({ count: z.int().min(0) });
export type PurchaseCount = z.infer<typeof purchaseCountSchema>;

/** The cause of the entry that credits a purchase: one purchase, one credit, for ever. */
export function purchaseCause(purchaseId: string): string {
  return `purchase:${purchaseId}`;
}

/**
 * The id that follows from what caused the attempt (`request:<hash>` of caller, route and Idempotency-Key), so that the
 * retry of a request meets the purchase it began.
 */
export function purchaseIdOf(cause: string): string {
  return `${ID_PREFIXES.purchase}_${cause.replace(/^request:/, '')}`;
}

export interface Quote {
  readonly creditType: string;
  readonly credits: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly packageId: string | null;
  readonly packageName: string;
}

/** A purchase before anything has happened to it. */
export function newPurchase(
  quote: Quote,
  attempt: {
    readonly id: string;
    readonly userId: string;
    readonly number: number;
    readonly provider: PaymentProvider;
    readonly email: string | null;
    readonly fingerprint: string | null;
    readonly createdAt: string;
  },
): Purchase {
  return {
    ...quote,
    ...attempt,
    session: null,
    payments: [],
    refunds: [],
    disputes: [],
    outcomes: [],
    credited: null,
  };
}
