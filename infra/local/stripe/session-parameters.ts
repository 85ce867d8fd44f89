import type Stripe from 'stripe';
import * as z from 'zod';

import { unixSeconds } from '#infra/local/stripe/account';
import { findPrice } from '#infra/local/stripe/catalogue';
import { invalidRequest, notSimulated } from '#infra/local/stripe/errors';
import type { FormFields } from '#infra/local/stripe/form';
import { newId } from '#infra/local/stripe/ids';
import {
  currency,
  email,
  expand,
  flag,
  integer,
  list,
  metadata,
  nonNegative,
  positive,
  readParameters,
  text,
  url,
} from '#infra/local/stripe/parameters';
import type { Line, Session } from '#infra/local/stripe/records';

type Params = Stripe.Checkout.SessionCreateParams;
/** Every name must be one that the SDK's types know: what Stripe removes cannot stay here. */
type Schemas<Known> = Partial<Record<keyof Known, z.ZodType>>;

const LIFETIME_MIN_S = 30 * 60;
const LIFETIME_MAX_S = 24 * 60 * 60;
const TOTAL_MAX = 99_999_999;
const REFERENCE_MAX = 200;

/** What Stripe would take and this stand-in cannot act on: refused, not ignored. */
const NOT_SIMULATED = [
  'after_expiration',
  'automatic_tax',
  'branding_settings',
  'consent_collection',
  'custom_fields',
  'custom_text',
  'customer_account',
  'customer_creation',
  'customer_update',
  'discounts',
  'excluded_payment_method_types',
  'integration_identifier',
  'invoice_creation',
  'managed_payments',
  'name_collection',
  'optional_items',
  'origin_context',
  'payment_method_collection',
  'payment_method_configuration',
  'payment_method_data',
  'payment_method_options',
  'permissions',
  'phone_number_collection',
  'redirect_on_completion',
  'return_url',
  'saved_payment_method_options',
  'shipping_address_collection',
  'shipping_options',
  'tax_id_collection',
  'wallet_options',
] as const satisfies (keyof Params)[];

const productData = z.strictObject({
  name: text(),
  description: text().optional(),
  images: list(url, 8).default([]),
  metadata: metadata.default({}),
} satisfies Schemas<Stripe.Checkout.SessionCreateParams.LineItem.PriceData.ProductData>);

const priceData = z.strictObject({
  currency,
  unit_amount: nonNegative,
  product_data: productData,
  tax_behavior: z.literal('unspecified').optional(),
} satisfies Schemas<Stripe.Checkout.SessionCreateParams.LineItem.PriceData>);

const lineItem = z.strictObject({
  price: text().optional(),
  price_data: priceData.optional(),
  quantity: positive,
  metadata: metadata.default({}),
} satisfies Schemas<Stripe.Checkout.SessionCreateParams.LineItem>);

const paymentIntentData = z.strictObject({
  metadata: metadata.default({}),
  description: text().optional(),
  receipt_email: email.optional(),
  statement_descriptor: text(22).optional(),
  statement_descriptor_suffix: text(22).optional(),
} satisfies Schemas<Stripe.Checkout.SessionCreateParams.PaymentIntentData>);

const setupIntentData = z.strictObject({
  metadata: metadata.default({}),
  description: text().optional(),
} satisfies Schemas<Stripe.Checkout.SessionCreateParams.SetupIntentData>);

const subscriptionData = z.strictObject({
  metadata: metadata.default({}),
  description: text().optional(),
} satisfies Schemas<Stripe.Checkout.SessionCreateParams.SubscriptionData>);

/** Parameters of `POST /v1/checkout/sessions`. */
export const sessionCreateParameters = z.strictObject({
  adaptive_pricing: z.strictObject({ enabled: flag.default(true) }).optional(),
  allow_promotion_codes: flag.optional(),
  allowed_payment_method_types: list(text()).optional(),
  billing_address_collection: z.enum(['auto', 'required']).optional(),
  cancel_url: url.optional(),
  client_reference_id: text(REFERENCE_MAX).optional(),
  currency: currency.optional(),
  customer: text().optional(),
  customer_email: email.optional(),
  expand,
  expires_at: integer.optional(),
  line_items: list(lineItem).optional(),
  locale: text().optional(),
  metadata: metadata.default({}),
  mode: z.enum(['payment', 'setup', 'subscription']),
  payment_intent_data: paymentIntentData.optional(),
  setup_intent_data: setupIntentData.optional(),
  submit_type: z.enum(['auto', 'book', 'donate', 'pay', 'subscribe']).optional(),
  subscription_data: subscriptionData.optional(),
  success_url: url,
  ui_mode: z.enum(['elements', 'embedded_page', 'form', 'hosted_page']).default('hosted_page'),
} satisfies Schemas<Params>);

