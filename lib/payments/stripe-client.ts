import Stripe from 'stripe';
import { ATTEMPTS_MAX, withinCallTime } from '#lib/payments/call-time';

export interface StripeAccount {
  /** The secret key; asked again with `fresh` when Stripe does not know it, because it may have been rolled. */
  readonly apiKey: (options?: { readonly fresh: boolean }) => Promise<string>;
  readonly livemode: boolean;
  /** Of one attempt; `callMaxMs` is the whole call's. */
  readonly timeoutMs: number;
  /** Where Stripe answers, when not at its own address. */
  readonly server?: Pick<
    NonNullable<ConstructorParameters<typeof Stripe>[1]>,
    'host' | 'port' | 'protocol'
  >;
}

/**
 * `answered` is whatever came: the SDK takes any JSON without an `error` for a success, whatever the HTTP status, so
 * the caller checks it. `refused`: Stripe has not done it. `unknown`: it may have been done.
 */
export type StripeAnswer =
  | { readonly kind: 'answered'; readonly value: unknown }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly detail: string;
      /** The intent that a bank has declined, as Stripe shows it; to be checked like an answer. */
      readonly intent?: unknown;
    }
  | { readonly kind: 'unknown'; readonly detail: string };

/** Makes one call, which must be repeatable: it reads, or carries its own idempotency key. Takes `callMaxMs` at most. */
export async function askStripe(
  account: StripeAccount,
  call: (stripe: Stripe) => Promise<unknown>,
): Promise<StripeAnswer> {
  return withinCallTime(account, async () => {
    const first = await ask(account, call, await account.apiKey());
    if (first.kind !== 'refused' || first.status !== 401) return first;
    return ask(account, call, await account.apiKey({ fresh: true }));
  });
}

async function ask(
  account: StripeAccount,
  call: (stripe: Stripe) => Promise<unknown>,
  apiKey: string,
): Promise<StripeAnswer> {
  const stripe = new Stripe(apiKey, {
    ...account.server,
    timeout: account.timeoutMs,
    maxNetworkRetries: ATTEMPTS_MAX - 1,
    telemetry: false,
  });
  try {
    return { kind: 'answered', value: await call(stripe) };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeAuthenticationError) {
      return { kind: 'refused', status: 401, detail: 'Stripe does not accept the API key' };
    }
    // The key was used, by a call that asked for it in other words: what came of that one is open.
    if (error instanceof Stripe.errors.StripeIdempotencyError) {
      return { kind: 'unknown', detail: error.type };
    }
    if (error instanceof Stripe.errors.StripeError) return readError(error);
    throw error;
  }
}

/** A refusal has done nothing for certain; for anything else the outcome is open. */
function readError(error: Stripe.errors.StripeError): StripeAnswer {
  const status = error.statusCode;
  const detail = `${error.type}${error.code === undefined ? '' : ` ${error.code}`}`;
  const isRefusal =
    status !== undefined && status >= 400 && status < 500 && status !== 409 && status !== 429;
  if (!isRefusal) return { kind: 'unknown', detail };
  const { payment_intent: intent } = error;
  return { kind: 'refused', status, detail, ...(intent !== undefined && { intent }) };
}
