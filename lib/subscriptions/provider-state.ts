import { canonicalJson } from '#lib/ledger/entry';
import { ContentionError, type LedgerStore } from '#lib/ports';
import type { Subscription, SubscriptionStatus } from '#lib/subscriptions/subscription';
import type { Tier } from '#lib/subscriptions/tiers';

/** A subscription as its provider told it at an instant. Times are ISO 8601 UTC with milliseconds. */
export interface ProviderState {
  readonly userId: string;
  readonly provider: NonNullable<Subscription['provider']>;
  /** What is paid for; a downgrade that waits for the end of the period has not changed it yet. */
  readonly tier: Tier;
  readonly pendingChange: Subscription['pendingChange'];
  readonly status: SubscriptionStatus;
  readonly anchor: string;
  readonly currentPeriodStart: string;
  readonly currentPeriodEnd: string;
  readonly cancelAtPeriodEnd: boolean;
  /** In the words of who cancelled it, where the provider keeps them. */
  readonly cancelReason: string | null;
  readonly endedAt: string | null;
  /** The provider's own time of this state: of the event, or of the answer to our question. */
  readonly at: string;
}

export type StateChange =
  | { readonly kind: 'applied'; readonly subscription: Subscription }
  /** Older than what stands, or nothing new: nothing is to be written. */
  | { readonly kind: 'stale' }
  /** Of the very instant of what stands, and different: only the provider can tell which is newer. */
  | { readonly kind: 'in_doubt' }
  /** Another subscription of this user is running: a person has to look at it. */
  | { readonly kind: 'conflict'; readonly subscriptionId: string };

/**
 * What a provider's word makes of a subscription (DESIGN 6): the newest counts, whatever order they come in, and an end
 * is an end, whatever comes after it.
 */
export function applyProviderState(
  current: Subscription | null,
  state: ProviderState,
  now: string,
): StateChange {
  const standing = current?.provider ?? null;
  if (!current || !standing) return applied(current, state, now);
  if (standing.subscriptionId !== state.provider.subscriptionId) {
    const isRunning = current.endedAt === null && current.status !== 'INCOMPLETE';
    if (!isRunning)
      return isOlder(state, current) ? { kind: 'stale' } : applied(current, state, now);
    if (state.endedAt !== null || state.status === 'INCOMPLETE') return { kind: 'stale' };
    return { kind: 'conflict', subscriptionId: standing.subscriptionId };
  }
  if (current.endedAt !== null && state.endedAt === null) return { kind: 'stale' };
  if (current.endedAt === null && state.endedAt !== null) return applied(current, state, now);
  if (isOlder(state, current)) return { kind: 'stale' };
  const change = applied(current, state, now);
  const order = current.providerStateAt === state.at ? orderOf(current, state) : 0;
  if (order !== 0) return order > 0 ? change : { kind: 'stale' };
  // What is newer counts even where it says nothing new: what comes between the two must find it there.
  if (current.providerStateAt !== state.at) return change;
  return saysTheSame(current, change.subscription) ? { kind: 'stale' } : { kind: 'in_doubt' };
}

/** Writes down what a provider says of a subscription. `authoritative` settles a doubt: the answer to our question. */
export async function recordProviderState(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  input: {
    readonly state: ProviderState;
    readonly now: string;
    readonly authoritative?: true;
  },
): Promise<StateChange> {
  const { state, now, authoritative = false } = input;
  const id = { userId: state.userId };
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const stored = (await ledger.load([{ record: 'subscription', id }]))('subscription', id);
    const change = applyProviderState(stored?.value ?? null, state, now);
    const settled =
      change.kind === 'in_doubt' && authoritative
        ? applied(stored?.value ?? null, state, now)
        : change;
    if (settled.kind !== 'applied') return settled;
    const value = settled.subscription;
    const version = stored?.version ?? null;
    if (await ledger.write([{ record: 'subscription', id, value, version }])) {
      return { kind: 'applied', subscription: value };
    }
  }
  throw new ContentionError('a subscription changed between every two looks at it');
}

const LOOKS_MAX = 10;

function isOlder(state: ProviderState, current: Subscription): boolean {
  return current.providerStateAt !== null && state.at < current.providerStateAt;
}

function isEnding({ cancelAtPeriodEnd, endedAt }: ProviderState): boolean {
  return cancelAtPeriodEnd || endedAt !== null;
}

/**
 * Which of two states of one instant comes after the other, where what they say tells it: above zero for the one that
 * came in. A subscription that has begun never waits to begin again, and its periods only go forward.
 */
function orderOf(current: Subscription, state: ProviderState): number {
  const hasBegun = (each: Pick<Subscription, 'status'>) => (each.status === 'INCOMPLETE' ? 0 : 1);
  const begun = hasBegun(state) - hasBegun(current);
  if (begun !== 0) return begun;
  const [standing, told] = [current.currentPeriodStart, state.currentPeriodStart];
  return standing === told ? 0 : told > standing ? 1 : -1;
}

function applied(
  current: Subscription | null,
  state: ProviderState,
  now: string,
): Extract<StateChange, { kind: 'applied' }> {
  const { at, ...said } = state;
  const isSame = current?.provider?.subscriptionId === state.provider.subscriptionId;
  const since = isSame ? current.pastDueSince : null;
  const newest =
    isSame && current.providerStateAt !== null && current.providerStateAt > at
      ? current.providerStateAt
      : at;
  return {
    kind: 'applied',
    subscription: {
      ...said,
      cancelReason: state.cancelReason ?? (isSame && isEnding(state) ? current.cancelReason : null),
      pastDueSince: state.status === 'PAST_DUE' ? (since ?? at) : null,
      providerStateAt: newest,
      granted: current?.granted ?? null,
      paidInvoice: isSame ? current.paidInvoice : null,
      failedInvoice: isSame ? current.failedInvoice : null,
      doubtAt: null,
      checkedAt: isSame ? current.checkedAt : null,
      // FREE's months go on where the plan has ended.
      creditsDueAt: state.endedAt,
      createdAt: current?.createdAt ?? now,
      updatedAt: now,
    },
  };
}

/** Whether two states of one instant differ in nothing that was told. */
function saysTheSame(before: Subscription, after: Subscription): boolean {
  const told = (each: Subscription) =>
    canonicalJson({
      ...each,
      providerStateAt: null,
      updatedAt: null,
      creditsDueAt: null,
      doubtAt: null,
    });
  return told(before) === told(after);
}
