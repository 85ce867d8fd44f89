import type Stripe from 'stripe';
import * as z from 'zod';

import { unixSeconds, type Account } from '#infra/local/stripe/account';
import type { Customer } from '#infra/local/stripe/customer-records';
import {
  renderCustomer,
  renderPaymentMethod,
  renderSetupIntent,
} from '#infra/local/stripe/customer-shape';
import { invalidRequest, missingResource } from '#infra/local/stripe/errors';
import { expandObject } from '#infra/local/stripe/expand';
import { newId } from '#infra/local/stripe/ids';
import { isWithin, renderList } from '#infra/local/stripe/lists';
import {
  email,
  expand,
  listing,
  metadata,
  readParameters,
  text,
  timeRange,
} from '#infra/local/stripe/parameters';
import type { Route, RouteCall } from '#infra/local/stripe/routes';
import {
  attachCard,
  detachCard,
  findCustomer,
  findPaymentMethod,
} from '#infra/local/stripe/saved-cards';

const only = z.strictObject({ expand });

const invoiceSettings = z.strictObject({ default_payment_method: text().optional() });

/** Parameters of `POST /v1/customers`. */
export const customerCreateParameters = z.strictObject({
  description: text().optional(),
  email: email.optional(),
  expand,
  invoice_settings: invoiceSettings.optional(),
  metadata: metadata.default({}),
  name: text(256).optional(),
} satisfies Partial<Record<keyof Stripe.CustomerCreateParams, z.ZodType>>);

const customerUpdateParameters = z.strictObject({
  ...customerCreateParameters.shape,
  metadata: metadata.optional(),
});

const customerList = z.strictObject({
  ...listing,
  created: timeRange.optional(),
  email: email.optional(),
} satisfies Partial<Record<keyof Stripe.CustomerListParams, z.ZodType>>);

const methodList = z.strictObject({ ...listing, type: z.literal('card').optional() });
const attachParameters = z.strictObject({ customer: text(), expand });

/** Customers, their saved cards, and the intents that saved them. */
export function customerRoutes(account: Account): Route[] {
  return [...customers(account), ...paymentMethods(account)];
}

function customers(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/customers';
  return [
    { method: 'POST', path, run: (call) => createCustomer(account, call) },
    {
      method: 'GET',
      path,
      run: ({ fields }) => {
        const params = readParameters(customerList, fields);
        const found = records.customers
          .list()
          .filter(
            (customer) =>
              isWithin(customer.created, params.created) &&
              (params.email === undefined || params.email === customer.email),
          );
        const page = renderList(found, { page: params, url: path, render: renderCustomer });
        return expandObject(page, params.expand, records);
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const customer = findCustomer(account, id, null);
        return expandObject(renderCustomer(customer), params.expand, records);
      },
    },
    { method: 'POST', path: `${path}/:id`, run: (call) => updateCustomer(account, call) },
    {
      method: 'GET',
      path: `${path}/:id/payment_methods`,
      run: ({ id, fields }) => {
        const params = readParameters(methodList, fields);
        const customer = findCustomer(account, id, null);
        const found = records.paymentMethods
          .list()
          .filter((method) => method.customer === customer.id);
        const url = `${path}/${id}/payment_methods`;
        const page = renderList(found, { page: params, url, render: renderPaymentMethod });
        return expandObject(page, params.expand, records);
      },
    },
  ];
}

function paymentMethods(account: Account): Route[] {
  const { records } = account;
  const path = '/v1/payment_methods/:id';
  return [
    {
      method: 'GET',
      path,
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const method = findPaymentMethod(account, id, true);
        return expandObject(renderPaymentMethod(method), params.expand, records);
      },
    },
    {
      method: 'POST',
      path: `${path}/attach`,
      run: ({ id, fields, cause }) => {
        const params = readParameters(attachParameters, fields);
        const customer = findCustomer(account, params.customer, 'customer');
        const method = attachCard(account, { method: id, customer, cause });
        return expandObject(renderPaymentMethod(method), params.expand, records);
      },
    },
    {
      method: 'POST',
      path: `${path}/detach`,
      run: ({ id, fields, cause }) => {
        const params = readParameters(only, fields);
        const method = detachCard(account, { method: findPaymentMethod(account, id, true), cause });
        return expandObject(renderPaymentMethod(method), params.expand, records);
      },
    },
    {
      method: 'GET',
      path: '/v1/setup_intents/:id',
      run: ({ id, fields }) => {
        const params = readParameters(only, fields);
        const intent = records.setupIntents.get(id);
        if (intent === undefined) {
          throw missingResource('setupintent', id, { param: 'intent', inPath: true });
        }
        return expandObject(renderSetupIntent(intent), params.expand, records);
      },
    },
  ];
}

function createCustomer(account: Account, { fields, cause }: RouteCall): object {
  const { clock, records, recordEvent } = account;
  const params = readParameters(customerCreateParameters, fields);
  const customer: Customer = {
    id: newId('customer'),
    created: unixSeconds(clock.now()),
    email: params.email ?? null,
    name: params.name ?? null,
    description: params.description ?? null,
    metadata: params.metadata,
    default_payment_method: null,
    balance: 0,
    invoice_prefix: newId('request').slice(-8).toUpperCase(),
  };
  return records.transaction(() => {
    records.customers.put(customer.id, customer);
    recordEvent({ type: 'customer.created', object: renderCustomer(customer), cause });
    return expandObject(renderCustomer(customer), params.expand, records);
  });
}

function updateCustomer(account: Account, { id, fields, cause }: RouteCall): object {
  const { records, recordEvent } = account;
  const params = readParameters(customerUpdateParameters, fields);
  return records.transaction(() => {
    const before = findCustomer(account, id, null);
    const preferred = params.invoice_settings?.default_payment_method;
    if (preferred !== undefined) checkOwner(account, { method: preferred, customer: before });
    const customer: Customer = {
      ...before,
      email: params.email ?? before.email,
      name: params.name ?? before.name,
      description: params.description ?? before.description,
      metadata: { ...before.metadata, ...params.metadata },
      default_payment_method: preferred ?? before.default_payment_method,
    };
    records.customers.put(customer.id, customer);
    recordEvent({ type: 'customer.updated', object: renderCustomer(customer), cause });
    return expandObject(renderCustomer(customer), params.expand, records);
  });
}

function checkOwner(
  account: Account,
  act: { readonly method: string; readonly customer: Customer },
): void {
  const method = findPaymentMethod(account, act.method, false);
  if (method.customer === act.customer.id) return;
  throw invalidRequest(
    'The customer does not have a payment method with the ID ' +
      `${method.id}. The payment method must be attached to the customer.`,
    { param: 'invoice_settings[default_payment_method]' },
  );
}
