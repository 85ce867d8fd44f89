import type Stripe from 'stripe';

import {
  findPrice,
  renderPlan,
  renderRecurringPrice,
  type WirePlan,
  type WirePrice,
} from '#infra/local/stripe/catalogue';
import { periodOf, type Subscription } from '#infra/local/stripe/subscription-records';

type WireItem = Omit<Stripe.SubscriptionItem, 'price' | 'plan'> & {
  price: WirePrice;
  plan: WirePlan;
};
type WireList<Item> = Omit<Stripe.ApiList<Item>, 'data'> & { data: Item[] };
/** The subscription as JSON: its period stands in its item since 2025-03-31. */
export type WireSubscription = Omit<Stripe.Subscription, 'items'> & { items: WireList<WireItem> };

/** The subscription as the API and the events show it. */
export function renderSubscription(subscription: Subscription): WireSubscription {
  const price = findPrice(subscription.price, null);
  const { cancellation } = subscription;
  return {
    id: subscription.id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: subscription.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: subscription.cancel_at_period_end ? periodOf(subscription).end : null,
    cancel_at_period_end: subscription.cancel_at_period_end,
    canceled_at: subscription.canceled_at,
    cancellation_details: {
      comment: cancellation.comment,
      feedback: cancellation.feedback,
      feedback_option: null,
      reason: cancellation.reason,
    },
    collection_method: 'charge_automatically',
    created: subscription.created,
    currency: price.currency,
    customer: subscription.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: subscription.default_payment_method,
    default_source: null,
    default_tax_rates: [],
    description: subscription.description,
    discounts: [],
    ended_at: subscription.ended_at,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      data: [renderItem(subscription)],
      has_more: false,
      url: `/v1/subscription_items?subscription=${subscription.id}`,
    },
    latest_invoice: subscription.latest_invoice,
    livemode: false,
    managed_payments: { enabled: false },
    metadata: subscription.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: subscription.created,
    status: subscription.status,
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: null,
    trial_start: null,
  };
}

function renderItem(subscription: Subscription): WireItem {
  const price = findPrice(subscription.price, null);
  const period = periodOf(subscription);
  return {
    id: subscription.item,
    object: 'subscription_item',
    billing_thresholds: null,
    created: subscription.created,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: renderPlan(price),
    price: renderRecurringPrice(price),
    quantity: 1,
    subscription: subscription.id,
    tax_rates: [],
  };
}
