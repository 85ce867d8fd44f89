import { type LedgerStore, ContentionError, type PlanDueStore, type Stored } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import {
  type GrantPlanDependencies,
  grantPlanCredits,
} from '#lib/subscriptions/grant-plan-credits';
import { type Month, monthAt } from '#lib/subscriptions/months';
import { FREE_PERIODS } from '#lib/subscriptions/plan-credits';
import { tierInForce } from '#lib/subscriptions/subscription';
import { planOfTier } from '#lib/subscriptions/tiers';
import { startTurns } from '#lib/turns';

const USERS_MAX = 200;
const LOOKS_MAX = 5;
const TIERS = { key: 'tiers' } as const;
const GRACE = { key: 'past_due_grace_days' } as const;
const ACTOR = 'system:plans';

export interface FreeCredits {
  readonly granted: number;
  /** Users whose wallet had no room: they are asked again with their next month. */
  readonly refused: number;
  /** Whether more may be due than one run looks at. */
  readonly more: boolean;
}

/**
 * Gives FREE's monthly credits to whom they are due (DESIGN 7). Every registered user has a place in a sparse index,
 * by when their next month begins, so that a run finds exactly those and nobody reads the table through. While FREE
 * gives nothing the run looks at nobody, and once it gives something everybody gets the month that they are in.
 */
export async function grantFreeCredits(
  deps: GrantPlanDependencies & { readonly plansDue: PlanDueStore },
  now: string,
): Promise<FreeCredits> {
  const read = await deps.ledger.load([{ record: 'setting', id: TIERS }]);
  const plan = planOfTier(settingOf('tiers', read('setting', TIERS)), 'FREE');
  if (plan.monthly_credits.length === 0) return { granted: 0, refused: 0, more: false };
  const users = await deps.plansDue.dueUsers({ now, limit: USERS_MAX });
  const outcomes: (string | null)[] = [];
  const turns = startTurns();
  for (const userId of users) {
    await turns.take(async () => {
      outcomes.push(await grantFreeMonth(deps, { userId, now }));
    });
  }
  turns.end();
  const countOf = (kind: string) => outcomes.filter((each) => each === kind).length;
  return {
    granted: countOf('granted'),
    refused: countOf('refused'),
    more: users.length === USERS_MAX && countOf('granted') > 0,
  };
}

/**
 * One user's month of FREE, counted from when they came, whatever they have subscribed to in between: nobody gets two
 * in one month by subscribing and ending it. Null where nothing is due.
 */
export async function grantFreeMonth(
  deps: GrantPlanDependencies,
  { userId, now }: { readonly userId: string; readonly now: string },
): Promise<'granted' | 'replayed' | 'not_granted' | 'refused' | null> {
  const id = { userId };
  const read = await deps.ledger.load([
    { record: 'subscription', id },
    { record: 'setting', id: GRACE },
  ]);
  const stored = read('subscription', id);
  // The index is a moment behind: somebody may have been served since.
  const dueAt = stored?.value.creditsDueAt ?? null;
  if (!stored || dueAt === null || dueAt > now) return null;
  const month = monthAt(stored.value.createdAt, now);
  const graceDays = settingOf('past_due_grace_days', read('setting', GRACE));
  const isFree = tierInForce(stored.value, { now, graceDays }) === 'FREE';
  const period = { ...month, subscriptionId: FREE_PERIODS, tier: 'FREE' } as const;
  const command = { now, actor: ACTOR };
  const outcome = isFree
    ? await grantPlanCredits(deps, { userId, period, command })
    : ({ kind: 'not_granted' } as const);
  if (outcome.kind !== 'granted') await waitForNext(deps.ledger, { userId, now, month });
  return outcome.kind;
}

/** Whoever gets nothing this month has the next one to wait for; else the same users would stand first for ever. */
async function waitForNext(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  { userId, now, month }: { readonly userId: string; readonly now: string; readonly month: Month },
): Promise<void> {
  const id = { userId };
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const read = await ledger.load([{ record: 'subscription', id }]);
    const stored: Stored<'subscription'> | null = read('subscription', id);
    const dueAt = stored?.value.creditsDueAt ?? null;
    if (!stored || dueAt === null || dueAt > now) return;
    const value = { ...stored.value, creditsDueAt: month.end };
    const { version } = stored;
    if (await ledger.write([{ record: 'subscription', id, value, version }])) return;
  }
  throw new ContentionError('a subscription changed between every two looks at it');
}
