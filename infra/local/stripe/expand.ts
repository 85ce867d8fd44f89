import {
  renderCustomer,
  renderPaymentMethod,
  renderSetupIntent,
} from '#infra/local/stripe/customer-shape';
import { invalidRequest } from '#infra/local/stripe/errors';
import { renderInvoice } from '#infra/local/stripe/invoice-shape';
import { renderCharge, renderPaymentIntent, renderRefund } from '#infra/local/stripe/payment-shape';
import type { Records } from '#infra/local/stripe/records';
import { renderLineItems } from '#infra/local/stripe/session-shape';
import { renderSubscription } from '#infra/local/stripe/subscription-shape';

type Fields = Record<string, unknown>;

const DEPTH_MAX = 4;

/**
 * Replaces ids by the objects they name, for the paths in `expand` (`payment_intent.latest_charge`,
 * `data.payment_intent` in lists). Throws `StripeApiError` for a path that leads nowhere.
 */
export function expandObject(object: object, paths: readonly string[], records: Records): object {
  let expanded: unknown = object;
  for (const path of paths) {
    const parts = path.split('.');
    if (parts.length > DEPTH_MAX) {
      throw invalidRequest(`You cannot expand more than ${DEPTH_MAX} levels of a property.`, {
        param: 'expand',
      });
    }
    expanded = expandPath({ value: expanded, parts, path, records });
  }
  return fieldsOf(expanded) ?? object;
}

interface Step {
  readonly value: unknown;
  readonly parts: readonly string[];
  readonly path: string;
  readonly records: Records;
}

function expandPath(step: Step): unknown {
  const { value, parts, path, records } = step;
  const [name, ...rest] = parts;
  if (name === undefined || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown) => expandPath({ ...step, value: item }));
  }
  const fields = fieldsOf(value);
  const child = fields === undefined ? undefined : childOf(fields, name, records);
  if (fields === undefined || child === undefined) {
    throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
  }
  return { ...fields, [name]: expandPath({ ...step, value: child, parts: rest }) };
}

/** The object behind a field; null stays null, and undefined says that there is none to show. */
function childOf(fields: Fields, name: string, records: Records): unknown {
  const present = fields[name];
  if (name === 'data' && Array.isArray(present)) return present;
  if (name === 'line_items' && fields['object'] === 'checkout.session') {
    return present ?? lineItemsOf(String(fields['id']), records);
  }
  if (name === 'refunds' && fields['object'] === 'charge') {
    return present ?? refundsOf(String(fields['id']), records);
  }
  if (!EXPANDABLE.has(name)) return undefined;
  if (typeof present !== 'string') return present;
  const payment = records.payments.get(present);
  if (payment !== undefined) return renderPaymentIntent(payment);
  const charge = records.charges.get(present);
  if (charge !== undefined) return renderCharge(charge);
  const customer = records.customers.get(present);
  if (customer !== undefined) return renderCustomer(customer);
  const method = records.paymentMethods.get(present);
  if (method !== undefined) return renderPaymentMethod(method);
  const setup = records.setupIntents.get(present);
  if (setup !== undefined) return renderSetupIntent(setup);
  const subscription = records.subscriptions.get(present);
  if (subscription !== undefined) return renderSubscription(subscription);
  const invoice = records.invoices.get(present);
  const of = records.subscriptions.get(invoice?.subscription ?? '');
  if (invoice !== undefined && of !== undefined) return renderInvoice(invoice, of);
  return undefined;
}

const EXPANDABLE = new Set([
  'payment_intent',
  'latest_charge',
  'charge',
  'customer',
  'payment_method',
  'setup_intent',
  'subscription',
  'invoice',
  'latest_invoice',
]);

function lineItemsOf(id: string, records: Records): object | undefined {
  const session = records.sessions.get(id);
  if (session === undefined) return undefined;
  return {
    object: 'list',
    data: renderLineItems(session),
    has_more: false,
    url: `/v1/checkout/sessions/${id}/line_items`,
  };
}

function refundsOf(charge: string, records: Records): object {
  const refunds = records.refunds.list().filter((refund) => refund.charge === charge);
  return {
    object: 'list',
    data: refunds.toReversed().map(renderRefund),
    has_more: false,
    url: `/v1/charges/${charge}/refunds`,
  };
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}
