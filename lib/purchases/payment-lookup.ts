import type { PaymentEvent } from '#lib/payments/payment-event';

/** What a provider says now of a session or order of its own. */
export type LookupAnswer =
  /** As its event would tell it; null while nothing has come of it. */
  | { readonly kind: 'found'; readonly event: PaymentEvent | null }
  /** The provider knows no such thing. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** Who can say what became of a payment page or order, when no event has told us. */
export interface PaymentLookup {
  readonly findSession: (sought: {
    readonly sessionId: string;
    readonly now: string;
  }) => Promise<LookupAnswer>;
  readonly findOrder: (orderId: string) => Promise<LookupAnswer>;
}
