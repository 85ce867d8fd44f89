/** A hosted payment page, as we ask a provider for one. Everything in it comes from the stored purchase. */
export interface SessionRequest {
  readonly purchaseId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly productName: string;
  readonly productDescription: string;
  readonly email: string | null;
  readonly successUrl: string;
  readonly cancelUrl: string;
}

export interface OpenedSession {
  readonly id: string;
  readonly url: string;
  readonly expiresAt: string;
}

/**
 * A provider's answer. `unknown` is no failure: the page may exist and may be paid, and asking again with the same
 * request finds it (DESIGN 6).
 */
export type SessionAnswer =
  | { readonly kind: 'opened'; readonly session: OpenedSession }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

/** Who can open a hosted payment page: repeating a request for a purchase never opens a second one. */
export interface CheckoutProvider {
  readonly openSession: (request: SessionRequest) => Promise<SessionAnswer>;
}
