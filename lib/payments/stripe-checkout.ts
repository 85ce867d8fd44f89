import Stripe from 'stripe';
import * as z from 'zod';
import type {
  CheckoutProvider,
  SessionAnswer,
  SessionRequest,
} from '#lib/purchases/checkout-provider';

const NETWORK_RETRIES_MAX = 1;

export interface StripeAccount {
  /** The secret key; asked again with `fresh` when Stripe does not know it, because it may have been rolled. */
  readonly apiKey: (options?: { readonly fresh: boolean }) => Promise<string>;
  readonly livemode: boolean;
  /** Of one attempt. There are two, which have to end below the function's own timeout. */
  readonly timeoutMs: number;
  /** Where Stripe answers, when not at its own address. */
  readonly server?: Pick<
    NonNullable<ConstructorParameters<typeof Stripe>[1]>,
    'host' | 'port' | 'protocol'
  >;
}

/**
 * Stripe Checkout. The idempotency key is the purchase's own, so that no lost answer, retry or second instance can open
 * two pages for it.
 */
export function createStripeCheckout(account: StripeAccount): CheckoutProvider {
  return {
    openSession: async (request) => {
      const first = await ask(account, request, await account.apiKey());
      if (first !== 'key_unknown') return first;
      const second = await ask(account, request, await account.apiKey({ fresh: true }));
      if (second !== 'key_unknown') return second;
      return { kind: 'refused', detail: 'Stripe does not accept the API key' };
    },
  };
}

async function ask(
  account: StripeAccount,
  request: SessionRequest,
  apiKey: string,
): Promise<SessionAnswer | 'key_unknown'> {
  const stripe = new Stripe(apiKey, {
    ...account.server,
    timeout: account.timeoutMs,
    maxNetworkRetries: NETWORK_RETRIES_MAX,
    telemetry: false,
  });
  try {
    const answer: unknown = await stripe.checkout.sessions.create(paramsOf(request), {
      idempotencyKey: `purchase:${request.purchaseId}:session:v1`,
    });
    return readAnswer(answer, request, account);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeAuthenticationError) return 'key_unknown';
    if (error instanceof Stripe.errors.StripeError) return readError(error);
    throw error;
  }
}

function paramsOf(request: SessionRequest): Stripe.Checkout.SessionCreateParams {
  const metadata = { purchase_id: request.purchaseId };
  return {
    mode: 'payment',
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: request.currency.toLowerCase(),
          unit_amount: request.amountMinor,
          product_data: { name: request.productName, description: request.productDescription },
        },
      },
    ],
    // Amount and currency of the events are compared with what was agreed: Stripe must not convert them.
    adaptive_pricing: { enabled: false },
    success_url: request.successUrl,
    cancel_url: request.cancelUrl,
    client_reference_id: request.purchaseId,
    metadata,
    payment_intent_data: { metadata },
    ...(request.email !== null && { customer_email: request.email }),
  };
}

const answerSchema = z.object({
  object: z.literal('checkout.session'),
  id: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/),
  url: z.url({ protocol: /^https?$/ }),
  expires_at: z.int().min(0),
  livemode: z.boolean(),
  client_reference_id: z.string(),
  amount_total: z.int(),
  currency: z.string(),
});

/**
 * The SDK takes any JSON without an `error` for a success, whatever the HTTP status, so what comes is checked against
 * what was asked for before anybody is sent there.
 */
function readAnswer(
  answer: unknown,
  request: SessionRequest,
  account: Pick<StripeAccount, 'livemode'>,
): SessionAnswer {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) return { kind: 'unknown', detail: 'the answer is no Checkout Session' };
  const { id, url, expires_at: expiresAt, ...session } = parsed.data;
  const isAsked =
    session.livemode === account.livemode &&
    session.client_reference_id === request.purchaseId &&
    session.amount_total === request.amountMinor &&
    session.currency === request.currency.toLowerCase();
  if (!isAsked) return { kind: 'refused', detail: 'the session is not the one that was asked for' };
  return {
    kind: 'opened',
    session: { id, url, expiresAt: new Date(expiresAt * 1000).toISOString() },
  };
}

/** A refusal opened no page for certain; for anything else the outcome is open. */
function readError(error: Stripe.errors.StripeError): SessionAnswer {
  const status = error.statusCode;
  const detail = `${error.type}${error.code === undefined ? '' : ` ${error.code}`}`;
  const isRefusal =
    status !== undefined && status >= 400 && status < 500 && status !== 409 && status !== 429;
  return { kind: isRefusal ? 'refused' : 'unknown', detail };
}
