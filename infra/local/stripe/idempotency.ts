import { createHash } from 'node:crypto';

import type { Clock } from '#infra/local/clock';
import { invalidRequest, StripeApiError } from '#infra/local/stripe/errors';
import type { FormFields, FormValue } from '#infra/local/stripe/form';
import type { Answer, Records } from '#infra/local/stripe/records';

interface Call {
  readonly key: string;
  /** Method and path. */
  readonly route: string;
  readonly fields: FormFields;
}

export interface Idempotency {
  /**
   * Takes a key for a call: the stored answer when the call was made before. Throws
   * `StripeApiError` for other parameters (400) and while the first call is under way (409).
   */
  begin(call: Call): Answer | undefined;
  /** Keeps the answer of a call that was carried out; part of the caller's transaction. */
  keep(call: Call, answer: Pick<Answer, 'status' | 'body' | 'request_id'>): void;
  /** The call is over; a key whose answer was not kept can be used again. */
  end(call: Call): void;
}

const KEY_MAX = 255;
/** Stripe forgets a key after it is at least a day old. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Stripe's `Idempotency-Key`; the answers are durable, the keys in use are those of this process. */
export function createIdempotency(clock: Clock, records: Records): Idempotency {
  const inFlight = new Set<string>();
  return {
    begin: (call) => {
      if (call.key.length > KEY_MAX) {
        throw invalidRequest(`Idempotency keys are limited to ${KEY_MAX} characters.`);
      }
      const stored = records.answers.get(call.key);
      if (stored !== undefined && clock.now().getTime() - stored.created_ms > KEPT_MS) {
        records.answers.delete(call.key);
      } else if (stored !== undefined) {
        checkSameCall(call, stored);
        return stored;
      }
      if (inFlight.has(call.key)) {
        throw new StripeApiError({
          status: 409,
          type: 'idempotency_error',
          code: 'idempotency_key_in_use',
          message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${call.key}. Please try again later.`,
        });
      }
      inFlight.add(call.key);
      return undefined;
    },
    keep: (call, answer) => {
      records.answers.put(call.key, {
        ...answer,
        route: call.route,
        fingerprint: fingerprint(call.fields),
        created_ms: clock.now().getTime(),
      });
    },
    end: (call) => {
      inFlight.delete(call.key);
    },
  };
}

function checkSameCall(call: Call, stored: Answer): void {
  const message =
    call.route !== stored.route
      ? `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${call.route}' vs '${stored.route}'). Try using a key other than '${call.key}' if you meant to execute a different request.`
      : fingerprint(call.fields) !== stored.fingerprint
        ? `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${call.key}' if you meant to execute a different request.`
        : undefined;
  if (message === undefined) return;
  throw new StripeApiError({ status: 400, type: 'idempotency_error', message });
}

/** The order in which parameters were sent does not make them others. */
function fingerprint(fields: FormFields): string {
  return createHash('sha256').update(canonical(fields)).digest('hex');
}

function canonical(value: FormValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join()}}`;
}
