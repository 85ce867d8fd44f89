import * as z from 'zod';

import { deliverSchema, switchesSchema, toSwitches, toWire } from '#infra/local/control/deliveries';
import type { Route } from '#infra/local/control/route';
import { LocalStackError } from '#infra/local/local-stack-error';
import { OUTCOMES } from '#infra/local/razorpay/checkout';
import { DISPUTE_STEPS } from '#infra/local/razorpay/disputes';
import { METHODS } from '#infra/local/razorpay/records';
import type { Parts } from '#infra/local/stack';

const amount = z.int().min(1).optional();

const paySchema = z.strictObject({
  outcome: z.enum(OUTCOMES).default('success'),
  method: z.enum(METHODS).optional(),
  email: z.email().optional(),
  contact: z.string().optional(),
  /** How long a slow payment takes, on the stack's clock. */
  settle_after_ms: z.int().min(0).optional(),
});

const refundSchema = z.strictObject({
  /** In minor units; all that is left when not given. */
  amount,
  outcome: z.enum(['processed', 'failed']).default('processed'),
  settle_after_ms: z.int().min(0).optional(),
});

const disputeSchema = z.strictObject({ step: z.enum(DISPUTE_STEPS).default('created'), amount });

/** What the customer, the bank and Razorpay's dashboard do, for tests; people have the page. */
export function razorpayRoutes({ info, razorpay }: Parts): readonly Route[] {
  const standInOnly = (route: Route): Route => ({
    ...route,
    run: (call) => {
      if (info.razorpay === 'stand-in') return route.run(call);
      throw new LocalStackError('This stack talks to the real Razorpay: use its dashboard.');
    },
  });
  const routes: readonly Route[] = [
    {
      method: 'POST',
      path: '/local/razorpay/orders/{id}/pay',
      run: ({ body, parameters }) => {
        const { outcome, settle_after_ms: settleAfterMs, ...payer } = paySchema.parse(body);
        return { json: razorpay.pay(parameters['id'] ?? '', outcome, { ...payer, settleAfterMs }) };
      },
    },
    {
      method: 'POST',
      path: '/local/razorpay/payments/{id}/authorize',
      run: ({ parameters }) => ({ json: razorpay.authorizeLate(parameters['id'] ?? '') }),
    },
    {
      method: 'POST',
      path: '/local/razorpay/payments/{id}/refund',
      run: ({ body, parameters }) => {
        const { outcome: settlesAs, settle_after_ms: afterMs, ...rest } = refundSchema.parse(body);
        const course = { settlesAs, afterMs };
        return { json: razorpay.refund(parameters['id'] ?? '', { ...rest, ...course }) };
      },
    },
    {
      method: 'POST',
      path: '/local/razorpay/payments/{id}/dispute',
      run: ({ body, parameters }) => {
        const { amount: disputed, step } = disputeSchema.parse(body);
        const options = disputed === undefined ? {} : { amount: disputed };
        return { json: razorpay.dispute(parameters['id'] ?? '', step, options) };
      },
    },
    {
      method: 'GET',
      path: '/local/razorpay/events',
      run: () => ({ json: { events: razorpay.events(), webhooks: razorpay.webhooks.list() } }),
    },
    {
      method: 'POST',
      path: '/local/razorpay/events/{id}/deliver',
      run: async ({ body, parameters }) => {
        const { times } = deliverSchema.parse(body);
        return { json: { statuses: await razorpay.deliver(parameters['id'] ?? '', times) } };
      },
    },
    {
      method: 'GET',
      path: '/local/razorpay/deliveries',
      run: () => ({ json: toWire(razorpay.switches.get()) }),
    },
    {
      method: 'POST',
      path: '/local/razorpay/deliveries',
      run: ({ body }) => ({
        json: toWire(razorpay.switches.set(toSwitches(switchesSchema.parse(body)))),
      }),
    },
  ];
  return routes.map(standInOnly);
}
