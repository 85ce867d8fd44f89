import { userId as userIdSchema } from '#lib/contract/ids';
import type { QuarantineReason } from '#lib/payments/payment-event';
import type {
  InvoiceEvent,
  SubscriptionEvent,
  SubscriptionStateEvent,
} from '#lib/payments/subscription-event';
import { ContentionError, type LedgerStore, type Reader } from '#lib/ports';
import { customerRef } from '#lib/purchases/provider-customer';
import type { Verdict } from '#lib/purchases/verdict';
import { settingOf } from '#lib/settings/settings';
import { endPlanCredits } from '#lib/subscriptions/end-plan-credits';
import {
  type GrantPlanDependencies,
  grantPlanCredits,
} from '#lib/subscriptions/grant-plan-credits';
import {
  firstStateOf,
  isOfInterest,
  type PaidPeriod,
  paidPeriodOf,
  withInvoice,
} from '#lib/subscriptions/plan-invoices';
import { recordProviderState } from '#lib/subscriptions/provider-state';
import type { Subscription } from '#lib/subscriptions/subscription';
import { type Tiers, tierOfPrice } from '#lib/subscriptions/tiers';
import { stateOfTold } from '#lib/subscriptions/told-state';

export type SubscriptionApplied =
  | {
      /** `credited`: a period's credits were given. `recorded`: something else is news. */
      readonly kind: 'credited' | 'recorded' | 'unchanged';
      readonly userId: string;
    }
  /** No business of ours. */
  | { readonly kind: 'foreign' }
  /** Perhaps before what it follows from: try again later, and hand it to a person for this reason in the end. */
  | { readonly kind: 'early'; readonly reason: QuarantineReason; readonly detail: string }
  | Verdict;

interface Application<E extends SubscriptionEvent = SubscriptionEvent> {
  readonly event: E;
  readonly now: string;
  /** Whether it is the answer to our own question, which settles a doubt. */
  readonly isAnswer?: boolean;
}

interface Context {
  readonly userId: string;
  readonly tiers: Tiers;
}

const ACTOR = 'stripe';
const LOOKS_MAX = 10;
const TIERS = { key: 'tiers' } as const;
/** A period that begins so soon has begun by the provider's clock. */
const SKEW_MAX_MS = 300_000;

/**
 * Takes in what a provider tells of a subscription (DESIGN 6). Its state is a fact that newer ones replace, and a paid
 * period another that gives its credits once; so events in any order and number end in the same place. Whose it is we
 * know by the customer whom our own call stored before a page was opened; what an event names only finds that.
 */
export async function applySubscriptionEvent(
  deps: GrantPlanDependencies,
  application: Application,
): Promise<SubscriptionApplied> {
  const { event } = application;
  const claimed = userIdSchema.safeParse(event.claimedUserId);
  const owner = claimed.success
    ? customerRef({ userId: claimed.data, provider: event.provider })
    : null;
  const read = await deps.ledger.load([
    { record: 'setting', id: TIERS },
    ...(owner === null ? [] : [owner]),
  ]);
  const tiers = settingOf('tiers', read('setting', TIERS));
  if (owner === null) return unowned(event, tiers);
  const known = read('providerCustomer', owner.id)?.value.customerRef;
  if (known !== event.customerId) {
    const detail = `${event.customerId} is not the customer of ${owner.id.userId}, whom it names`;
    return { kind: 'early', reason: 'UNKNOWN_SUBSCRIPTION', detail };
  }
  const context = { userId: owner.id.userId, tiers };
  return event.kind === 'state'
    ? applyState(deps, { ...application, event }, context)
    : applyInvoice(deps, { ...application, event }, context);
}

/** Without a user it is somebody else's business, unless it bills a tier of ours. */
function unowned(event: SubscriptionEvent, tiers: Tiers): SubscriptionApplied {
  const lines = event.kind === 'state' ? event.told.lines : event.lines;
  const isOurs = lines.some((line) => line.priceId !== null && tierOfPrice(tiers, line.priceId));
  if (!isOurs) return { kind: 'foreign' };
  const detail = `${event.customerId} pays for a tier, and the subscription names no user`;
  return { kind: 'quarantine', reason: 'UNKNOWN_SUBSCRIPTION', detail };
}

async function applyState(
  deps: GrantPlanDependencies,
  { event, isAnswer, now }: Application<SubscriptionStateEvent>,
  { tiers, userId }: Context,
): Promise<SubscriptionApplied> {
  const made = stateOfTold(event.told, { userId, tiers, at: event.at });
  if (!made.ok) return { kind: 'quarantine', reason: made.reason, detail: made.detail };
  const change = await recordProviderState(deps.ledger, {
    state: made.state,
    now,
    ...(isAnswer === true && { authoritative: true }),
  });
  // Also where its end is known already: whoever told it first may not have got this far.
  await endPlanCredits(deps.ledger, { userId, command: { now, actor: ACTOR } });
  switch (change.kind) {
    case 'applied':
      return { kind: 'recorded', userId };
    case 'stale':
      return { kind: 'unchanged', userId };
    case 'in_doubt':
      await changeSubscription(deps.ledger, userId, (current) => ({ ...current, doubtAt: now }));
      return { kind: 'recorded', userId };
    case 'conflict':
      return secondSubscription(event.told.subscriptionId, change.subscriptionId);
  }
}

