import type Stripe from 'stripe';
import * as z from 'zod';

import type { Account } from '#infra/local/stripe/account';
import {
  findPrice,
  recurringPrices,
  renderProduct,
  renderRecurringPrice,
} from '#infra/local/stripe/catalogue';
import { invalidRequest, notSimulated } from '#infra/local/stripe/errors';
import { expandObject } from '#infra/local/stripe/expand';
import { renderInvoice } from '#infra/local/stripe/invoice-shape';
import { findInvoice } from '#infra/local/stripe/invoices';
import { isWithin, renderList } from '#infra/local/stripe/lists';
import {
  expand,
  flag,
  list,
  listing,
  metadata,
  readParameters,
  text,
  timeRange,
} from '#infra/local/stripe/parameters';
import type { Route, RouteCall } from '#infra/local/stripe/routes';
import {
  cancelNow,
  changePrice,
  findSubscription,
  setCancelAtPeriodEnd,
} from '#infra/local/stripe/subscriptions';
import { saveSubscription } from '#infra/local/stripe/subscription-changes';
import type { Invoice } from '#infra/local/stripe/subscription-records';
import { renderSubscription } from '#infra/local/stripe/subscription-shape';

const only = z.strictObject({ expand });
const cancellationDetails = z.strictObject({ comment: text().optional() });

/** Parameters of `POST /v1/subscriptions/:id`. */
const subscriptionUpdateParameters = z.strictObject({
  cancel_at_period_end: flag.optional(),
  cancellation_details: cancellationDetails.optional(),
  expand,
  items: list(z.strictObject({ id: text(), price: text() }), 1).optional(),
  metadata: metadata.optional(),
  payment_behavior: z.enum(['allow_incomplete', 'error_if_incomplete']).optional(),
  proration_behavior: z.enum(['always_invoice', 'create_prorations', 'none']).optional(),
} satisfies Partial<Record<keyof Stripe.SubscriptionUpdateParams, z.ZodType>>);

/** Parameters of `DELETE /v1/subscriptions/:id`. */
const subscriptionCancelParameters = z.strictObject({
  cancellation_details: cancellationDetails.optional(),
  expand,
} satisfies Partial<Record<keyof Stripe.SubscriptionCancelParams, z.ZodType>>);

const subscriptionList = z.strictObject({
  ...listing,
  created: timeRange.optional(),
  customer: text().optional(),
  price: text().optional(),
  status: z.enum(['active', 'all', 'canceled', 'ended', 'incomplete', 'past_due']).optional(),
} satisfies Partial<Record<keyof Stripe.SubscriptionListParams, z.ZodType>>);

const invoiceList = z.strictObject({
  ...listing,
  created: timeRange.optional(),
  customer: text().optional(),
  status: z.enum(['draft', 'open', 'paid']).optional(),
  subscription: text().optional(),
} satisfies Partial<Record<keyof Stripe.InvoiceListParams, z.ZodType>>);

/** Subscriptions, their invoices, and the prices that they are billed by. */
export function subscriptionRoutes(account: Account): Route[] {
  return [...subscriptions(account), ...invoices(account), ...prices(account)];
}

function subscriptions(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/subscriptions';
  return [
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(subscriptionList, fields);
        const found = records.subscriptions
          .list()
          .filter(
            (subscription) =>
              isWithin(subscription.created, params.created) &&
              isAsked(params.customer, subscription.customer) &&
              isAsked(params.price, subscription.price) &&
              hasStatus(params.status, subscription.status),
          );
        const page = renderList(found, { page: params, url: path, render: renderSubscription });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const subscription = findSubscription(account, id);
        return expandObject(renderSubscription(subscription), params.expand, records);
      },
    },
    { method: 'POST', path: `${path}/:id`, run: (call) => update(account, call) },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      run: ({ id, fields, cause }) => {
        const params = readParameters(subscriptionCancelParameters, fields);
        return records.transaction(() => {
          const comment = params.cancellation_details?.comment;
          const ended = cancelNow(account, {
            subscription: findSubscription(account, id),
            ...(comment !== undefined && { comment }),
            cause,
          });
          return expandObject(renderSubscription(ended), params.expand, records);
        });
      },
    },
  ];
}

