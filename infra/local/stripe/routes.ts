import type Stripe from 'stripe';
import * as z from 'zod';

import type { Account } from '#infra/local/stripe/account';
import { renderBalance } from '#infra/local/stripe/balance';
import type { Checkout } from '#infra/local/stripe/checkout';
import { customerRoutes } from '#infra/local/stripe/customer-routes';
import { disputeRoutes } from '#infra/local/stripe/dispute-routes';
import { missingResource } from '#infra/local/stripe/errors';
import { renderEvent, type Cause } from '#infra/local/stripe/event-log';
import { expandObject } from '#infra/local/stripe/expand';
import type { FormFields } from '#infra/local/stripe/form';
import { isWithin, renderList } from '#infra/local/stripe/lists';
import { createOffSessionPayment } from '#infra/local/stripe/off-session';
import {
  expand,
  flag,
  list,
  listing,
  readParameters,
  text,
  timeRange,
} from '#infra/local/stripe/parameters';
import { renderCharge, renderPaymentIntent, renderRefund } from '#infra/local/stripe/payment-shape';
import { createRefund } from '#infra/local/stripe/refunds';
import { readNewSession } from '#infra/local/stripe/session-parameters';
import { renderLineItems } from '#infra/local/stripe/session-shape';
import { subscriptionRoutes } from '#infra/local/stripe/subscription-routes';

export interface RouteCall {
  /** The id in the path, or an empty string where the route has none. */
  readonly id: string;
  readonly fields: FormFields;
  readonly cause: Cause;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `:id` stands for one part of the path. */
  readonly path: string;
  /** Answers with the object as JSON, or throws `StripeApiError`. */
  readonly run: (call: RouteCall) => object;
}

const only = z.strictObject({ expand });

const sessionList = z.strictObject({
  ...listing,
  created: timeRange.optional(),
  customer: text().optional(),
  customer_details: z.strictObject({ email: text() }).optional(),
  payment_intent: text().optional(),
  payment_link: text().optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
  subscription: text().optional(),
} satisfies Partial<Record<keyof Stripe.Checkout.SessionListParams, z.ZodType>>);

const paymentList = z.strictObject({
  ...listing,
  created: timeRange.optional(),
  customer: text().optional(),
} satisfies Partial<Record<keyof Stripe.PaymentIntentListParams, z.ZodType>>);

const refundList = z.strictObject({
  ...listing,
  charge: text().optional(),
  created: timeRange.optional(),
  payment_intent: text().optional(),
} satisfies Partial<Record<keyof Stripe.RefundListParams, z.ZodType>>);

const EVENT_TYPES_MAX = 20;

const eventList = z.strictObject({
  ...listing,
  created: timeRange.optional(),
  delivery_success: flag.optional(),
  type: text().optional(),
  types: list(text(), EVENT_TYPES_MAX).optional(),
} satisfies Partial<Record<keyof Stripe.EventListParams, z.ZodType>>);

const EVENTS_KEPT_S = 30 * 24 * 60 * 60;

/** The part of Stripe's API that this stand-in has. */
export function stripeRoutes(account: Account, checkout: Checkout): readonly Route[] {
  const { records } = account;
  return [
    ...sessionRoutes(account, checkout),
    ...paymentRoutes(account),
    ...customerRoutes(account),
    ...subscriptionRoutes(account),
    ...refundRoutes(account),
    ...disputeRoutes(account),
    ...eventRoutes(account),
    {
      method: 'GET',
      path: '/v1/balance',
      run: ({ fields }) => {
        readParameters(only, fields);
        return renderBalance(records);
      },
    },
  ];
}

/** The route of a call and the id in its path. */
export function matchRoute(
  routes: readonly Route[],
  call: { readonly method: string; readonly path: string },
): { readonly route: Route; readonly id: string } | undefined {
  for (const route of routes) {
    if (route.method !== call.method) continue;
    const pattern = new RegExp(`^${route.path.replace(':id', '(?<id>[^/]+)')}$`);
    const match = pattern.exec(call.path);
    if (match !== null) return { route, id: match.groups?.['id'] ?? '' };
  }
  return undefined;
}