async function applyInvoice(
  deps: GrantPlanDependencies,
  application: Application<InvoiceEvent>,
  context: Context,
): Promise<SubscriptionApplied> {
  const { event, now } = application;
  const { userId } = context;
  if (!isOfInterest(event)) return { kind: 'unchanged', userId };
  const id = { userId };
  const standing = (await deps.ledger.load([{ record: 'subscription', id }]))('subscription', id);
  const isKnown = standing?.value.provider?.subscriptionId === event.subscriptionId;
  const anchor = isKnown ? standing.value.anchor : event.at;
  const paid = paidPeriodOf(event, { tiers: context.tiers, anchor });
  if (!paid.ok) return { kind: 'quarantine', reason: paid.reason, detail: paid.detail };
  if (!isKnown) {
    const begun = await beginBy(deps, { ...application, paid }, context, standing?.value ?? null);
    if (begun) return begun;
  }
  const isNews = await recordInvoice(deps.ledger, userId, application);
  if (event.outcome === 'failed') return { kind: isNews ? 'recorded' : 'unchanged', userId };
  const { period } = paid;
  const isSoon = Date.parse(period.start) - Date.parse(now) <= SKEW_MAX_MS;
  const command = { now: isSoon && period.start > now ? period.start : now, actor: ACTOR };
  const outcome = await grantPlanCredits(deps, { userId, period, command });
  // The plan may have ended while its invoice was on its way.
  await endPlanCredits(deps.ledger, { userId, command });
  switch (outcome.kind) {
    case 'granted':
      return { kind: 'credited', userId };
    case 'replayed':
    case 'not_granted':
      return { kind: isNews ? 'recorded' : 'unchanged', userId };
    case 'refused': {
      const { code } = outcome.refusal;
      const detail = `a wallet of ${userId} refuses the credits of ${period.tier}: ${code}`;
      return { kind: 'quarantine', reason: 'WALLET_REFUSED', detail };
    }
  }
}

/** What an invoice makes of a subscription that is not the one that stands; null where it has begun with it. */
async function beginBy(
  deps: GrantPlanDependencies,
  { event, now, paid }: Application<InvoiceEvent> & { readonly paid: PaidPeriod },
  { userId }: Context,
  standing: Subscription | null,
): Promise<SubscriptionApplied | null> {
  const isOver = standing?.provider && standing.anchor > paid.period.start;
  if (isOver) return { kind: 'unchanged', userId };
  if (event.reason !== 'create' || event.outcome !== 'paid') {
    const detail = `nobody has told us of ${event.subscriptionId} yet`;
    return { kind: 'early', reason: 'UNKNOWN_SUBSCRIPTION', detail };
  }
  const state = firstStateOf(event, paid, { userId });
  const change = await recordProviderState(deps.ledger, { state, now });
  if (change.kind !== 'conflict') return null;
  return secondSubscription(event.subscriptionId, change.subscriptionId);
}

/** It may be that the first one has ended and nobody has told us yet. */
function secondSubscription(told: string, running: string): SubscriptionApplied {
  const detail = `${told} came while ${running} of the same user runs: end one of them`;
  return { kind: 'early', reason: 'SECOND_SUBSCRIPTION', detail };
}

async function recordInvoice(
  ledger: GrantPlanDependencies['ledger'],
  userId: string,
  { event, now }: Application<InvoiceEvent>,
): Promise<boolean> {
  return changeSubscription(ledger, userId, (current) => {
    if (current.provider?.subscriptionId !== event.subscriptionId) return null;
    const changed = withInvoice(current, event);
    const isSame =
      JSON.stringify([changed.paidInvoice, changed.failedInvoice]) ===
      JSON.stringify([current.paidInvoice, current.failedInvoice]);
    return isSame ? null : { ...changed, updatedAt: now };
  });
}

/** Whether anything was written: null changes nothing. */
async function changeSubscription(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  userId: string,
  change: (current: Subscription) => Subscription | null,
): Promise<boolean> {
  const id = { userId };
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const read: Reader = await ledger.load([{ record: 'subscription', id }]);
    const stored = read('subscription', id);
    const value = stored && change(stored.value);
    if (!value) return false;
    const { version } = stored;
    if (await ledger.write([{ record: 'subscription', id, value, version }])) return true;
  }
  throw new ContentionError('a subscription changed between every two looks at it');
}
