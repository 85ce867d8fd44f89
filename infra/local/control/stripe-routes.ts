import * as z from 'zod';

import { deliverSchema, switchesSchema, toSwitches, toWire } from '#infra/local/control/deliveries';
import type { Route } from '#infra/local/control/route';
import { LocalStackError } from '#infra/local/local-stack-error';
import type { Parts } from '#infra/local/stack';
import { OUTCOMES } from '#infra/local/stripe/checkout';
import { CARD_BEHAVIOURS } from '#infra/local/stripe/customer-records';
import { DISPUTE_ACTS } from '#infra/local/stripe/disputes';

const paySchema = z.strictObject({
  outcome: z.enum(OUTCOMES).default('success'),
  email: z.email().optional(),
  name: z.string().optional(),
  /** How long a slow payment takes, on the stack's clock. */
  settle_after_ms: z.int().min(0).optional(),
  /** What the card does later that a session in setup mode saves. */
  card: z.enum(CARD_BEHAVIOURS).optional(),
});

/** What the bank says from now on to the card behind a subscription. */
const cardSchema = z.strictObject({ card: z.enum(CARD_BEHAVIOURS) });

const refundSchema = z.strictObject({
  /** In minor units; all that is left when not given. */
  amount: z.int().min(1).optional(),
});

const disputeSchema = refundSchema.extend({ step: z.enum(DISPUTE_ACTS).default('open') });

/** What the customer, the bank and Stripe's dashboard do, for tests; people have the hosted page. */
export function stripeRoutes({ info, stripe }: Parts): readonly Route[] {
  const standInOnly = (route: Route): Route => ({
    ...route,
    run: (call) => {
      if (info.stripe === 'stand-in') return route.run(call);
      throw new LocalStackError('This stack talks to the real Stripe: use its dashboard.');
    },
  });
  const routes: readonly Route[] = [
    {
      method: 'POST',
      path: '/local/stripe/sessions/{id}/pay',
      run: ({ body, parameters }) => {
        const { outcome, settle_after_ms: settleAfterMs, ...payer } = paySchema.parse(body);
        return { json: stripe.pay(parameters['id'] ?? '', outcome, { ...payer, settleAfterMs }) };
      },
    },
    {
      method: 'POST',
      path: '/local/stripe/subscriptions/{id}/card',
      run: ({ body, parameters }) => ({
        json: stripe.setCard(parameters['id'] ?? '', cardSchema.parse(body).card),
      }),
    },
    {
      method: 'POST',
      path: '/local/stripe/subscriptions/{id}/pay',
      run: ({ parameters }) => ({ json: stripe.payInvoice(parameters['id'] ?? '') }),
    },
    {
      method: 'POST',
      path: '/local/stripe/subscriptions/{id}/end',
      run: ({ parameters }) => ({ json: stripe.endSubscription(parameters['id'] ?? '') }),
    },
    {
      method: 'POST',
      path: '/local/stripe/charges/{id}/refund',
      run: ({ body, parameters }) => ({
        json: stripe.refund(parameters['id'] ?? '', options(refundSchema.parse(body))),
      }),
    },
    {
      method: 'POST',
      path: '/local/stripe/refunds/{id}/fail',
      run: ({ parameters }) => ({ json: stripe.failRefund(parameters['id'] ?? '') }),
    },
    {
      method: 'POST',
      path: '/local/stripe/charges/{id}/dispute',
      run: ({ body, parameters }) => {
        const { step, ...disputed } = disputeSchema.parse(body);
        return { json: stripe.dispute(parameters['id'] ?? '', step, options(disputed)) };
      },
    },
    {
      method: 'GET',
      path: '/local/stripe/events',
      run: () => ({ json: { events: stripe.events() } }),
    },
    {
      method: 'POST',
      path: '/local/stripe/events/{id}/deliver',
      run: async ({ body, parameters }) => {
        const { times } = deliverSchema.parse(body);
        return { json: { statuses: await stripe.deliver(parameters['id'] ?? '', times) } };
      },
    },
    {
      method: 'GET',
      path: '/local/stripe/deliveries',
      run: () => ({ json: toWire(stripe.switches.get()) }),
    },
    {
      method: 'POST',
      path: '/local/stripe/deliveries',
      run: ({ body }) => ({
        json: toWire(stripe.switches.set(toSwitches(switchesSchema.parse(body)))),
      }),
    },
  ];
  return routes.map(standInOnly);
}

function options({ amount }: z.output<typeof refundSchema>): { readonly amount?: number } {
  return amount === undefined ? {} : { amount };
}
