import type { Dispute, Order, Payment, Refund } from '#infra/local/razorpay/records';

/** Razorpay's fee of 2 percent and the tax of 18 percent on it, in ten-thousandths of the payment. */
const FEE_WITH_TAX = 236;
const TAX = 36;

const DECLINED = {
  error_code: 'BAD_REQUEST_ERROR',
  error_description: 'Payment failed',
  error_source: 'bank',
  error_step: 'payment_authorization',
  error_reason: 'payment_failed',
} as const;
const NO_ERROR = {
  error_code: null,
  error_description: null,
  error_source: null,
  error_step: null,
  error_reason: null,
} as const;

const UPI_ADDRESS = 'customer@exampleupi';
const BANK = 'HDFC';

/** The order as the API and the webhooks show it. */
export function renderOrder(order: Order): object {
  const paid = order.status === 'paid' ? order.amount : 0;
  return {
    id: order.id,
    entity: 'order',
    amount: order.amount,
    amount_paid: paid,
    amount_due: order.amount - paid,
    currency: order.currency,
    receipt: order.receipt,
    offer_id: null,
    status: order.status,
    attempts: order.attempts,
    notes: renderNotes(order.notes),
    created_at: order.created,
  };
}

/** The payment as the API shows it: a card is named by its id only. */
export function renderPayment(payment: Payment): object {
  const wasPaid = payment.captured;
  const { method } = payment;
  return {
    id: payment.id,
    entity: 'payment',
    amount: payment.amount,
    currency: payment.currency,
    base_amount: payment.amount,
    status: payment.status,
    order_id: payment.order,
    invoice_id: null,
    international: false,
    method,
    amount_refunded: payment.amount_refunded,
    amount_transferred: 0,
    refund_status: refundStatus(payment),
    captured: payment.captured,
    description: null,
    card_id: payment.card_id,
    bank: method === 'netbanking' ? BANK : null,
    wallet: null,
    vpa: method === 'upi' ? UPI_ADDRESS : null,
    email: payment.email,
    contact: payment.contact,
    // Notes of the order stay with the order: the app gave none to the checkout page.
    notes: [],
    fee: wasPaid ? Math.round((payment.amount * FEE_WITH_TAX) / 10_000) : null,
    tax: wasPaid ? Math.round((payment.amount * TAX) / 10_000) : null,
    ...(payment.status === 'failed' ? DECLINED : NO_ERROR),
    acquirer_data: acquirerData(payment),
    created_at: payment.created,
    ...(method === 'upi' && {
      upi: { payer_account_type: 'bank_account', vpa: UPI_ADDRESS, flow: 'intent' },
    }),
    ...(method === 'card' && { token_id: null }),
  };
}

/** The payment as webhooks show it, and the API when it is asked to expand the card. */
export function renderPaymentWithCard(payment: Payment): object {
  if (payment.card_id === null) return renderPayment(payment);
  return {
    ...renderPayment(payment),
    card: {
      id: payment.card_id,
      entity: 'card',
      name: 'Test Customer',
      last4: '1111',
      network: 'Visa',
      type: 'debit',
      sub_type: 'consumer',
      issuer: null,
      international: false,
      emi: false,
      iin: '411111',
    },
  };
}

/** The refund as the API and the webhooks show it. */
export function renderRefund(refund: Refund): object {
  return {
    id: refund.id,
    entity: 'refund',
    amount: refund.amount,
    currency: refund.currency,
    payment_id: refund.payment,
    notes: renderNotes(refund.notes),
    receipt: refund.receipt,
    acquirer_data: { arn: null },
    created_at: refund.created,
    batch_id: null,
    status: refund.status,
    speed_processed: 'normal',
    speed_requested: refund.speed,
  };
}

/** The dispute as the API and the webhooks show it. */
export function renderDispute(dispute: Dispute): object {
  return {
    id: dispute.id,
    entity: 'dispute',
    payment_id: dispute.payment,
    amount: dispute.amount,
    currency: dispute.currency,
    amount_deducted: dispute.amount_deducted,
    reason_code: dispute.reason_code,
    respond_by: dispute.respond_by,
    status: dispute.status,
    phase: dispute.phase,
    created_at: dispute.created,
    evidence: {
      amount: dispute.amount,
      summary: dispute.contested?.summary ?? null,
      shipping_proof: null,
      billing_proof: null,
      cancellation_proof: null,
      customer_communication: null,
      proof_of_service: null,
      explanation_letter: null,
      refund_confirmation: null,
      access_activity_log: null,
      refund_cancellation_policy: null,
      term_and_conditions: null,
      others: null,
      submitted_at: dispute.contested?.at ?? null,
    },
  };
}

/** PHP on the other side: an object without fields comes as a list without items. */
function renderNotes(notes: Order['notes']): object {
  return Object.keys(notes).length === 0 ? [] : notes;
}

function refundStatus(payment: Payment): 'partial' | 'full' | null {
  if (payment.amount_refunded === 0) return null;
  return payment.amount_refunded < payment.amount ? 'partial' : 'full';
}

function acquirerData(payment: Payment): object {
  const reference = payment.bank_reference;
  switch (payment.method) {
    case 'card':
      return { auth_code: reference?.slice(-6) ?? null, rrn: reference };
    case 'upi':
      return { rrn: reference };
    case 'netbanking':
      return { bank_transaction_id: reference };
  }
}
