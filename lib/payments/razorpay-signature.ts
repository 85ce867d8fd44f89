import { createHmac, timingSafeEqual } from 'node:crypto';

export type SignatureVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'no_secret' | 'malformed' | 'no_match' };

/**
 * Checks an `X-Razorpay-Signature` header over the exact bytes of a webhook's body: hex HMAC-SHA256 with the webhook's
 * secret (razorpay.com/docs/webhooks/validate-test). No time is signed, so a delivery can be replayed for ever: that it
 * credits once must rest on the ledger alone. Resends keep the secret of their first attempt, hence `previous`.
 */
export function verifyRazorpayWebhook(delivery: {
  readonly signature: string;
  readonly body: Uint8Array;
  /** Current and previous; empty ones are no secrets. */
  readonly secrets: readonly string[];
}): SignatureVerdict {
  return verify(delivery.signature, { message: delivery.body, secrets: delivery.secrets });
}

/**
 * Checks what Checkout handed to the app after a payment: hex HMAC-SHA256 of `<order id>|<payment id>` with the secret
 * of the API key (razorpay.com/docs/payments/server-integration/nodejs/payment-gateway/build-integration). The order id
 * has to be that of our own record: the one that the app names proves nothing.
 */
export function verifyRazorpayPayment(handover: {
  readonly signature: string;
  readonly orderId: string;
  readonly paymentId: string;
  readonly secrets: readonly string[];
}): SignatureVerdict {
  const { orderId, paymentId, secrets, signature } = handover;
  return verify(signature, { message: Buffer.from(`${orderId}|${paymentId}`), secrets });
}

function verify(
  signature: string,
  signed: { readonly message: Uint8Array; readonly secrets: readonly string[] },
): SignatureVerdict {
  const secrets = signed.secrets.filter((secret) => secret !== '');
  if (secrets.length === 0) return { ok: false, reason: 'no_secret' };
  if (!/^[0-9a-f]{64}$/.test(signature)) return { ok: false, reason: 'malformed' };
  const given = Buffer.from(signature, 'hex');
  // Every secret is tried, so that the time taken does not tell which of them was the right one.
  const matches = secrets.filter((secret) =>
    timingSafeEqual(createHmac('sha256', secret).update(signed.message).digest(), given),
  );
  return matches.length > 0 ? { ok: true } : { ok: false, reason: 'no_match' };
}
