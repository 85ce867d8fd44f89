import type Stripe from 'stripe';

import { missingResource } from '#infra/local/stripe/errors';

/**
 * What the account sells by subscription, set up as its dashboard would: one product for each plan with one monthly
 * price for each currency. The ids are those that the default tiers name.
 */
export interface RecurringPrice {
  readonly id: string;
  readonly product: string;
  readonly name: string;
  readonly currency: string;
  /** Minor units a month. */
  readonly unit_amount: number;
}

const PRICES: readonly RecurringPrice[] = [
  { id: 'price_pro_usd', product: 'prod_pro', name: 'PRO', currency: 'usd', unit_amount: 2_900 },
  { id: 'price_pro_inr', product: 'prod_pro', name: 'PRO', currency: 'inr', unit_amount: 199_900 },
  {
    id: 'price_premium_usd',
    product: 'prod_premium',
    name: 'PREMIUM',
    currency: 'usd',
    unit_amount: 9_900,
  },
  {
    id: 'price_premium_inr',
    product: 'prod_premium',
    name: 'PREMIUM',
    currency: 'inr',
    unit_amount: 699_900,
  },
];

/** The account was set up before anything else happened in it. */
const SET_UP_AT = 1_767_225_600;

/** A price as it goes over the wire: its decimal is text there, and the SDK's own `Decimal` only once it is read. */
export type WirePrice = Omit<Stripe.Price, 'unit_amount_decimal'> & {
  unit_amount_decimal: string | null;
};
export type WirePlan = Omit<Stripe.Plan, 'amount_decimal'> & { amount_decimal: string | null };

/** All prices, in the order in which they were made. */
export function recurringPrices(): readonly RecurringPrice[] {
  return PRICES;
}

/** Throws `StripeApiError` for an id that names nothing; `param` is where it stood, null for the path. */
export function findPrice(id: string, param: string | null): RecurringPrice {
  const price = PRICES.find((known) => known.id === id);
  if (price !== undefined) return price;
  throw missingResource('price', id, { param: param ?? 'price', inPath: param === null });
}

export function renderRecurringPrice(price: RecurringPrice): WirePrice {
  return {
    id: price.id,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: SET_UP_AT,
    currency: price.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: price.product,
    recurring: {
      interval: 'month',
      interval_count: 1,
      meter: null,
      trial_period_days: null,
      usage_type: 'licensed',
    },
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: price.unit_amount,
    unit_amount_decimal: String(price.unit_amount),
  };
}

/** What prices were before there were prices; subscription items still carry it. */
export function renderPlan(price: RecurringPrice): WirePlan {
  return {
    id: price.id,
    object: 'plan',
    active: true,
    amount: price.unit_amount,
    amount_decimal: String(price.unit_amount),
    billing_scheme: 'per_unit',
    created: SET_UP_AT,
    currency: price.currency,
    interval: 'month',
    interval_count: 1,
    livemode: false,
    metadata: {},
    meter: null,
    nickname: null,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}

/** Throws `StripeApiError` for an id that names nothing. */
export function renderProduct(id: string): Stripe.Product {
  const price = PRICES.find((known) => known.product === id);
  if (price === undefined) throw missingResource('product', id, { param: 'id', inPath: true });
  return {
    id,
    object: 'product',
    active: true,
    created: SET_UP_AT,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    name: price.name,
    package_dimensions: null,
    shippable: null,
    tax_details: null,
    type: 'service',
    updated: SET_UP_AT,
    url: null,
  };
}
