import type { PaymentProvider } from '#lib/payments/payment-event';
import type { SubscriptionStatus } from '#lib/subscriptions/subscription';

/*
 * What a provider tells us of subscriptions, in our words. Times are ISO 8601 UTC with milliseconds, money is in minor
 * units.
 */

/** A subscription as its provider has it; which tier its price stands for is ours to know. */
export interface ToldSubscription {
  readonly subscriptionId: string;
  readonly customerId: string;
  readonly status: SubscriptionStatus;
  /** ISO 4217, in capitals. */
  readonly currency: string;
  readonly anchor: string;
  readonly lines: readonly ToldLine[];
  /** What is paid for until an instant although a cheaper price is billed already: a downgrade waits for it. */
  readonly paidFor: { readonly tier: string; readonly until: string } | null;
  readonly cancelAtPeriodEnd: boolean;
  /** Why it was cancelled, in the words of who did it; null where the provider has none. */
  readonly cancelReason: string | null;
  readonly endedAt: string | null;
}

/** What is billed: a price, for a period. */
export interface ToldLine {
  readonly itemId: string | null;
  readonly priceId: string;
  readonly start: string;
  readonly end: string;
}

export type SubscriptionProvider = Extract<PaymentProvider, 'stripe'>;
