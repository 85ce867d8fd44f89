import type { FailedInvoice, Subscription } from '#lib/subscriptions/subscription';

/** What one change of a subscription tells: the same from the stream's images, however often they come. */
export type SubscriptionNews =
  | { readonly kind: SubscriptionChange }
  | { readonly kind: 'payment_failed'; readonly invoice: FailedInvoice };

/**
 * `ending` is an end with the period, and `change_scheduled` a downgrade with it; `resumed` takes either back.
 * `past_due` begins the days of grace, and `recovered` ends them.
 */
export type SubscriptionChange =
  | 'started'
  | 'renewed'
  | 'changed'
  | 'change_scheduled'
  | 'ending'
  | 'resumed'
  | 'past_due'
  | 'recovered'
  | 'ended';

export interface ChangeOfSubscription {
  readonly before: Subscription | null;
  readonly after: Subscription;
}

/** Nobody is told of FREE, nor of what has never begun. */
export function subscriptionNews({
  after,
  before,
}: ChangeOfSubscription): readonly SubscriptionNews[] {
  if (!after.provider) return [];
  const isSame = before?.provider?.subscriptionId === after.provider.subscriptionId;
  const standing = isSame ? before : null;
  const { failedInvoice } = after;
  const hasFailed = failedInvoice && failedInvoice.invoiceId !== standing?.failedInvoice?.invoiceId;
  return [
    ...changesOf(standing, after).map((kind) => ({ kind })),
    ...(hasFailed ? [{ kind: 'payment_failed', invoice: failedInvoice } as const] : []),
  ];
}

function changesOf(before: Subscription | null, after: Subscription): SubscriptionChange[] {
  if (after.endedAt !== null) {
    const isNews = before === null || (before.endedAt === null && hasBegun(before));
    return isNews ? ['ended'] : [];
  }
  if (!hasBegun(after)) return [];
  if (!before || !hasBegun(before)) return ['started'];
  const wasLate = before.status === 'PAST_DUE';
  const isLate = after.status === 'PAST_DUE';
  const isPending = isOtherChange(before, after);
  const isTakenBack =
    (before.cancelAtPeriodEnd && !after.cancelAtPeriodEnd) ||
    (before.pendingChange !== null && !after.pendingChange && before.tier === after.tier);
  const told: readonly (readonly [SubscriptionChange, boolean])[] = [
    ['renewed', before.currentPeriodStart < after.currentPeriodStart],
    ['changed', before.tier !== after.tier],
    ['change_scheduled', isPending],
    ['ending', !before.cancelAtPeriodEnd && after.cancelAtPeriodEnd],
    ['resumed', isTakenBack && !isPending],
    ['past_due', isLate && !wasLate],
    ['recovered', wasLate && !isLate],
  ];
  return told.flatMap(([kind, isSo]) => (isSo ? [kind] : []));
}

function hasBegun({ status }: Subscription): boolean {
  return status !== 'INCOMPLETE';
}

function isOtherChange(before: Subscription, { pendingChange }: Subscription): boolean {
  return pendingChange !== null && pendingChange.tier !== before.pendingChange?.tier;
}
