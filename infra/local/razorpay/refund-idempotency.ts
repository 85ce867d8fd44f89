import { createHash } from 'node:crypto';

import { badRequest, refused } from '#infra/local/razorpay/errors';
import type { Records } from '#infra/local/razorpay/records';

interface Call {
  readonly key: string;
  readonly path: string;
  /** The exact body: Razorpay compares requests, not their meaning. */
  readonly body: string;
}

export interface RefundIdempotency {
  /**
   * Takes a key for a call: the stored body when the refund was made before. Throws
   * `RazorpayApiError` for a malformed key, another request (400), or a call under way (409).
   */
  begin(call: Call): string | undefined;
  /** Keeps the refund of a call that was carried out; part of the caller's transaction. */
  keep(call: Call, body: string): void;
  /** The call is over; a key whose call was refused can be used again. */
  end(call: Call): void;
}

const KEY_MIN_LENGTH = 10;

/**
 * `X-Refund-Idempotency`; the refunds are durable, the keys in use are those of this process.
 * Razorpay's page says 400 for another request with the same key in its text and 409 in its table:
 * 400 it is here, so that a caller who takes 409 for "still under way" does not wait for ever.
 */
export function createRefundIdempotency(records: Records): RefundIdempotency {
  const inFlight = new Set<string>();
  return {
    begin: (call) => {
      checkKey(call.key);
      const stored = records.answers.get(call.key);
      if (stored !== undefined) {
        if (stored.fingerprint === fingerprint(call)) return stored.body;
        throw refused(
          'Different request with the same idempotency key has already been processed.',
        );
      }
      if (inFlight.has(call.key)) {
        throw refused('Another request with the same idempotency key is still in progress.', 409);
      }
      inFlight.add(call.key);
      return undefined;
    },
    keep: (call, body) => {
      records.answers.put(call.key, { fingerprint: fingerprint(call), body });
    },
    end: (call) => {
      inFlight.delete(call.key);
    },
  };
}

function checkKey(key: string): void {
  if (key.length < KEY_MIN_LENGTH) {
    throw badRequest(`The idempotency key must be at least ${KEY_MIN_LENGTH} characters long.`);
  }
  if (!/^[A-Za-z0-9_-]+$/.test(key)) {
    throw badRequest(
      'The idempotency key must only contain alphanumeric characters, underscores, and hyphens',
    );
  }
}

function fingerprint(call: Call): string {
  return createHash('sha256').update(`${call.path}\n${call.body}`).digest('hex');
}
