import type Stripe from 'stripe';
import * as z from 'zod';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import type {
  CheckoutProvider,
  SessionAnswer,
  SessionRequest,
} from '#lib/purchases/checkout-provider';

/**
 * Stripe Checkout. The idempotency key is the purchase's own, so that no lost answer, retry or second instance can open
 * two pages for it.
 */
export function createStripeCheckout(account: StripeAccount): CheckoutProvider {
  return {
    openSession: async (request) => {
      const answer = await askStripe(account, (stripe) =>
        stripe.checkout.sessions.create(paramsOf(request), {
          idempotencyKey: `purchase:${request.purchaseId}:session:v1`,
        }),
      );
      return answer.kind === 'answered' ? readAnswer(answer.value, request, account) : answer;
    },
  };
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

/** What comes is checked against what was asked for before anybody is sent there. */
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
