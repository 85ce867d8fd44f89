import { InvariantError } from '#lib/invariant';
import { unixSeconds, type Account } from '#infra/local/stripe/account';
import { findPrice } from '#infra/local/stripe/catalogue';
import type { CardBehaviour, Customer } from '#infra/local/stripe/customer-records';
import { renderCustomer } from '#infra/local/stripe/customer-shape';
import { NO_REQUEST } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import type { Session } from '#infra/local/stripe/records';
import { findCustomer, saveCard } from '#infra/local/stripe/saved-cards';
import type { Invoice, Subscription } from '#infra/local/stripe/subscription-records';
import { startSubscription } from '#infra/local/stripe/subscriptions';

/** What a page in subscription mode makes when its card pays: a customer where there is none, the card, the rest. */
export function beginSubscription(
  account: Account,
  act: { readonly session: Session; readonly card: CardBehaviour },
): { readonly subscription: Subscription; readonly invoice: Invoice } {
  const { session } = act;
  const { lines, payer, subscription_data: data } = session;
  const [line] = lines;
  if (line === undefined || payer === null || data === null) {
    throw new InvariantError('a page in subscription mode sells something to somebody');
  }
  const customer =
    session.customer === null
      ? createCustomer(account, payer)
      : findCustomer(account, session.customer, 'customer');
  const method = saveCard(account, { customer, behaviour: act.card, payer, cause: NO_REQUEST });
  return startSubscription(account, {
    customer,
    price: findPrice(line.price_id, null),
    paymentMethod: method.id,
    ...data,
  });
}

function createCustomer(account: Account, payer: NonNullable<Session['payer']>): Customer {
  const customer: Customer = {
    id: newId('customer'),
    created: unixSeconds(account.clock.now()),
    email: payer.email,
    name: payer.name,
    description: null,
    metadata: {},
    default_payment_method: null,
    balance: 0,
    invoice_prefix: newId('request').slice(-8).toUpperCase(),
  };
  account.records.customers.put(customer.id, customer);
  const object = renderCustomer(customer);
  account.recordEvent({ type: 'customer.created', object, cause: NO_REQUEST });
  return customer;
}