function sessionRoutes(account: Account, checkout: Checkout): Route[] {
  const { clock, records } = account;
  const path = '/v1/checkout/sessions';
  return [
    {
      method: 'POST',
      path,
      run: ({ fields, cause }) => {
        const wanted = readNewSession(fields, clock.now());
        const session = checkout.create(wanted.facts, cause);
        return expandObject(checkout.render(session), wanted.expand, records);
      },
    },
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(sessionList, fields);
        const email = params.customer_details?.email;
        const found = records.sessions.list().filter(
          (session) =>
            isWithin(session.created, params.created) &&
            matches(params.payment_intent, session.payment_intent) &&
            matches(params.status, session.status) &&
            matches(email, session.payer?.email ?? session.customer_email) &&
            matches(params.customer, session.customer) &&
            matches(params.subscription, session.subscription) &&
            // Sessions here have no payment link.
            params.payment_link === undefined,
        );
        const page = renderList(found, { page: params, url: path, render: checkout.render });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        return expandObject(checkout.render(checkout.find(id)), params.expand, records);
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/expire`,
      run: ({ id, fields, cause }) => {
        const params = readParameters(only, fields);
        checkout.find(id);
        return expandObject(checkout.render(checkout.expire(id, cause)), params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id/line_items`,
      run: ({ id, fields }) => {
        const params = readParameters(z.strictObject(listing), fields);
        // Lines are listed in the order of the session, not newest first.
        const lines = renderLineItems(checkout.find(id)).toReversed();
        const url = `${path}/${id}/line_items`;
        return renderList(lines, { page: params, url, render: (line) => line });
      },
    },
  ];
}

function paymentRoutes(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/payment_intents';
  return [
    {
      method: 'POST',
      path,
      run: ({ fields, cause }) => {
        const made = createOffSessionPayment(account, { fields, cause });
        return expandObject(renderPaymentIntent(made.payment), made.expand, records);
      },
    },
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(paymentList, fields);
        const found = records.payments
          .list()
          .filter(
            (payment) =>
              isWithin(payment.created, params.created) &&
              matches(params.customer, payment.customer),
          );
        const page = renderList(found, { page: params, url: path, render: renderPaymentIntent });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const payment = records.payments.get(id);
        if (payment === undefined) {
          throw missingResource('payment_intent', id, { param: 'intent', inPath: true });
        }
        return expandObject(renderPaymentIntent(payment), params.expand, records);
      },
    },
    {
      method: 'GET',
      path: '/v1/charges/:id',
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const charge = records.charges.get(id);
        if (charge === undefined) {
          throw missingResource('charge', id, { param: 'id', inPath: true });
        }
        return expandObject(renderCharge(charge), params.expand, records);
      },
    },
  ];
}

function refundRoutes(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/refunds';
  return [
    {
      method: 'POST',
      path,
      run: ({ fields, cause }) => {
        const made = createRefund(account, { fields, cause });
        return expandObject(renderRefund(made.refund), made.expand, records);
      },
    },
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(refundList, fields);
        const found = records.refunds
          .list()
          .filter(
            (refund) =>
              isWithin(refund.created, params.created) &&
              matches(params.charge, refund.charge) &&
              matches(params.payment_intent, refund.payment_intent),
          );
        const page = renderList(found, { page: params, url: path, render: renderRefund });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const refund = records.refunds.get(id);
        if (refund === undefined) {
          throw missingResource('refund', id, { param: 'id', inPath: true });
        }
        return expandObject(renderRefund(refund), params.expand, records);
      },
    },
  ];
}

function eventRoutes(account: Account): Route[] {
  const { clock, records } = account;
  const oldest = (): number => clock.now().getTime() / 1000 - EVENTS_KEPT_S;
  return [
    {
      method: 'GET',
      path: '/v1/events',
      run: ({ fields }) => {
        const params = readParameters(eventList, fields);
        const found = records.events
          .list()
          .filter(
            (event) =>
              event.created >= oldest() &&
              isWithin(event.created, params.created) &&
              fitsType(params.type, event.type) &&
              (params.types === undefined || params.types.includes(event.type)) &&
              (params.delivery_success === undefined ||
                params.delivery_success === (event.pending_webhooks === 0 && !event.undelivered)),
          );
        return renderList(found, { page: params, url: '/v1/events', render: renderEvent });
      },
    },
    {
      method: 'GET',
      path: '/v1/events/:id',
      run: ({ id, fields }) => {
        readParameters(only, fields);
        const event = records.events.get(id);
        if (event === undefined || event.created < oldest()) {
          throw missingResource('event', id, { param: 'id', inPath: true });
        }
        return renderEvent(event);
      },
    },
  ];
}

function matches(wanted: string | undefined, value: string | null): boolean {
  return wanted === undefined || wanted === value;
}

/** `charge.*` asks for every event of charges, as in Stripe's own list. */
function fitsType(wanted: string | undefined, type: string): boolean {
  if (wanted === undefined) return true;
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type;
}
