import { isGrantOf } from '#lib/subscriptions/plan-credits';
import type { Subscription } from '#lib/subscriptions/subscription';

const HOUR_MS = 3_600_000;
/** An invoice is finalized about an hour after its period has begun, and its events may come late. */
const NEWS_EXPECTED_MS = 6 * HOUR_MS;
/** What was asked and is still so is asked again then: most of it waits for a person or a bank. */
const ASK_AGAIN_MS = 24 * HOUR_MS;

/**
 * When the provider has to be asked about a subscription, because something is overdue by then that its events should
 * have told: the next period, the credits of this one, a payment after a failed one. At once where two words contradict
 * each other. Null where nothing is expected any more.
 */
export function checkDueAt(subscription: Subscription): string | null {
  const { checkedAt, doubtAt, endedAt, provider } = subscription;
  if (!provider || endedAt !== null) return null;
  if (doubtAt !== null) return doubtAt;
  const due = expectedBy(subscription);
  const again = checkedAt === null ? due : after(checkedAt, ASK_AGAIN_MS);
  return again > due ? again : due;
}

function expectedBy(subscription: Subscription): string {
  const { currentPeriodEnd, currentPeriodStart, granted, pastDueSince, provider, status } =
    subscription;
  // The provider gives a first payment a day.
  if (status === 'INCOMPLETE') return after(currentPeriodStart, ASK_AGAIN_MS);
  if (status === 'PAST_DUE') return after(pastDueSince ?? currentPeriodStart, ASK_AGAIN_MS);
  const isGranted =
    granted !== null &&
    granted.start === currentPeriodStart &&
    isGrantOf(granted, provider?.subscriptionId ?? '');
  return after(isGranted ? currentPeriodEnd : currentPeriodStart, NEWS_EXPECTED_MS);
}

function after(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}
