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

/** What every event of a subscription names. */
interface OfSubscription {
  readonly provider: SubscriptionProvider;
  readonly eventId: string;
  /** The provider's event type, for people. */
  readonly type: string;
  /** When it happened at the provider. */
  readonly at: string;
  /** Whom our own call named: it counts only together with the customer whom we know that user by. */
  readonly claimedUserId: string | null;
  readonly customerId: string;
}

/** How a subscription stands, whatever has changed in it. */
export interface SubscriptionStateEvent extends OfSubscription {
  readonly kind: 'state';
  readonly told: ToldSubscription;
}

/** What became of an invoice of a subscription. */
export interface InvoiceEvent extends OfSubscription {
  readonly kind: 'invoice';
  readonly subscriptionId: string;
  readonly invoiceId: string;
  readonly outcome: 'paid' | 'failed';
  readonly reason: InvoiceReason;
  /** What was paid, or is owed. */
  readonly amountMinor: number;
  readonly currency: string;
  /** When the provider tries again by itself; null where it does not. */
  readonly nextAttemptAt: string | null;
  readonly lines: readonly InvoiceLine[];
}

/** Why there is an invoice: the subscription began, its next period did, or another price is to be paid for. */
export type InvoiceReason = 'create' | 'cycle' | 'update';

export interface InvoiceLine extends Omit<ToldLine, 'priceId'> {
  readonly priceId: string | null;
  /** Below zero for what is given back. */
  readonly amountMinor: number;
  /** Of a part of a period, after a change. */
  readonly isProration: boolean;
}

export type SubscriptionEvent = SubscriptionStateEvent | InvoiceEvent;

export type SubscriptionProvider = Extract<PaymentProvider, 'stripe'>;
