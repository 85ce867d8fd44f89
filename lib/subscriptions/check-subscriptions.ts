import { unreachable } from '#lib/invariant';
import type { InvoiceEvent, SubscriptionStateEvent } from '#lib/payments/subscription-event';
import { ContentionError, type LedgerStore, type PlanDueStore } from '#lib/ports';
import { applySubscriptionEvent } from '#lib/subscriptions/apply-subscription-event';
import { checkDueAt } from '#lib/subscriptions/due-check';
import type { GrantPlanDependencies } from '#lib/subscriptions/grant-plan-credits';
import type { Subscription } from '#lib/subscriptions/subscription';
import type { SubscriptionProvider } from '#lib/subscriptions/subscription-provider';
import { startTurns } from '#lib/turns';

export interface CheckDependencies extends GrantPlanDependencies {
  readonly plansDue: PlanDueStore;
  readonly provider: Pick<SubscriptionProvider, 'find'>;
  readonly invoices: PaidInvoices;
}

/** The newest invoices of a subscription that were paid, as their events tell them, oldest first. */
export type PaidInvoices = (
  subscriptionId: string,
) => Promise<
  | { readonly kind: 'told'; readonly events: readonly InvoiceEvent[] }
  | { readonly kind: 'unknown'; readonly detail: string }
>;

export interface Checked {
  readonly asked: number;
  /** Subscriptions of which the provider told something that no event had. */
  readonly restored: readonly string[];
  /** Those that it did not tell of, or that a person has to look at, each with why. */
  readonly open: readonly string[];
}

/** Of one run: each asks the provider twice. */
const USERS_MAX = 50;
const LOOKS_MAX = 5;

/**
 * The safety net under the events of subscriptions (DESIGN 7): asks the provider about those of which something is
 * overdue or in doubt, and takes its answer in by the path of its events, so that it can give nothing twice.
 */
export async function checkSubscriptions(deps: CheckDependencies, now: string): Promise<Checked> {
  const users = await deps.plansDue.dueChecks({ now, limit: USERS_MAX });
  const restored: string[] = [];
  const open: string[] = [];
  let asked = 0;
  const look = async (userId: string) => {
    const id = { userId };
    const read = await deps.ledger.load([{ record: 'subscription', id }]);
    const subscription = read('subscription', id)?.value ?? null;
    const dueAt = subscription && checkDueAt(subscription);
    // The index is a moment behind: it may have been told since.
    if (!subscription?.provider || dueAt === null || dueAt > now) return;
    asked += 1;
    const { subscriptionId } = subscription.provider;
    const outcome = await check(deps, { userId, subscriptionId, now });
    if (outcome.isNews) restored.push(subscriptionId);
    if (outcome.problem !== null) open.push(`${subscriptionId}: ${outcome.problem}`);
  };
  const turns = startTurns();
  for (const userId of users) await turns.take(() => look(userId));
  turns.end();
  return { asked, restored, open };
}

interface Outcome {
  readonly isNews: boolean;
  readonly problem: string | null;
}

async function check(
  deps: CheckDependencies,
  about: { readonly userId: string; readonly subscriptionId: string; readonly now: string },
): Promise<Outcome> {
  const { now, subscriptionId, userId } = about;
  const answer = await deps.provider.find(subscriptionId);
  switch (answer.kind) {
    case 'told':
      break;
    // Nothing is known: the next run asks again.
    case 'unknown':
      return { isNews: false, problem: answer.detail };
    case 'absent':
    case 'declined':
    case 'refused': {
      await noteCheck(deps.ledger, about);
      const problem = answer.kind === 'absent' ? 'the provider does not have it' : answer.detail;
      return { isNews: false, problem };
    }
    default:
      return unreachable(answer);
  }
  const invoices = await deps.invoices(subscriptionId);
  if (invoices.kind === 'unknown') return { isNews: false, problem: invoices.detail };
  const before = await standing(deps.ledger, userId);
  const { told } = answer;
  const state: SubscriptionStateEvent = {
    kind: 'state',
    provider: 'stripe',
    eventId: `answer_${subscriptionId}`,
    type: 'answer',
    at: now,
    claimedUserId: userId,
    customerId: told.customerId,
    told,
  };
  const problems: string[] = [];
  let isCredited = false;
  for (const event of [state, ...invoices.events]) {
    const applied = await applySubscriptionEvent(deps, { event, now, isAnswer: true });
    if (applied.kind === 'credited') isCredited = true;
    if ('detail' in applied) problems.push(applied.detail);
  }
  const after = await standing(deps.ledger, userId);
  await noteCheck(deps.ledger, about);
  return { isNews: isCredited || saysOther(before, after), problem: problems[0] ?? null };
}

async function standing(ledger: Pick<LedgerStore, 'load'>, userId: string) {
  const id = { userId };
  return (await ledger.load([{ record: 'subscription', id }]))('subscription', id)?.value ?? null;
}

function saysOther(before: Subscription | null, after: Subscription | null): boolean {
  return (
    before?.tier !== after?.tier ||
    before?.status !== after?.status ||
    before?.endedAt !== after?.endedAt ||
    before?.currentPeriodEnd !== after?.currentPeriodEnd ||
    before?.cancelAtPeriodEnd !== after?.cancelAtPeriodEnd
  );
}

/** Whatever came of it is looked at again only a while later; else the same would stand first for ever. */
async function noteCheck(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  { now, userId }: { readonly userId: string; readonly now: string },
): Promise<void> {
  const id = { userId };
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const stored = (await ledger.load([{ record: 'subscription', id }]))('subscription', id);
    if (!stored) return;
    const value = { ...stored.value, checkedAt: now, doubtAt: null };
    const { version } = stored;
    if (await ledger.write([{ record: 'subscription', id, value, version }])) return;
  }
  throw new ContentionError('a subscription changed between every two looks at it');
}
