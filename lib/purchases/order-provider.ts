/** An order, as we ask a provider for one that has no page of its own. Everything in it is of the stored purchase. */
export interface OrderRequest {
  readonly purchaseId: string;
  readonly amountMinor: number;
  readonly currency: string;
}

/**
 * A provider's answer. `unknown` is no failure: the order may exist, and asking again with the same request finds it
 * (DESIGN 6).
 */
export type OrderAnswer =
  | { readonly kind: 'opened'; readonly orderId: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** A payment as its provider has it now. */
export interface OrderPayment {
  readonly paymentId: string;
  /** Null for a payment that was made without an order. */
  readonly orderId: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  /** Whether the money is ours: not promised, not refused. */
  readonly isCaptured: boolean;
  /** When it was begun. */
  readonly at: string;
}

export type OrderPaymentAnswer =
  | { readonly kind: 'found'; readonly payment: OrderPayment }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** What the provider's page hands to the app after a payment, with the order id of our own record. */
export interface Handover {
  readonly orderId: string;
  readonly paymentId: string;
  readonly signature: string;
}

/** Who can open an order that the app's own page pays: repeating a request for a purchase leads to the same order. */
export interface OrderProvider {
  /** What the app opens the provider's page with; public. */
  readonly keyId: () => Promise<string>;
  readonly openOrder: (request: OrderRequest) => Promise<OrderAnswer>;
  readonly isSigned: (handover: Handover) => Promise<boolean>;
  readonly findPayment: (paymentId: string) => Promise<OrderPaymentAnswer>;
}
