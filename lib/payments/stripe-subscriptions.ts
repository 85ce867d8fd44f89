import type Stripe from 'stripe';
import * as z from 'zod';
import { askStripe, type StripeAccount, type StripeAnswer } from '#lib/payments/stripe-client';
import { openStripeCustomer } from '#lib/payments/stripe-customers';
import { subscription as subscriptionObject } from '#lib/payments/stripe-objects';
import { closeOtherPages, openStripePage } from '#lib/payments/stripe-subscription-pages';
import { toldOf } from '#lib/payments/stripe-subscription-state';
import type {
  SubscriptionAnswer,
  SubscriptionProvider,
} from '#lib/subscriptions/subscription-provider';
import type { ProviderAct } from '#lib/subscriptions/subscription-request';

/** How long Stripe may take: what charges a card waits for a bank. */
export interface SubscriptionPatience {
  readonly askingMs: number;
  readonly chargingMs: number;
}

const RUNNING: readonly string[] = ['active', 'trialing', 'past_due', 'unpaid'];
/** Far more than one customer of ours ever has running. */
const LIST_SIZE = 100;

/**
 * Stripe Billing (docs.stripe.com/billing/subscriptions): every change carries a key that follows from the request that
 * it is for, so that no lost answer, retry or second instance changes or charges twice; and what comes back is told as
 * its event would tell it.
 */
export function createStripeSubscriptions(
  account: StripeAccount,
  patience: SubscriptionPatience,
): SubscriptionProvider {
  const asking = withPatience(account, patience.askingMs);
  const charging = withPatience(account, patience.chargingMs);
  return {
    openCustomer: openStripeCustomer(asking),
    openPage: async (request) => {
      const page = await openStripePage(asking, request);
      if (page.kind !== 'opened') return page;
      const closed = await closeOtherPages(asking, { ...request, sessionId: page.sessionId });
      return closed.kind === 'closed' ? page : closed;
    },
    find: async (subscriptionId) => {
      const answer = await askStripe(asking, (stripe) =>
        stripe.subscriptions.retrieve(subscriptionId),
      );
      return readSubscription(answer, { subscriptionId, livemode: account.livemode });
    },
    findRunning: (customerRef) => findRunning(asking, customerRef),
    change: async ({ act, cause, subscriptionId }) => {
      const options = { idempotencyKey: `${cause.replace('request:', 'subscription:')}:v1` };
      const takesMoney = act.kind === 'change_price' && act.payNow;
      const answer = await askStripe(takesMoney ? charging : asking, (stripe) =>
        act.kind === 'end_now'
          ? stripe.subscriptions.cancel(subscriptionId, reasonOf(act), options)
          : stripe.subscriptions.update(subscriptionId, paramsOf(act), options),
      );
      return readSubscription(answer, { subscriptionId, livemode: account.livemode });
    },
  };
}

/** Keeps what the account works out when it is asked. */
function withPatience(account: StripeAccount, timeoutMs: number): StripeAccount {
  return { ...account, timeoutMs };
}

function paramsOf(
  act: Exclude<ProviderAct, { readonly kind: 'end_now' }>,
): Stripe.SubscriptionUpdateParams {
  if (act.kind === 'set_end') return { cancel_at_period_end: act.ends, ...reasonOf(act) };
  const { itemId, paidFor, payNow, priceId } = act;
  return {
    items: [{ id: itemId, price: priceId }],
    // What is not paid at once changes nothing: no tier on credit.
    ...(payNow
      ? { proration_behavior: 'always_invoice', payment_behavior: 'error_if_incomplete' }
      : { proration_behavior: 'none' }),
    // Empty values take away what stood there: see `subscriptionMetadata`.
    metadata: {
      paid_tier: paidFor?.tier ?? '',
      paid_until: paidFor === null ? '' : String(Date.parse(paidFor.until) / 1000),
    },
  };
}

function reasonOf({ reason }: { readonly reason: string | null }) {
  return reason === null ? {} : { cancellation_details: { comment: reason } };
}

/** What comes is checked before anything is made of it. */
function readSubscription(
  answer: StripeAnswer,
  asked: { readonly subscriptionId: string; readonly livemode: boolean },
): SubscriptionAnswer {
  if (answer.kind === 'refused') {
    if (answer.status === 404) return { kind: 'absent' };
    const kind = answer.status === 402 ? 'declined' : 'refused';
    return { kind, detail: answer.detail };
  }
  if (answer.kind === 'unknown') return answer;
  const parsed = subscriptionObject.safeParse(answer.value);
  if (!parsed.success || parsed.data.id !== asked.subscriptionId) {
    return { kind: 'unknown', detail: 'the answer is not the subscription' };
  }
  if (parsed.data.livemode !== asked.livemode) {
    return { kind: 'refused', detail: 'the subscription is of the other mode' };
  }
  const told = toldOf(parsed.data);
  return 'reason' in told ? { kind: 'refused', detail: told.detail } : { kind: 'told', told };
}

const listSchema = z.object({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: z.string(), status: z.string() })),
});

async function findRunning(
  account: StripeAccount,
  customerRef: string,
): Promise<SubscriptionAnswer> {
  const answer = await askStripe(account, (stripe) =>
    stripe.subscriptions.list({ customer: customerRef, limit: LIST_SIZE }),
  );
  if (answer.kind !== 'answered') return { kind: answer.kind, detail: answer.detail };
  const listed = listSchema.safeParse(answer.value);
  if (!listed.success) return { kind: 'unknown', detail: 'the answer is no list' };
  // Newest first: the oldest of those that run is the one that was there before.
  const running = listed.data.data.findLast(({ status }) => RUNNING.includes(status));
  if (running === undefined) return { kind: 'absent' };
  return readSubscription(
    { kind: 'answered', value: running },
    { subscriptionId: running.id, livemode: account.livemode },
  );
}
