import type Stripe from 'stripe';

import { findPrice, renderRecurringPrice, type WirePrice } from '#infra/local/stripe/catalogue';

import { knownEmail, sessionTotal, type Line, type Session } from '#infra/local/stripe/records';

export type WireLineItem = Omit<Stripe.LineItem, 'price'> & { price: WirePrice };

/** The Checkout Session as the API and the events show it; `url` only while it can be paid. */
export function renderSession(session: Session, pageUrl: string): Stripe.Checkout.Session {
  const isSetup = session.mode === 'setup';
  const total = isSetup ? null : sessionTotal(session);
  return {
    id: session.id,
    object: 'checkout.session',
    adaptive_pricing: { enabled: session.adaptive_pricing },
    after_expiration: null,
    allow_promotion_codes: session.allow_promotion_codes,
    allowed_payment_method_types: session.allowed_payment_method_types,
    amount_subtotal: total,
    amount_total: total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: session.billing_address_collection,
    cancel_url: session.cancel_url,
    client_reference_id: session.client_reference_id,
    client_secret: null,
    collected_information: {
      business_name: null,
      individual_name: null,
      shipping_details: null,
    },
    consent: null,
    consent_collection: null,
    created: session.created,
    currency: session.currency === '' ? null : session.currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: session.customer,
    customer_account: null,
    customer_creation: session.customer === null ? 'if_required' : null,
    customer_details: renderCustomer(session),
    customer_email: session.customer_email,
    discounts: [],
    expires_at: session.expires_at,
    integration_identifier: null,
    invoice: session.invoice,
    invoice_creation:
      session.mode === 'subscription'
        ? null
        : {
            enabled: false,
            invoice_data: {
              account_tax_ids: null,
              custom_fields: null,
              description: null,
              footer: null,
              issuer: null,
              metadata: {},
              rendering_options: null,
            },
          },
    livemode: false,
    locale: session.locale,
    managed_payments: { enabled: false },
    metadata: session.metadata,
    mode: session.mode,
    origin_context: null,
    // A subscription is paid through its invoice.
    payment_intent: session.mode === 'subscription' ? null : session.payment_intent,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types:
      isSetup || session.mode === 'subscription' ? ['card'] : paymentMethodTypes(session.currency),
    payment_status: session.payment_status,
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: session.setup_intent,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: session.status,
    submit_type: session.submit_type,
    subscription: session.subscription,
    success_url: session.success_url,
    total_details: isSetup ? null : { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: session.status === 'open' ? pageUrl : null,
    wallet_options: null,
  };
}

/** The session's lines with their ad-hoc prices; the API shows them only on request. */
export function renderLineItems(session: Session): WireLineItem[] {
  return session.lines.map((line) => ({
    id: line.id,
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: line.unit_amount * line.quantity,
    amount_tax: 0,
    amount_total: line.unit_amount * line.quantity,
    currency: session.currency,
    description: line.name,
    metadata: line.metadata,
    price:
      session.mode === 'subscription'
        ? renderRecurringPrice(findPrice(line.price_id, null))
        : renderPrice(line, session),
    quantity: line.quantity,
  }));
}

/** Cards everywhere, and the slow bank payment that the currency's customers know. */
export function paymentMethodTypes(currency: string): ['card', 'us_bank_account' | 'sepa_debit'] {
  return ['card', currency === 'usd' ? 'us_bank_account' : 'sepa_debit'];
}

function renderCustomer(session: Session): Stripe.Checkout.Session.CustomerDetails | null {
  const email = knownEmail(session);
  if (email === null) return null;
  return {
    address: null,
    business_name: null,
    email,
    individual_name: null,
    name: session.payer?.name ?? null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: null,
  };
}

function renderPrice(line: Line, session: Session): WirePrice {
  return {
    id: line.price_id,
    object: 'price',
    // A price made inside a session cannot be used again.
    active: false,
    billing_scheme: 'per_unit',
    created: session.created,
    currency: session.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: line.product_id,
    recurring: null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount: line.unit_amount,
    unit_amount_decimal: String(line.unit_amount),
  };
}
