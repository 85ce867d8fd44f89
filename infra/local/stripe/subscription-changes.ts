import { unixSeconds, type Account } from '#infra/local/stripe/account';
import type { Cause } from '#infra/local/stripe/event-log';
import type { Subscription } from '#infra/local/stripe/subscription-records';
import { renderSubscription, type WireSubscription } from '#infra/local/stripe/subscription-shape';

/** Keeps a change and tells of it, with what stood there before; what changes nothing tells of nothing. */
export function saveSubscription(
  account: Account,
  act: {
    readonly before: Subscription;
    readonly changed: Subscription;
    readonly cause: Cause;
  },
): Subscription {
  const { before, cause, changed } = act;
  account.records.subscriptions.put(changed.id, changed);
  const object = renderSubscription(changed);
  const previous = differenceOf(renderSubscription(before), object);
  if (Object.keys(previous).length > 0) {
    account.recordEvent({ type: 'customer.subscription.updated', object, previous, cause });
  }
  return changed;
}

/** Ends a subscription for good. */
export function endSubscription(
  account: Account,
  act: { readonly subscription: Subscription; readonly cause: Cause },
): Subscription {
  const { clock, records, recordEvent } = account;
  const now = unixSeconds(clock.now());
  const ended: Subscription = {
    ...act.subscription,
    status: 'canceled',
    canceled_at: act.subscription.canceled_at ?? now,
    ended_at: now,
    pending: [],
  };
  records.subscriptions.put(ended.id, ended);
  const object = renderSubscription(ended);
  recordEvent({ type: 'customer.subscription.deleted', object, cause: act.cause });
  // What was not paid by now is not asked for any more.
  for (const invoice of records.invoices.list()) {
    if (invoice.subscription !== ended.id || invoice.status === 'paid') continue;
    records.invoices.put(invoice.id, { ...invoice, due: null });
  }
  return ended;
}

/** The old values of whatever is other now. */
function differenceOf(
  before: WireSubscription,
  after: WireSubscription,
): Partial<WireSubscription> {
  const now = new Map<string, unknown>(Object.entries(after));
  return Object.fromEntries(
    Object.entries(before).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(now.get(name)),
    ),
  );
}
