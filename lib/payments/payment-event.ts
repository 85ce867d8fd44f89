import type { SubscriptionEvent } from '#lib/payments/subscription-event';

/**
 * What a payment provider tells us, in our words: adds facts to a purchase and says nothing about steps (DESIGN 6).
 * A provider's own shapes end in its translation. Money is in minor units, times are ISO 8601 UTC.
 */
export type PaymentEvent =
  CheckoutEvent | PaymentAttemptEvent | RefundEvent | RefundTotalEvent | DisputeEvent;

interface ProviderEvent {
  readonly provider: PaymentProvider;
  readonly eventId: string;
  /** The provider's event type, for people. */
  readonly type: string;
  /** When it happened at the provider. */
  readonly at: string;
  /** What our own call named as the purchase: a hint to find it, never a reason to credit. */
  readonly claimedPurchaseId: string | null;
  /** ISO 4217, in capitals. */
  readonly currency: string;
}

/** About a hosted page, and what became of it. */
export interface CheckoutEvent extends ProviderEvent {
  readonly kind: 'checkout';
  readonly sessionRef: string;
  /** The payment behind the session; null where nothing had to be paid. */
  readonly paymentRef: string | null;
  readonly outcome: CheckoutOutcome;
  /** The session's price, and what is left of it after discounts. */
  readonly priceMinor: number | null;
  readonly payableMinor: number;
}

/**
 * `paid` and `free` fulfil (`free`: discounts of our own account left nothing to pay); `unpaid` waits for a slow
 * payment; `failed` is a slow payment that did not arrive; `expired` a session that nobody completed.
 */
export type CheckoutOutcome = 'paid' | 'free' | 'unpaid' | 'failed' | 'expired';

/** What every event about one payment names, beside the payment: whatever of it the provider says. */
interface OfPayment extends ProviderEvent {
  readonly paymentRef: string;
  /** The session or order that the payment was made for; null where the event does not say. */
  readonly sessionRef: string | null;
}

/**
 * About one payment, wherever it was made. `paid` is money that is ours (captured); `unpaid` is promised and not yet
 * ours (authorized); `declined` is one attempt that came to nothing, which another may follow.
 */
export interface PaymentAttemptEvent extends OfPayment {
  readonly kind: 'payment';
  readonly outcome: 'paid' | 'unpaid' | 'declined';
  /** The provider's code for why it was declined; null where it says none, or was not declined. */
  readonly declineReason: string | null;
  /** What the payment is of: for `paid` what has arrived. */
  readonly amountMinor: number;
}

/** One refund as its provider sees it. `at` is the refund's own creation, equal in all events about it. */
export interface RefundEvent extends OfPayment {
  readonly kind: 'refund';
  readonly refundRef: string;
  /** What our own call named it, if it was ours: leads back to what was asked for, and decides nothing. */
  readonly refundKey: string | null;
  readonly amountMinor: number;
  readonly state: RefundState;
}

/** `pending` counts as refunded: the money is on its way. `failed` (or cancelled) gave nothing back, and is final. */
export const REFUND_STATES = ['pending', 'succeeded', 'failed'] as const;
export type RefundState = (typeof REFUND_STATES)[number];

/**
 * How much of a payment is refunded in all, without saying by which refunds (Stripe's `charge.refunded`). Refunds by
 * their ids are the better source; this one covers those that we have not heard of.
 */
export interface RefundTotalEvent extends OfPayment {
  readonly kind: 'refund_total';
  readonly refundedMinor: number;
}

/** One dispute. `at` is the dispute's own creation, equal in all events about it. */
export interface DisputeEvent extends OfPayment {
  readonly kind: 'dispute';
  readonly disputeRef: string;
  readonly amountMinor: number;
  readonly state: DisputeState;
}

/**
 * In the order in which a dispute goes: an `inquiry` takes no money (nor does one that was closed or prevented); an
 * `open` one has taken it for the time being; `lost` has taken it unless an appeal still wins; `won` brought it back
 * for good. A status that none of these stands for certainly is quarantined, never guessed.
 */
export const DISPUTE_STATES = ['inquiry', 'open', 'lost', 'won'] as const;
export type DisputeState = (typeof DISPUTE_STATES)[number];

export const PAYMENT_PROVIDERS = ['stripe', 'razorpay'] as const;
export type PaymentProvider = (typeof PAYMENT_PROVIDERS)[number];

/** That a user has saved a card for later, on a page that we opened for them: no money moved. */
export interface SavedCardEvent {
  readonly provider: PaymentProvider;
  readonly eventId: string;
  readonly type: string;
  readonly at: string;
  /** What our own call named; it counts only together with the customer whom we know the user by. */
  readonly userId: string;
  readonly creditType: string;
  readonly customerRef: string;
  readonly methodRef: string;
}

/** A raw delivery after its provider's translation. */
export type Translation<E extends PaymentEvent = PaymentEvent> =
  | { readonly kind: 'event'; readonly event: E }
  | { readonly kind: 'saved_card'; readonly event: SavedCardEvent }
  | { readonly kind: 'subscription'; readonly event: SubscriptionEvent }
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
  'UNKNOWN_PAYMENT',
  /** No user of ours is the customer whose subscription it is. */
  'UNKNOWN_SUBSCRIPTION',
  /** The subscription bills something that is no tier of ours. */
  'UNKNOWN_PRICE',
  /** The user has another one running: one of them has to be ended, and refunded. */
  'SECOND_SUBSCRIPTION',
  /** The provider uses a status that we do not know the meaning of. */
  'UNKNOWN_STATUS',
  /** The session belongs to one purchase and names another, or its payment belongs to another. */
  'CONTRADICTING_PURCHASE',
  'WRONG_AMOUNT',
  'WRONG_CURRENCY',
  /** The purchase is paid already, by another payment: this one has to be refunded. */
  'SECOND_PAYMENT',
  /** Paid, but the wallet cannot take the credits: make room and replay, or refund. */
  'WALLET_REFUSED',
  /** More refunds or disputes of one payment than we keep. */
  'TOO_MANY_FACTS',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];
