import * as z from 'zod';
import { ID_PREFIXES } from '#lib/id-prefixes';
import {
  DISPUTE_STATES,
  PAYMENT_PROVIDERS,
  type PaymentProvider,
  REFUND_STATES,
} from '#lib/payments/payment-event';

const instant = z.string();
const minorUnits = z.int().min(0);

/** Money that arrived. `ref` is the provider's payment; a session that cost nothing stands for itself. */
const payment = z.object({ ref: z.string(), amountMinor: minorUnits, at: instant });
const refund = z.object({
  id: z.string(),
  paymentRef: z.string(),
  amountMinor: minorUnits,
  state: z.enum(REFUND_STATES),
  at: instant,
});
/** What the provider said is refunded of a payment in all: the most that it ever said. */
const refundTotal = z.object({ paymentRef: z.string(), amountMinor: minorUnits });
const dispute = z.object({
  id: z.string(),
  paymentRef: z.string(),
  amountMinor: minorUnits,
  state: z.enum(DISPUTE_STATES),
  at: instant,
});
/** Money that went back, or may: sets by id, sorted by it, so that equal facts are equal values. */
const returns = z.object({
  refunds: z.array(refund),
  refundTotals: z.array(refundTotal),
  disputes: z.array(dispute),
});
export type Returns = z.infer<typeof returns>;
export const NO_RETURNS: Returns = { refunds: [], refundTotals: [], disputes: [] };
/** What became of the checkout short of a payment, for good unless money still comes. */
const outcome = z.object({ kind: z.enum(['unpaid', 'failed', 'expired']), at: instant });

/** Money that somebody of ours asked the provider to give back; stored before it is asked. */
const refundRequest = z.object({
  /** The provider's idempotency key: one per purchase and cause. */
  key: z.string(),
  paymentRef: z.string(),
  amountMinor: minorUnits,
  reason: z.string(),
  by: z.string(),
  at: instant,
  fingerprint: z.string().nullable(),
  /** The provider's refund; null while its answer is not known. */
  refundRef: z.string().nullable(),
  /** Why there is none: the provider refused it, or has never heard of it. Absent while either may be so. */
  ended: z.enum(['refused', 'absent']).optional(),
});
export type RefundRequest = z.infer<typeof refundRequest>;

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
  /** Absent where its user began it themselves. */
  origin: z.enum(['auto_topup']).optional(),
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
  ...returns.shape,
  outcomes: z.array(outcome),
  /** The latest attempt that was declined, as its provider's code: the page stays open for another. Absent before one. */
  lastDecline: z.object({ at: instant, reason: z.string().nullable() }).optional(),
  /** Oldest first; absent until there is one. */
  refundRequests: z.array(refundRequest).optional(),
  /** Credits that the wallet got for it, and the entry that says so. */
  credited: z.object({ credits: z.int().min(1), entryId: z.string() }).nullable(),
  /** What was taken back of these credits and given back again since, oldest first. */
  corrections: z.array(
    z.object({
      kind: z.enum(['reversal', 'reinstatement']),
      credits: z.int().min(1),
      entryId: z.string(),
    }),
  ),
});
export type Purchase = z.infer<typeof purchaseSchema>;
export type PurchaseOutcome = Purchase['outcomes'][number]['kind'];

/**
 * Leads from what a provider names (session, payment) to the purchase. A refund or dispute may come before its payment:
 * then it waits here, in the very item that the payment has to write, so that neither can miss the other.
 */
export const paymentReferenceSchema = z.object({
  purchaseId: z.string().nullable(),
  waiting: returns.extend({ currency: z.string() }).optional(),
});
export type PaymentReference = z.infer<typeof paymentReferenceSchema>;

/**
 * How many purchases a user has begun: with it any page of their list is one bounded query, and its total exact. And
 * which of them within a day of the last one, oldest first: what limits count.
 */
export const purchaseCountSchema = z.object({
  count: z.int().min(0),
  recent: z.array(z.object({ purchaseId: z.string(), at: instant })).default([]),
});
export type PurchaseCount = z.infer<typeof purchaseCountSchema>;

/** The cause of the entry that credits a purchase: one purchase, one credit, for ever. */
export function purchaseCause(purchaseId: string): string {
  return `purchase:${purchaseId}`;
}

/** The cause of the nth correction of a purchase's credits. */
export function correctionCause(
  purchase: Pick<Purchase, 'id' | 'corrections'>,
  kind: Purchase['corrections'][number]['kind'],
): string {
  return `${kind}:${purchase.id}:${purchase.corrections.length + 1}`;
}

/**
 * The id that follows from what caused the attempt (`request:<hash>` of caller, route and Idempotency-Key), so that the
 * retry of a request meets the purchase it began.
 */
export function purchaseIdOf(cause: string): string {
  return `${ID_PREFIXES.purchase}_${cause.replace(/^request:/, '')}`;
}

/** The cause of an attempt whose purchase has its id already: what `purchaseIdOf` makes that id of. */
export function attemptCauseOf(purchaseId: string): string {
  return purchaseId.replace(`${ID_PREFIXES.purchase}_`, 'request:');
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
    readonly origin?: NonNullable<Purchase['origin']>;
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
    ...NO_RETURNS,
    outcomes: [],
    credited: null,
    corrections: [],
  };
}
