import { unixSeconds, type Account } from '#infra/local/stripe/account';
import type { PaymentMethod } from '#infra/local/stripe/customer-records';
import type { Cause } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import { renderPaymentIntent } from '#infra/local/stripe/payment-shape';
import { bookCharge, chargeOf, finish } from '#infra/local/stripe/payments';
import type { Charge, Payment } from '#infra/local/stripe/records';

/** Where whoever is charged has given no e-mail address. */
const DEFAULT_EMAIL = 'customer@example.com';

const DECLINED = {
  code: 'card_declined',
  decline_code: 'generic_decline',
  message: 'Your card was declined.',
};
const ASKS = {
  code: 'authentication_required',
  decline_code: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

export type Charging = Pick<
  Payment,
  | 'amount'
  | 'currency'
  | 'metadata'
  | 'description'
  | 'receipt_email'
  | 'statement_descriptor'
  | 'statement_descriptor_suffix'
>;

/**
 * Charges a saved card while its owner is away: the intent and the charge, with their events. A refusal leaves the
 * intent without a payment method and says why; what the caller of the API gets then is the caller's business.
 */
export function chargeSavedCard(
  account: Account,
  act: { readonly method: PaymentMethod; readonly charging: Charging; readonly cause: Cause },
): Payment {
  const { cause, charging, method } = act;
  const { clock, records, recordEvent } = account;
  const id = newId('paymentIntent');
  const opened: Payment = {
    ...charging,
    id,
    client_secret: `${id}_secret_${newId('secret')}`,
    session: null,
    customer: method.customer,
    created: unixSeconds(clock.now()),
    status: 'requires_payment_method',
    canceled_at: null,
    latest_charge: null,
    payment_method: null,
    payment_method_types: ['card'],
    error: null,
    settles_as: null,
  };
  records.payments.put(id, opened);
  recordEvent({ type: 'payment_intent.created', object: renderPaymentIntent(opened), cause });
  const failure = failureOf(method);
  const charge: Charge = {
    ...chargeOf(account, {
      payment: opened,
      payer: { email: method.email ?? DEFAULT_EMAIL, name: method.name },
      method: 'card',
    }),
    payment_method: method.id,
    status: failure === null ? 'succeeded' : 'failed',
    failure,
  };
  const payment = finish(account, { payment: opened, charge, cause });
  bookCharge(account, payment);
  return payment;
}

function failureOf({ behaviour }: PaymentMethod): Charge['failure'] {
  switch (behaviour) {
    case 'pays':
      return null;
    case 'declines':
      return DECLINED;
    case 'asks':
      return ASKS;
  }
}