function update(account: Account, { id, fields, cause }: RouteCall): object {
  const { records } = account;
  const params = readParameters(subscriptionUpdateParameters, fields);
  // A payment that is refused takes everything back that this call has changed.
  return records.transaction(() => {
    let subscription = findSubscription(account, id);
    if (subscription.status === 'canceled') {
      throw invalidRequest(
        'A canceled subscription can only update its cancellation_details and metadata.',
        { code: 'invalid_canceled_subscription_fields' },
      );
    }
    if (params.cancel_at_period_end !== undefined) {
      subscription = setCancelAtPeriodEnd(account, {
        subscription,
        cancels: params.cancel_at_period_end,
        comment: params.cancellation_details?.comment,
        cause,
      });
    }
    const metadata = mergeMetadata(subscription.metadata, params.metadata ?? {});
    const [item] = params.items ?? [];
    if (item !== undefined) {
      const behavior = params.proration_behavior ?? 'create_prorations';
      if (behavior === 'always_invoice' && params.payment_behavior !== 'error_if_incomplete') {
        throw notSimulated('changes that stay while their invoice is unpaid', 'payment_behavior');
      }
      if (item.id !== subscription.item) {
        throw invalidRequest(`No such subscription item: '${item.id}'`, { param: 'items[0][id]' });
      }
      const price = findPrice(item.price, 'items[0][price]');
      subscription = changePrice(account, { subscription, price, metadata, behavior, cause });
    } else if (params.metadata !== undefined) {
      const changed = { ...subscription, metadata };
      subscription = saveSubscription(account, { before: subscription, changed, cause });
    }
    return expandObject(renderSubscription(subscription), params.expand, records);
  });
}

/** As Stripe does: a key with an empty value is taken away (docs.stripe.com/api/metadata). */
function mergeMetadata(
  before: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>>,
): Record<string, string> {
  const merged = Object.entries({ ...before, ...changes });
  return Object.fromEntries(merged.filter(([, value]) => value !== ''));
}

function invoices(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/invoices';
  const render = (invoice: Invoice): object =>
    renderInvoice(invoice, findSubscription(account, invoice.subscription));
  return [
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(invoiceList, fields);
        const found = records.invoices
          .list()
          .filter(
            (invoice) =>
              isWithin(invoice.created, params.created) &&
              isAsked(params.customer, invoice.customer) &&
              isAsked(params.status, invoice.status) &&
              isAsked(params.subscription, invoice.subscription),
          );
        const page = renderList(found, { page: params, url: path, render });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        return expandObject(render(findInvoice(account, id)), params.expand, records);
      },
    },
  ];
}

function prices(account: Account): Route[] {
  const { records } = account;
  return [
    {
      method: 'GET',
      path: '/v1/prices',
      run: ({ fields }) => {
        const params = readParameters(z.strictObject(listing), fields);
        return renderList(recurringPrices(), {
          page: params,
          url: '/v1/prices',
          render: renderRecurringPrice,
        });
      },
    },
    {
      method: 'GET',
      path: '/v1/prices/:id',
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        return expandObject(renderRecurringPrice(findPrice(id, null)), params.expand, records);
      },
    },
    {
      method: 'GET',
      path: '/v1/products/:id',
      run: ({ id, fields }) => {
        readParameters(only, fields);
        return renderProduct(id);
      },
    },
  ];
}

function isAsked(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted === value;
}

/** Without a status Stripe leaves out those that have ended. */
function hasStatus(wanted: string | undefined, status: string): boolean {
  if (wanted === 'all') return true;
  if (wanted === undefined) return status !== 'canceled';
  return status === (wanted === 'ended' ? 'canceled' : wanted);
}
