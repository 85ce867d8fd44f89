import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the signature's time may be from ours, in seconds, either way: bounds the replay of a stolen delivery. */
const STRIPE_SKEW_MAX_SECONDS = 300;

const HEADER_LENGTH_MAX = 4_096;
/** Two secrets sign while one is rolled; a header with more signatures than this is somebody's attack. */
const SIGNATURES_MAX = 16;

export type SignatureVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: 'no_secret' | 'malformed' | 'outside_tolerance' | 'no_match';
    };

/**
 * Checks a `Stripe-Signature` header (`t=<seconds>,v1=<hex>[,v1=<hex>...]`) over the exact bytes of a body: HMAC-SHA256
 * of `<t>.<body>` with the whole `whsec_...` text as the key. The SDK's own check takes any time in the future, so
 * ours replaces it (docs.stripe.com/webhooks/signature). `v0` signatures count for nothing.
 */
export function verifyStripeSignature(delivery: {
  readonly header: string;
  readonly body: Uint8Array;
  /** Current and previous; empty ones are no secrets. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}): SignatureVerdict {
  const secrets = delivery.secrets.filter((secret) => secret !== '');
  if (secrets.length === 0) return { ok: false, reason: 'no_secret' };
  const parsed = parseHeader(delivery.header);
  if (!parsed) return { ok: false, reason: 'malformed' };
  const skew = Math.abs(Math.floor(delivery.nowMs / 1000) - Number(parsed.time));
  if (skew > STRIPE_SKEW_MAX_SECONDS) return { ok: false, reason: 'outside_tolerance' };
  const expected = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${parsed.time}.`).update(delivery.body).digest(),
  );
  // Every pair is compared, so that the time taken does not tell which secret or signature was the right one.
  const matches = expected.flatMap((mac) =>
    parsed.signatures.filter((signature) => timingSafeEqual(mac, signature)),
  );
  return matches.length > 0 ? { ok: true } : { ok: false, reason: 'no_match' };
}

function parseHeader(header: string): { time: string; signatures: Buffer[] } | null {
  if (header.length > HEADER_LENGTH_MAX) return null;
  const times: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(',')) {
    const [, name, value] = /^\s*([a-z0-9]+)=([^\s=]*)\s*$/.exec(part) ?? [];
    if (name === 't' && value !== undefined) times.push(value);
    if (name === 'v1' && value !== undefined && /^[0-9a-f]{64}$/.test(value)) {
      signatures.push(Buffer.from(value, 'hex'));
    }
  }
  const [time, ...others] = times;
  // With two times it would be open which of them the signature covers.
  if (time === undefined || others.length > 0 || !/^[0-9]{1,12}$/.test(time)) return null;
  if (signatures.length === 0 || signatures.length > SIGNATURES_MAX) return null;
  return { time, signatures };
}
