import { createHmac } from 'node:crypto';

/** A secret of the form that Stripe's dashboard shows; made up. */
export const WEBHOOK_SECRET = 'whsec_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6';

/** The `Stripe-Signature` header for a body: what Stripe computes, with any part changed on demand. */
export function signatureHeader(
  body: string | Uint8Array,
  options: { readonly secret?: string; readonly seconds?: number } = {},
): string {
  const seconds = options.seconds ?? Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', options.secret ?? WEBHOOK_SECRET);
  return `t=${seconds},v1=${mac.update(`${seconds}.`).update(body).digest('hex')}`;
}

export interface CheckoutEventParts {
  readonly id?: string;
  readonly type?: string;
  readonly apiVersion?: string | null;
  readonly livemode?: boolean;
  readonly created?: number;
  /** Fields of the session to set; undefined takes one away. */
  readonly session?: Readonly<Record<string, unknown>>;
}

/** The body of any event of the pinned API version, with the object as it is given. */
export function stripeEventBody(event: {
  readonly id: string;
  readonly type: string;
  readonly created?: number;
  readonly livemode?: boolean;
  readonly apiVersion?: string;
  readonly object: object;
}): string {
  const { apiVersion = '2026-10-28.endive', object, ...envelope } = event;
  return JSON.stringify({
    object: 'event',
    api_version: apiVersion,
    created: 1_795_000_000,
    livemode: false,
    ...envelope,
    data: { object },
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
  });
}

/** The body of a `checkout.session.*` event for 100 credits at 10.00 USD, in the shape of the pinned API version. */
export function checkoutEventBody(parts: CheckoutEventParts = {}): string {
  const type = parts.type ?? 'checkout.session.completed';
  return JSON.stringify({
    id: parts.id ?? 'evt_1',
    object: 'event',
    api_version: parts.apiVersion === undefined ? '2026-10-28.endive' : parts.apiVersion,
    created: parts.created ?? 1_795_000_000,
    data: {
      object: {
        id: 'cs_test_1',
        object: 'checkout.session',
        amount_subtotal: 1_000,
        amount_total: 1_000,
        client_reference_id: 'pur_1',
        currency: 'usd',
        livemode: parts.livemode ?? false,
        metadata: { purchase_id: 'pur_1' },
        mode: 'payment',
        payment_intent: 'pi_1',
        payment_status: 'paid',
        status: 'complete',
        url: null,
        ...parts.session,
      },
    },
    livemode: parts.livemode ?? false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  });
}
