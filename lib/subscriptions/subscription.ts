import * as z from 'zod';
import { CREDIT_TYPES } from '#lib/contract/credit-types';
import { SUBSCRIPTION_STATUSES, TIERS } from '#lib/contract/subscriptions';
import type { Tier } from '#lib/subscriptions/tiers';

export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** The grant of one credit type that a period of a plan made. */
const planGrant = z.object({
  creditType: z.enum(CREDIT_TYPES),
  grantId: z.string(),
  credits: z.int(),
});

/** What the newest period that was granted has given: its rest is what rolls over, or is taken back. */
const grantedPeriod = z.object({
  /** Of its entries. */
  cause: z.string(),
  tier: z.enum(TIERS),
  start: z.string(),
  end: z.string(),
  grants: z.array(planGrant),
});
export type GrantedPeriod = Readonly<z.infer<typeof grantedPeriod>>;

const failedInvoice = z.object({
  invoiceId: z.string(),
  amountMinor: z.int(),
  currency: z.string(),
  /** Of the first attempt, and of the latest that we know of. */
  at: z.string(),
  lastAt: z.string(),
  /** When the provider tries again by itself; null where it does not. */
  nextAttemptAt: z.string().nullable(),
});
export type FailedInvoice = Readonly<z.infer<typeof failedInvoice>>;

/**
 * A user's subscription, one for ever: the provider's newest word on what is paid for, and what we have given for it.
 * Times are ISO 8601 UTC with milliseconds. The tier that quotas follow is `tierInForce`, never `tier` alone.
 */
export const subscriptionSchema = z.object({
  userId: z.string(),
  tier: z.enum(TIERS),
  status: z.enum(SUBSCRIPTION_STATUSES),
  /** Null while nothing is subscribed to with a provider. */
  provider: z
    .object({
      name: z.literal('stripe'),
      subscriptionId: z.string(),
      customerId: z.string(),
      /** The line that a change of price names. */
      itemId: z.string().nullable(),
      priceId: z.string(),
      currency: z.string(),
    })
    .nullable(),
  /** When its months began: the 31st is the last day of a shorter month. */
  anchor: z.string(),
  currentPeriodStart: z.string(),
  currentPeriodEnd: z.string(),
  cancelAtPeriodEnd: z.boolean(),
  /** Why it was cancelled, in the words of who did it. */
  cancelReason: z.string().nullable(),
  /** When it ended, or null. Periods that begin then or later give nothing, whoever pays for them. */
  endedAt: z.string().nullable(),
  /** A downgrade that waits for the end of the period. */
  pendingChange: z.object({ tier: z.enum(TIERS), at: z.string() }).nullable(),
  /** Since when a payment has failed, or null: the start of the grace days. */
  pastDueSince: z.string().nullable(),
  /** The provider's time of the newest state that stands here: older ones never overwrite it. Null before the first. */
  providerStateAt: z.string().nullable(),
  granted: grantedPeriod.nullable(),
  /** The newest invoice of this subscription that was paid. */
  paidInvoice: z.object({ invoiceId: z.string(), at: z.string() }).nullable(),
  /** The newest renewal that could not be paid and is still owed. */
  failedInvoice: failedInvoice.nullable(),
  /** Since when two words of one instant contradict each other: the provider has to be asked. */
  doubtAt: z.string().nullable(),
  /** When the provider was asked last, because something was overdue or in doubt. */
  checkedAt: z.string().nullable(),
  /** When FREE's next monthly credits are due; null where the provider's invoices decide instead. */
  creditsDueAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Subscription = Readonly<z.infer<typeof subscriptionSchema>>;

/** What somebody has who never subscribed: FREE, month after month since they came. */
export function freeSubscription(user: {
  readonly userId: string;
  readonly now: string;
  readonly periodEnd: string;
}): Subscription {
  const { userId, now, periodEnd } = user;
  return {
    userId,
    tier: 'FREE',
    status: 'ACTIVE',
    provider: null,
    anchor: now,
    currentPeriodStart: now,
    currentPeriodEnd: periodEnd,
    cancelAtPeriodEnd: false,
    cancelReason: null,
    endedAt: null,
    pendingChange: null,
    pastDueSince: null,
    providerStateAt: null,
    granted: null,
    paidInvoice: null,
    failedInvoice: null,
    doubtAt: null,
    checkedAt: null,
    creditsDueAt: now,
    createdAt: now,
    updatedAt: now,
  };
}

const DAY_MS = 86_400_000;

/**
 * The tier whose quotas hold now. What is not paid for falls to FREE: at once where it has ended or never began, after
 * the grace days where a payment has failed; a payment restores it.
 */
export function tierInForce(
  subscription: Pick<Subscription, 'tier' | 'status' | 'pastDueSince' | 'endedAt'> | null,
  at: { readonly now: string; readonly graceDays: number },
): Tier {
  if (!subscription) return 'FREE';
  const { tier, status, pastDueSince, endedAt } = subscription;
  if (endedAt !== null && endedAt <= at.now) return 'FREE';
  switch (status) {
    case 'ACTIVE':
    case 'TRIALING':
      return tier;
    case 'PAST_DUE':
      return graceEndsAt(pastDueSince ?? at.now, at.graceDays) > at.now ? tier : 'FREE';
    case 'CANCELED':
    case 'INCOMPLETE':
      return 'FREE';
  }
}

/** When quotas of a subscription fall to FREE whose payment has failed since an instant. */
export function graceEndsAt(pastDueSince: string, graceDays: number): string {
  return new Date(Date.parse(pastDueSince) + graceDays * DAY_MS).toISOString();
}
