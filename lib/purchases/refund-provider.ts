import type { PaymentProvider, RefundState } from '#lib/payments/payment-event';

/** Money to give back, as we ask its provider for it. Everything in it is of the stored purchase and request. */
export interface RefundOrder {
  readonly provider: PaymentProvider;
  readonly paymentRef: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly purchaseId: string;
  /** Equal in every repetition of this refund and in nothing else: no lost answer gives money back twice. */
  readonly refundKey: string;
}

/** `unknown` is no failure: the money may be on its way, and asking again with the same order finds it (DESIGN 6). */
export type RefundAnswer =
  | {
      readonly kind: 'made';
      readonly refundRef: string;
      readonly state: RefundState;
      /** The refund's own creation, equal in all events about it. */
      readonly at: string;
    }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

export interface RefundProvider {
  readonly refund: (order: RefundOrder) => Promise<RefundAnswer>;
}
