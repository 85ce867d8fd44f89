import type Stripe from 'stripe';

import type { Charge, Payment, Refund } from '#infra/local/stripe/records';

/** The PaymentIntent behind a session. */
export function renderPaymentIntent(payment: Payment): Stripe.PaymentIntent {
  return {
    id: payment.id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: payment.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: payment.status === 'succeeded' ? payment.amount : 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: payment.canceled_at,
    cancellation_reason: payment.canceled_at === null ? null : 'expired',
    capture_method: 'automatic_async',
    client_secret: payment.client_secret,
    confirmation_method: 'automatic',
    created: payment.created,
    currency: payment.currency,
    customer: payment.customer,
    customer_account: null,
    description: payment.description,
    excluded_payment_method_types: null,
    last_payment_error: renderPaymentError(payment),
    latest_charge: payment.latest_charge,
    livemode: false,
    managed_payments: { enabled: false },
    metadata: payment.metadata,
    next_action: null,
    on_behalf_of: null,
    // A payment method that was refused is taken off again, so that another can be tried.
    payment_method: payment.status === 'requires_payment_method' ? null : payment.payment_method,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic',
      },
    },
    payment_method_types: payment.payment_method_types,
    payment_record: null,
    processing: null,
    receipt_email: payment.receipt_email,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: payment.statement_descriptor,
    statement_descriptor_suffix: payment.statement_descriptor_suffix,
    status: payment.status,
    transfer_data: null,
    transfer_group: null,
  };
}

/** One attempt to take the money. */
export function renderCharge(charge: Charge): Stripe.Charge {
  const succeeded = charge.status === 'succeeded';
  return {
    id: charge.id,
    object: 'charge',
    amount: charge.amount,
    amount_captured: succeeded ? charge.amount : 0,
    amount_refunded: charge.amount_refunded,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: charge.balance_transaction,
    billing_details: {
      address: {
        city: null,
        country: null,
        line1: null,
        line2: null,
        postal_code: null,
        state: null,
      },
      email: charge.payer.email,
      name: charge.payer.name,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: charge.statement_descriptor ?? 'LOCAL STAND-IN',
    captured: succeeded,
    created: charge.created,
    currency: charge.currency,
    customer: charge.customer,
    description: charge.description,
    disputed: charge.disputed,
    failure_balance_transaction: null,
    failure_code: charge.failure?.code ?? null,
    failure_message: charge.failure?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: charge.metadata,
    on_behalf_of: null,
    outcome: renderOutcome(charge),
    paid: succeeded,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    payment_method_details: renderMethod(charge),
    receipt_email: charge.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: charge.amount_refunded === charge.amount,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: charge.statement_descriptor,
    statement_descriptor_suffix: charge.statement_descriptor_suffix,
    status: charge.status,
    transfer_data: null,
    transfer_group: null,
  };
}

/** Money on its way back to the payer. */
export function renderRefund(refund: Refund): Stripe.Refund {
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    balance_transaction: refund.balance_transaction,
    charge: refund.charge,
    created: refund.created,
    currency: refund.currency,
    customer: null,
    customer_account: null,
    destination_details: renderDestination(refund),
    ...(refund.status === 'failed' ? { failure_reason: 'unknown' } : {}),
    metadata: refund.metadata,
    payment_intent: refund.payment_intent,
    payment_method: null,
    reason: refund.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: refund.status,
    transfer_reversal: null,
  };
}

function renderPaymentError(payment: Payment): Stripe.PaymentIntent.LastPaymentError | null {
  const { error } = payment;
  if (error === null) return null;
  const isCard = ['card_declined', 'authentication_required'].includes(error.code);
  return {
    ...(payment.latest_charge === null ? {} : { charge: payment.latest_charge }),
    code: error.code,
    ...(isCard ? { decline_code: error.decline_code } : {}),
    doc_url: `https://docs.stripe.com/error-codes/${error.code.replaceAll('_', '-')}`,
    message: error.message,
    type: isCard ? 'card_error' : 'invalid_request_error',
  };
}

function renderOutcome(charge: Charge): Stripe.Charge.Outcome {
  const none = {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
  };
  if (charge.status !== 'failed') {
    return {
      ...none,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: charge.method === 'card' ? 'normal' : 'not_assessed',
      seller_message: 'Payment complete.',
      type: 'authorized',
    };
  }
  return {
    ...none,
    network_status: 'declined_by_network',
    reason: charge.failure?.decline_code ?? null,
    risk_level: charge.method === 'card' ? 'normal' : 'not_assessed',
    seller_message: 'The bank did not return any further details with this decline.',
    type: 'issuer_declined',
  };
}

function renderMethod(charge: Charge): Stripe.Charge.PaymentMethodDetails {
  switch (charge.method) {
    case 'card':
      return { card: renderCard(charge), type: 'card' };
    case 'us_bank_account':
      return {
        type: 'us_bank_account',
        us_bank_account: {
          account_holder_type: 'individual',
          account_type: 'checking',
          bank_name: 'STRIPE TEST BANK',
          fingerprint: null,
          last4: '6789',
          payment_reference: null,
          routing_number: '110000000',
        },
      };
    case 'sepa_debit':
      return {
        sepa_debit: {
          bank_code: '37040044',
          branch_code: '',
          country: 'DE',
          fingerprint: null,
          last4: '3000',
          mandate: null,
        },
        type: 'sepa_debit',
      };
  }
}

function renderCard(charge: Charge): Stripe.Charge.PaymentMethodDetails.Card {
  const succeeded = charge.status === 'succeeded';
  return {
    amount_authorized: succeeded ? charge.amount : null,
    authorization_code: null,
    brand: 'visa',
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: 'pass',
    },
    country: 'US',
    electronic_commerce_indicator: null,
    exp_month: 12,
    exp_year: new Date(charge.created * 1000).getUTCFullYear() + 3,
    extended_authorization: { status: 'disabled' },
    fingerprint: null,
    funding: 'credit',
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    // The numbers of Stripe's test cards 4242... and 4000 0000 0000 0002.
    last4: succeeded ? '4242' : '0002',
    mandate: null,
    multicapture: { status: 'unavailable' },
    network: 'visa',
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: {
      maximum_amount_capturable: succeeded ? charge.amount : 0,
      status: 'unavailable',
    },
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}

function renderDestination(refund: Refund): Stripe.Refund.DestinationDetails {
  switch (refund.method) {
    case 'card':
      return { card: { reference_status: 'pending', type: 'refund' }, type: 'card' };
    case 'us_bank_account':
      return {
        type: 'us_bank_account',
        us_bank_transfer: { reference: null, reference_status: 'pending' },
      };
    case 'sepa_debit':
      return {
        eu_bank_transfer: { reference: null, reference_status: 'pending' },
        type: 'sepa_debit',
      };
  }
}
