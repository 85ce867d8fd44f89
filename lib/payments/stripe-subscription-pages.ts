import * as z from 'zod';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { stripeId } from '#lib/payments/stripe-objects';
import type { PageAnswer, PageRequest } from '#lib/subscriptions/subscription-provider';

const LIST_SIZE = 100;
/** Of one request: who has more open has opened them within a day, and the next request closes the rest. */
const CLOSED_MAX = 10;

const pageSchema = z.object({
  object: z.literal('checkout.session'),
  id: stripeId,
  mode: z.literal('subscription'),
  customer: stripeId,
  url: z.url({ protocol: /^https?$/ }),
  livemode: z.boolean(),
});

/** Opens Checkout in subscription mode for a customer whom we have stored before. */
export async function openStripePage(
  account: StripeAccount,
  request: PageRequest,
): Promise<PageAnswer> {
  const metadata = { user_id: request.userId };
  const answer = await askStripe(account, (stripe) =>
    stripe.checkout.sessions.create(
      {
        mode: 'subscription',
        customer: request.customerRef,
        line_items: [{ price: request.priceId, quantity: 1 }],
        // The tier follows from the price, and its currency stays for all changes: Stripe must not convert it.
        adaptive_pricing: { enabled: false },
        success_url: request.successUrl,
        cancel_url: request.cancelUrl,
        metadata,
        subscription_data: { metadata },
      },
      { idempotencyKey: `${request.cause.replace('request:', 'subscribe:')}:v1` },
    ),
  );
  if (answer.kind !== 'answered') return answer;
  const parsed = pageSchema.safeParse(answer.value);
  if (!parsed.success) return { kind: 'unknown', detail: 'the answer is no open page' };
  const { customer, id: sessionId, livemode, url } = parsed.data;
  return customer === request.customerRef && livemode === account.livemode
    ? { kind: 'opened', sessionId, url }
    : { kind: 'refused', detail: 'the page is not the one that was asked for' };
}

const listSchema = z.object({
  object: z.literal('list'),
  data: z.array(z.object({ id: stripeId, mode: z.string() })),
});

/**
 * Leaves at most one page open on which a customer can subscribe: the newest. Each request looks after it has opened
 * its own, so that of any number at once the last to look sees all of them.
 */
export async function closeOtherPages(
  account: StripeAccount,
  own: { readonly customerRef: string; readonly sessionId: string },
): Promise<
  { readonly kind: 'closed' } | { readonly kind: 'refused' | 'unknown'; readonly detail: string }
> {
  const { customerRef, sessionId } = own;
  const answer = await askStripe(account, (stripe) =>
    stripe.checkout.sessions.list({ customer: customerRef, status: 'open', limit: LIST_SIZE }),
  );
  if (answer.kind !== 'answered') return { kind: answer.kind, detail: answer.detail };
  const listed = listSchema.safeParse(answer.value);
  if (!listed.success) return { kind: 'unknown', detail: 'the answer is no list' };
  // Newest first, as Stripe lists them; of one second it alone knows which that is.
  const pages = listed.data.data.filter(({ mode }) => mode === 'subscription');
  // A repeated request whose page was closed since has nothing to say about those that came after.
  if (!pages.some(({ id }) => id === sessionId)) return { kind: 'closed' };
  const older = pages.slice(1, 1 + CLOSED_MAX);
  const closed = await Promise.all(older.map(({ id }) => closePage(account, id)));
  if (closed.every((isClosed) => isClosed)) return { kind: 'closed' };
  // An older page was used in between, or may still be: whoever asks again finds what came of it.
  await closePage(account, sessionId);
  return { kind: 'unknown', detail: 'another page of this customer could not be closed' };
}

const closedPage = z.object({
  object: z.literal('checkout.session'),
  id: stripeId,
  status: z.literal('expired'),
});

async function closePage(account: StripeAccount, id: string): Promise<boolean> {
  const answer = await askStripe(account, (stripe) =>
    stripe.checkout.sessions.expire(id, {}, { idempotencyKey: `session:${id}:expire:v1` }),
  );
  return answer.kind === 'answered' && closedPage.safeParse(answer.value).data?.id === id;
}
