import Stripe from 'stripe';
import * as z from 'zod';
import type { InvoiceEvent } from '#lib/payments/subscription-event';
import { askStripe, type StripeAccount } from '#lib/payments/stripe-client';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import { stripeId, unixSeconds } from '#lib/payments/stripe-objects';
import type { PaidInvoices } from '#lib/subscriptions/check-subscriptions';

/** More than one period can have: its renewal, and changes within it. */
const INVOICES_MAX = 10;

const listSchema = z.object({ object: z.literal('list'), data: z.array(z.unknown()) });
const paidSchema = z.looseObject({
  id: stripeId,
  livemode: z.boolean(),
  created: unixSeconds,
  status_transitions: z.object({ paid_at: unixSeconds.nullable() }),
});

/** The newest paid invoices of a subscription, told as their events would tell them (docs.stripe.com/api/invoices). */
export function createStripeInvoices(account: StripeAccount): PaidInvoices {
  return async (subscriptionId) => {
    const answer = await askStripe(account, (stripe) =>
      stripe.invoices.list({ subscription: subscriptionId, status: 'paid', limit: INVOICES_MAX }),
    );
    if (answer.kind !== 'answered') return { kind: 'unknown', detail: answer.detail };
    const listed = listSchema.safeParse(answer.value);
    if (!listed.success) return { kind: 'unknown', detail: 'the answer is no list' };
    const events: InvoiceEvent[] = [];
    // Newest first, as Stripe lists.
    for (const item of listed.data.data.toReversed()) {
      const event = eventOf(item, account);
      if (event === null) return { kind: 'unknown', detail: 'an invoice has another shape' };
      if (event !== 'ignored') events.push(event);
    }
    return { kind: 'told', events };
  };
}

function eventOf(
  item: unknown,
  { livemode }: Pick<StripeAccount, 'livemode'>,
): InvoiceEvent | 'ignored' | null {
  const parsed = paidSchema.safeParse(item);
  if (!parsed.success) return null;
  const { created, id, status_transitions: transitions } = parsed.data;
  const body = JSON.stringify({
    id: `answer_${id}`,
    object: 'event',
    type: 'invoice.paid',
    api_version: Stripe.API_VERSION,
    created: transitions.paid_at ?? created,
    livemode: parsed.data.livemode,
    data: { object: item },
  });
  const translation = translateStripeEvent({ body, livemode });
  if (translation.kind === 'ignored') return 'ignored';
  if (translation.kind !== 'subscription' || translation.event.kind !== 'invoice') return null;
  return translation.event;
}
