import { InvariantError } from '#lib/invariant';
import { unixSeconds, type Account } from '#infra/local/stripe/account';
import type {
  CardBehaviour,
  Customer,
  PaymentMethod,
  SetupIntent,
} from '#infra/local/stripe/customer-records';
import { renderPaymentMethod, renderSetupIntent } from '#infra/local/stripe/customer-shape';
import { invalidRequest, missingResource } from '#infra/local/stripe/errors';
import { NO_REQUEST, type Cause } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';

/** Stripe's test payment methods that may be attached to any customer, and what they do afterwards. */
const TEST_METHODS: ReadonlyMap<string, CardBehaviour> = new Map([
  ['pm_card_visa', 'pays'],
  ['pm_card_chargeCustomerFail', 'declines'],
  ['pm_card_authenticationRequired', 'asks'],
]);

/** Throws `StripeApiError` for an id that names nothing; `param` is where it stood, null for the path. */
export function findCustomer(account: Account, id: string, param: string | null): Customer {
  const customer = account.records.customers.get(id);
  if (customer !== undefined) return customer;
  throw missingResource('customer', id, { param: param ?? 'id', inPath: param === null });
}

export function findPaymentMethod(account: Account, id: string, inPath: boolean): PaymentMethod {
  const method = account.records.paymentMethods.get(id);
  if (method !== undefined) return method;
  const param = inPath ? 'id' : 'payment_method';
  throw missingResource('PaymentMethod', id, { param, inPath });
}

/** Keeps a card for a customer; a test payment method becomes a new one each time. */
export function attachCard(
  account: Account,
  act: { readonly method: string; readonly customer: Customer; readonly cause: Cause },
): PaymentMethod {
  const { customer, cause } = act;
  const behaviour = TEST_METHODS.get(act.method);
  if (behaviour !== undefined)
    return saveCard(account, { customer, cause, behaviour, payer: null });
  const method = findPaymentMethod(account, act.method, true);
  if (method.customer === null) {
    throw invalidRequest(
      'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.',
    );
  }
  if (method.customer === customer.id) return method;
  throw invalidRequest('The payment method you provided has already been attached to a customer.');
}

/** Takes a card off its customer, for good. */
export function detachCard(
  account: Account,
  act: { readonly method: PaymentMethod; readonly cause: Cause },
): PaymentMethod {
  const { records, recordEvent } = account;
  if (act.method.customer === null) {
    throw invalidRequest(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    );
  }
  const detached: PaymentMethod = { ...act.method, customer: null };
  records.paymentMethods.put(detached.id, detached);
  recordEvent({
    type: 'payment_method.detached',
    object: renderPaymentMethod(detached),
    previous: { customer: act.method.customer },
    cause: act.cause,
  });
  return detached;
}

/** The intent behind a page that saves a card. */
export function openSetupIntent(
  account: Account,
  facts: Pick<SetupIntent, 'customer' | 'description' | 'metadata'>,
  cause: Cause,
): SetupIntent {
  const { clock, records, recordEvent } = account;
  const id = newId('setupIntent');
  const intent: SetupIntent = {
    ...facts,
    id,
    client_secret: `${id}_secret_${newId('secret')}`,
    created: unixSeconds(clock.now()),
    payment_method: null,
    status: 'requires_payment_method',
    declined: false,
  };
  records.setupIntents.put(id, intent);
  recordEvent({ type: 'setup_intent.created', object: renderSetupIntent(intent), cause });
  return intent;
}

/** The customer gave a card on the page: it is saved, or (null) its bank says no to that already. */
export function endSetup(
  account: Account,
  act: {
    readonly setupIntent: string | null;
    readonly behaviour: CardBehaviour | null;
    readonly payer: { readonly email: string; readonly name: string | null };
  },
): SetupIntent {
  const { records, recordEvent } = account;
  const intent = records.setupIntents.get(act.setupIntent ?? '');
  if (intent === undefined) throw new InvariantError('a session in setup mode has a setup intent');
  if (act.behaviour === null) {
    const failed: SetupIntent = { ...intent, declined: true };
    records.setupIntents.put(intent.id, failed);
    const object = renderSetupIntent(failed);
    recordEvent({ type: 'setup_intent.setup_failed', object, cause: NO_REQUEST });
    return failed;
  }
  const customer = records.customers.get(intent.customer ?? '') ?? null;
  const { behaviour, payer } = act;
  const method = saveCard(account, { customer, behaviour, payer, cause: NO_REQUEST });
  const succeeded: SetupIntent = {
    ...intent,
    payment_method: method.id,
    status: 'succeeded',
    declined: false,
  };
  records.setupIntents.put(intent.id, succeeded);
  const object = renderSetupIntent(succeeded);
  recordEvent({ type: 'setup_intent.succeeded', object, cause: NO_REQUEST });
  return succeeded;
}

/** Keeps a new card; events tell of it only where it belongs to a customer. */
export function saveCard(
  account: Account,
  card: {
    readonly customer: Customer | null;
    readonly behaviour: CardBehaviour;
    readonly payer: { readonly email: string; readonly name: string | null } | null;
    readonly cause: Cause;
  },
): PaymentMethod {
  const { clock, records, recordEvent } = account;
  const { behaviour, customer, payer } = card;
  const method: PaymentMethod = {
    id: newId('paymentMethod'),
    created: unixSeconds(clock.now()),
    customer: customer?.id ?? null,
    behaviour,
    email: payer?.email ?? customer?.email ?? null,
    name: payer?.name ?? customer?.name ?? null,
    metadata: {},
  };
  records.paymentMethods.put(method.id, method);
  if (customer !== null) {
    const object = renderPaymentMethod(method);
    recordEvent({ type: 'payment_method.attached', object, cause: card.cause });
  }
  return method;
}
