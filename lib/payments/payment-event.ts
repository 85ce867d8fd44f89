/**
 * What a payment provider tells us, in our words: adds facts to a purchase and says nothing about steps (DESIGN 6).
 * A provider's own shapes end in its translation.
 */
export interface CheckoutEvent {
  readonly kind: 'checkout';
  readonly provider: PaymentProvider;
  readonly eventId: string;
  /** The provider's event type, for people. */
  readonly type: string;
  /** When it happened at the provider, ISO 8601 UTC. */
  readonly at: string;
  readonly sessionRef: string;
  /** What our own call named as the purchase: a hint to find it, never a reason to credit. */
  readonly claimedPurchaseId: string | null;
  /** The payment behind the session; null where nothing had to be paid. */
  readonly paymentRef: string | null;
  readonly outcome: CheckoutOutcome;
  /** The session's price, and what is left of it after discounts, in minor units. */
  readonly priceMinor: number | null;
  readonly payableMinor: number;
  /** ISO 4217, in capitals. */
  readonly currency: string;
}

/**
 * `paid` and `free` fulfil (`free`: discounts of our own account left nothing to pay); `unpaid` waits for a slow
 * payment; `failed` is a slow payment that did not arrive; `expired` a session that nobody completed.
 */
export type CheckoutOutcome = 'paid' | 'free' | 'unpaid' | 'failed' | 'expired';

export type PaymentEvent = CheckoutEvent;

export const PAYMENT_PROVIDERS = ['stripe', 'razorpay'] as const;
export type PaymentProvider = (typeof PAYMENT_PROVIDERS)[number];

/** A raw delivery after its provider's translation. */
export type Translation =
  | { readonly kind: 'event'; readonly event: PaymentEvent }
  /** Known to mean nothing for us, or not subscribed to. */
  | { readonly kind: 'ignored'; readonly eventId: string; readonly type: string }
  | {
      readonly kind: 'quarantine';
      readonly reason: QuarantineReason;
      /** Null where the body does not even name its event. */
      readonly eventId: string | null;
      readonly type: string | null;
      readonly detail: string;
    };

/** Why an event waits for a person (DESIGN 6). */
export const QUARANTINE_REASONS = [
  /** The body is not what its provider sends. */
  'MALFORMED_EVENT',
  /** Test money for the live ledger, or the other way round. */
  'WRONG_LIVEMODE',
  /** The endpoint speaks another release of the provider's API than we read. */
  'WRONG_API_VERSION',
  /** No purchase of ours belongs to it. */
  'UNKNOWN_SESSION',
  /** The session belongs to one purchase and names another, or its payment belongs to another. */
  'CONTRADICTING_PURCHASE',
  'WRONG_AMOUNT',
  'WRONG_CURRENCY',
  /** The purchase is paid already, by another payment: this one has to be refunded. */
  'SECOND_PAYMENT',
  /** Paid, but the wallet cannot take the credits: make room and replay, or refund. */
  'WALLET_REFUSED',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];