export interface NewSession {
  readonly facts: Omit<Session, 'id'>;
  readonly expand: readonly string[];
}

/** Checks a request for a session against Stripe's rules and makes the session's facts of it. */
export function readNewSession(fields: FormFields, now: Date): NewSession {
  const absent = NOT_SIMULATED.find((name) => name in fields);
  if (absent !== undefined) throw notSimulated(`the parameter ${absent}`, absent);
  const params = readParameters(sessionCreateParameters, fields);
  if (params.ui_mode !== 'hosted_page') throw notSimulated(`ui_mode ${params.ui_mode}`, 'ui_mode');

  checkMode(params);
  const created = unixSeconds(now);
  const payment = params.payment_intent_data;
  return {
    expand: params.expand,
    facts: {
      created,
      expires_at: readExpiry(params.expires_at, created),
      mode: params.mode,
      status: 'open',
      ...(params.mode === 'setup'
        ? {
            payment_status: 'no_payment_required',
            currency: params.currency ?? NO_CURRENCY,
            lines: [],
          }
        : { payment_status: 'unpaid', ...readLines(params) }),
      success_url: params.success_url,
      cancel_url: params.cancel_url ?? null,
      client_reference_id: params.client_reference_id ?? null,
      customer: params.customer ?? null,
      customer_email: params.customer_email ?? null,
      payer: null,
      metadata: params.metadata,
      payment: {
        metadata: payment?.metadata ?? {},
        description: payment?.description ?? null,
        receipt_email: payment?.receipt_email ?? null,
        statement_descriptor: payment?.statement_descriptor ?? null,
        statement_descriptor_suffix: payment?.statement_descriptor_suffix ?? null,
      },
      setup:
        params.mode === 'setup'
          ? {
              metadata: params.setup_intent_data?.metadata ?? {},
              description: params.setup_intent_data?.description ?? null,
            }
          : null,
      subscription_data:
        params.mode === 'subscription'
          ? {
              metadata: params.subscription_data?.metadata ?? {},
              description: params.subscription_data?.description ?? null,
            }
          : null,
      subscription: null,
      invoice: null,
      payment_intent: null,
      setup_intent: null,
      adaptive_pricing: params.adaptive_pricing?.enabled ?? true,
      allow_promotion_codes: params.allow_promotion_codes ?? null,
      allowed_payment_method_types: params.allowed_payment_method_types ?? null,
      billing_address_collection: params.billing_address_collection ?? null,
      locale: params.locale ?? null,
      submit_type: params.submit_type ?? null,
    },
  };
}

/** What belongs to one mode is refused in the other. */
function checkMode(params: z.output<typeof sessionCreateParameters>): void {
  if (params.customer !== undefined && params.customer_email !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: customer, customer_email.');
  }
  const isSetup = params.mode === 'setup';
  for (const name of REFUSED_IN[params.mode]) {
    if (params[name] === undefined) continue;
    throw invalidRequest(`You can not pass \`${name}\` in \`${params.mode}\` mode.`, {
      param: name,
    });
  }
  if (!isSetup || (params.currency ?? params.allowed_payment_method_types) !== undefined) return;
  throw invalidRequest('Missing required param: currency.', {
    code: 'parameter_missing',
    param: 'currency',
  });
}

const REFUSED_IN = {
  payment: ['setup_intent_data', 'subscription_data'],
  setup: ['line_items', 'payment_intent_data', 'submit_type', 'subscription_data'],
  subscription: ['payment_intent_data', 'setup_intent_data', 'submit_type'],
} as const;
/** Nothing is paid where a card is only saved; it is never shown. */
const NO_CURRENCY = '';

