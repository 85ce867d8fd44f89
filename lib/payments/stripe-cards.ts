import Stripe from 'stripe';
import * as z from 'zod';
import { outcomeOf } from '#lib/payments/outcome';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { openStripeCustomer } from '#lib/payments/stripe-customers';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import { CHARGE_EVENTS, paymentIntent, stripeId, unixSeconds } from '#lib/payments/stripe-objects';
import type {
  CardCharge,
  CardProvider,
  ChargeAnswer,
  SetupAnswer,
} from '#lib/topups/card-provider';

const PAGE_SIZE = 100;
const PAGES_MAX = 10;
/** An answer to a key is kept for a day, so that a charge was made within it. */
const SEARCH_S = 86_400;

/**
 * Cards that are saved on Stripe's pages and charged while their owners are away
 * (docs.stripe.com/payments/save-and-reuse). Every call carries a key that follows from what it is for, so that no lost
 * answer, retry or second instance charges twice.
 */
export function createStripeCards(account: StripeAccount): CardProvider {
  return {
    openCustomer: openStripeCustomer(account),
    openSetup: async (request) => {
      const metadata = { user_id: request.userId, credit_type: request.creditType };
      const answer = await askStripe(account, (stripe) =>
        stripe.checkout.sessions.create(
          {
            mode: 'setup',
            customer: request.customerRef,
            // Only cards can be charged at once, whoever is away.
            allowed_payment_method_types: ['card'],
            success_url: request.successUrl,
            cancel_url: request.cancelUrl,
            metadata,
            setup_intent_data: { metadata },
          },
          { idempotencyKey: `${request.cause.replace('request:', 'setup:')}:v1` },
        ),
      );
      if (answer.kind !== 'answered') return answer;
      return readSetup(answer.value, request.customerRef, account);
    },
    charge: async (order) => {
      const answer = await askStripe(account, (stripe) =>
        stripe.paymentIntents.create(paramsOf(order), {
          idempotencyKey: `purchase:${order.purchaseId}:charge:v1`,
        }),
      );
      if (answer.kind === 'answered') return readIntent(answer.value, order, account);
      if (answer.kind === 'refused' && answer.intent !== undefined) {
        return readIntent(answer.intent, order, account);
      }
      return outcomeOf(answer);
    },
    findCharge: (order) => findCharge(account, order),
  };
}

const setupSchema = z.object({
  object: z.literal('checkout.session'),
  id: stripeId,
  mode: z.literal('setup'),
  customer: stripeId,
  url: z.url({ protocol: /^https?$/ }),
  livemode: z.boolean(),
});

function readSetup(
  answer: unknown,
  customerRef: string,
  account: Pick<StripeAccount, 'livemode'>,
): SetupAnswer {
  const parsed = setupSchema.safeParse(answer);
  if (!parsed.success) return { kind: 'unknown', detail: 'the answer is no open setup page' };
  const { customer, id: sessionId, livemode, url } = parsed.data;
  return customer === customerRef && livemode === account.livemode
    ? { kind: 'opened', sessionId, url }
    : { kind: 'refused', detail: 'the page is not the one that was asked for' };
}

function paramsOf(order: CardCharge): Stripe.PaymentIntentCreateParams {
  return {
    amount: order.amountMinor,
    currency: order.currency.toLowerCase(),
    customer: order.customerRef,
    payment_method: order.methodRef,
    allowed_payment_method_types: ['card'],
    confirm: true,
    off_session: true,
    description: order.description,
    metadata: { purchase_id: order.purchaseId },
  };
}

const intentSchema = paymentIntent.extend({ created: unixSeconds });

/** What comes is checked against what was asked for, and told as its event would tell it. */
function readIntent(
  answer: unknown,
  order: CardCharge,
  account: Pick<StripeAccount, 'livemode'>,
): ChargeAnswer {
  const parsed = intentSchema.safeParse(answer);
  if (!parsed.success) return { kind: 'unknown', detail: 'the answer is no payment intent' };
  const intent = parsed.data;
  const isAsked =
    intent.amount === order.amountMinor &&
    intent.currency === order.currency.toLowerCase() &&
    intent.metadata === order.purchaseId;
  if (!isAsked) return { kind: 'unknown', detail: 'another payment intent came' };
  const type = CHARGE_EVENTS[intent.status];
  if (type === undefined) return { kind: 'unknown', detail: `the intent is ${intent.status}` };
  const event = {
    id: `answer_${intent.id}`,
    object: 'event',
    type,
    api_version: Stripe.API_VERSION,
    created: intent.created,
    livemode: intent.livemode,
    data: { object: answer },
  };
  const { livemode } = account;
  const translation = translateStripeEvent({ body: JSON.stringify(event), livemode });
  if (translation.kind === 'event') return { kind: 'told', event: translation.event };
  const detail = translation.kind === 'quarantine' ? translation.detail : translation.kind;
  return { kind: 'unknown', detail };
}

const listSchema = z.object({
  object: z.literal('list'),
  has_more: z.boolean(),
  data: z.array(z.looseObject({ id: stripeId, metadata: paymentIntent.shape.metadata })),
});

/** Stripe finds no intent by its purchase, so the customer's of that day are seen. */
async function findCharge(
  account: StripeAccount,
  order: CardCharge & { readonly at: string },
): Promise<ChargeAnswer | { readonly kind: 'absent' }> {
  const begun = Math.floor(Date.parse(order.at) / 1000);
  let last: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = {
      customer: order.customerRef,
      created: { gte: begun - 60, lte: begun + SEARCH_S },
      limit: PAGE_SIZE,
      ...(last !== undefined && { starting_after: last }),
    };
    const answer = await askStripe(account, (stripe) => stripe.paymentIntents.list(query));
    if (answer.kind !== 'answered') return { kind: 'unknown', detail: answer.detail };
    const listed = listSchema.safeParse(answer.value);
    if (!listed.success) return { kind: 'unknown', detail: 'the answer is no list' };
    const { data, has_more } = listed.data;
    const place = data.findIndex(({ metadata }) => metadata === order.purchaseId);
    if (place >= 0) {
      const raw = rawList.parse(answer.value).data[place];
      return readIntent(raw, order, account);
    }
    if (!has_more || data.length === 0) return { kind: 'absent' };
    last = data.at(-1)?.id;
  }
  return { kind: 'unknown', detail: `more than ${PAGES_MAX * PAGE_SIZE} payment intents` };
}

/** As Stripe sent it: what is read of it once has lost its shape. */
const rawList = z.object({ data: z.array(z.unknown()) });
