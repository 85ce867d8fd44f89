import type { PaymentEvent } from '#lib/payments/payment-event';
import type { OpenCustomer } from '#lib/purchases/provider-customer';

/** A page on which a card is saved for later, as we ask a provider for one. */
export interface SetupRequest {
  readonly userId: string;
  readonly creditType: string;
  readonly customerRef: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
  /** Of the request: sent again, it gets the same page. */
  readonly cause: string;
}

/** A charge of a saved card, as we ask for it: equal for equal purchases, so that asking again never charges again. */
export interface CardCharge {
  readonly purchaseId: string;
  readonly customerRef: string;
  readonly methodRef: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly description: string;
}

export type SetupAnswer =
  | { readonly kind: 'opened'; readonly sessionId: string; readonly url: string }
  | { readonly kind: 'refused' | 'unknown'; readonly detail: string };

/** What became of a charge, told as an event would tell it. */
export type ChargeAnswer =
  | { readonly kind: 'told'; readonly event: PaymentEvent }
  /** The provider has not done it, and nothing was declined by a bank. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** It may have been done: asking again with the same purchase finds out. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** Who saves cards and charges them while their owners are away. */
export interface CardProvider {
  readonly openCustomer: OpenCustomer;
  readonly openSetup: (request: SetupRequest) => Promise<SetupAnswer>;
  /** Only while the provider keeps its answer for the purchase's key: `REPEATABLE_MS` from the first time. */
  readonly charge: (order: CardCharge) => Promise<ChargeAnswer>;
  /** Afterwards: what became of it; `absent` where it was certainly never made. */
  readonly findCharge: (
    order: CardCharge & { readonly at: string },
  ) => Promise<ChargeAnswer | { readonly kind: 'absent' }>;
}