function readExpiry(asked: number | undefined, created: number): number {
  if (asked === undefined) return created + LIFETIME_MAX_S;
  if (asked < created + LIFETIME_MIN_S) {
    throw invalidRequest(
      'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.',
      { param: 'expires_at' },
    );
  }
  if (asked > created + LIFETIME_MAX_S) {
    throw invalidRequest(
      'The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.',
      { param: 'expires_at' },
    );
  }
  return asked;
}

function readLines(
  params: z.output<typeof sessionCreateParameters>,
): Pick<Session, 'currency' | 'lines'> {
  const lines: Line[] = [];
  let sessionCurrency = params.currency;
  for (const [index, item] of (params.line_items ?? []).entries()) {
    const place = `line_items[${index}]`;
    if (item.price !== undefined) {
      const sold = recurringLine(params.mode, item, place);
      sessionCurrency ??= sold.currency;
      lines.push(sold.line);
      continue;
    }
    if (params.mode === 'subscription')
      throw notSimulated('recurring prices made on the spot', place);
    const price = item.price_data;
    if (price === undefined) {
      throw invalidRequest('You must specify either `price` or `price_data` on each line item.', {
        code: 'parameter_missing',
        param: `${place}[price_data]`,
      });
    }
    sessionCurrency ??= price.currency;
    if (price.currency !== sessionCurrency) {
      throw invalidRequest('All line items of a Checkout Session must have the same currency.', {
        param: `${place}[price_data][currency]`,
      });
    }
    lines.push({
      id: newId('lineItem'),
      price_id: newId('price'),
      product_id: newId('product'),
      name: price.product_data.name,
      description: price.product_data.description ?? null,
      images: price.product_data.images,
      product_metadata: price.product_data.metadata,
      metadata: item.metadata,
      unit_amount: price.unit_amount,
      quantity: item.quantity,
    });
  }
  if (sessionCurrency === undefined || lines.length === 0) {
    throw invalidRequest('Missing required param: line_items.', {
      code: 'parameter_missing',
      param: 'line_items',
    });
  }
  checkTotal(
    lines.reduce((sum, line) => sum + line.unit_amount * line.quantity, 0),
    sessionCurrency,
  );
  return { currency: sessionCurrency, lines };
}

/** A subscription to a price of the account's own; one is all that a page sells here. */
function recurringLine(
  mode: string,
  item: z.output<typeof lineItem>,
  place: string,
): { readonly line: Line; readonly currency: string } {
  const price = findPrice(item.price ?? '', `${place}[price]`);
  if (mode !== 'subscription') {
    throw invalidRequest(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      { param: `${place}[price]` },
    );
  }
  if (item.quantity !== 1 || place !== 'line_items[0]') {
    throw notSimulated('subscriptions to more than one thing', place);
  }
  const line: Line = {
    id: newId('lineItem'),
    price_id: price.id,
    product_id: price.product,
    name: price.name,
    description: null,
    images: [],
    product_metadata: {},
    metadata: item.metadata,
    unit_amount: price.unit_amount,
    quantity: 1,
  };
  return { line, currency: price.currency };
}

/** Stripe takes nothing at all, or about half a dollar and more. */
const TOTAL_MIN = new Map([
  ['gbp', 30],
  ['jpy', 50],
  ['mxn', 1000],
  ['hkd', 400],
  ['sek', 300],
  ['nok', 300],
  ['dkk', 250],
  ['pln', 200],
  ['aed', 200],
  ['czk', 1500],
  ['huf', 17500],
  ['thb', 1000],
  ['myr', 200],
]);
const TOTAL_MIN_OTHER = 50;

function checkTotal(total: number, of: string): void {
  const min = TOTAL_MIN.get(of) ?? TOTAL_MIN_OTHER;
  if (total !== 0 && total < min) {
    throw invalidRequest(
      `The Checkout Session's total amount due must add up to at least ${min} in the smallest unit of ${of}.`,
      { code: 'amount_too_small' },
    );
  }
  if (total > TOTAL_MAX) {
    throw invalidRequest(
      `The Checkout Session's total amount due must be no more than ${TOTAL_MAX}.`,
      { code: 'amount_too_large' },
    );
  }
}
