import type { CreditType } from '#lib/contract/credit-types';
import { advance } from '#lib/ledger/advance';
import { freeOf } from '#lib/ledger/burn-order';
import type { Command, Posting, Refusal } from '#lib/ledger/decision';
import { endGrants } from '#lib/ledger/end-grants';
import type { Entry } from '#lib/ledger/entry';
import { add } from '#lib/ledger/inflow';
import type { Head } from '#lib/ledger/wallet';
import { addMonths, type Month, monthAt } from '#lib/subscriptions/months';
import type { GrantedPeriod, Subscription } from '#lib/subscriptions/subscription';
import { compareTiers, type Rollover, type Tier } from '#lib/subscriptions/tiers';

/** A period of a plan that is paid for, or that FREE gives. */
export interface PlanPeriod extends Month {
  /** The provider's subscription, or `FREE_PERIODS`. */
  readonly subscriptionId: string;
  readonly tier: Tier;
}

/** What the months of FREE are named by. */
export const FREE_PERIODS = 'free';

/** Why a period gives no credits, now or ever. */
export type NotGranted =
  /** Its time has passed: what it gave would have expired. */
  | 'over'
  /** It begins later; whoever asks may ask again then. */
  | 'early'
  /** A later period, or more for the same, has been granted since. */
  | 'superseded'
  /** The subscription had ended when it began. */
  | 'ended';

/** One subscription, period and tier: what a plan's entry names as its cause, so that it is made once. */
export function planCause({ subscriptionId, start, tier }: PlanPeriod): string {
  return `plan:${subscriptionId}:${start}:${tier}`;
}

/** Whether a period was one of that subscription. */
export function isGrantOf(granted: GrantedPeriod, subscriptionId: string): boolean {
  const { start, end, tier } = granted;
  return granted.cause === planCause({ subscriptionId, start, end, tier });
}

/**
 * Whether a period gives its credits, whatever came before what. Within a period the most that was paid for counts: a
 * plan goes up at once and down only at the end, so what is less is the older word.
 */
export function whyNotGranted(
  subscription: Pick<Subscription, 'endedAt' | 'granted' | 'provider'>,
  period: PlanPeriod,
  now: string,
): NotGranted | null {
  const { endedAt, granted, provider } = subscription;
  if (period.end <= now) return 'over';
  if (period.start > now) return 'early';
  const isEnded = provider?.subscriptionId === period.subscriptionId && endedAt !== null;
  if (isEnded && endedAt <= period.start) return 'ended';
  if (granted === null || granted.cause === planCause(period)) return null;
  if (granted.start > period.start) return 'superseded';
  const isLess = compareTiers(granted.tier, period.tier) <= 0;
  return granted.start === period.start && isLess ? 'superseded' : null;
}

/** What one wallet has to do with a period. */
export interface WalletPeriod {
  readonly creditType: CreditType;
  /** What the period gives; 0 for nothing of this type. */
  readonly credits: number;
  readonly period: PlanPeriod;
  /** What was granted last, or null: its rest is carried over, or taken back where it still runs. */
  readonly previous: GrantedPeriod | null;
  /** Of the tier that gave the previous credits. */
  readonly rollover: Rollover;
  readonly anchor: string;
  readonly command: Pick<Command, 'now' | 'actor'>;
}

export type WalletCredits =
  | {
      readonly ok: true;
      readonly posting: Posting;
      /** The plan's own entry, where it gives something of this type. */
      readonly entry: Entry | null;
    }
  | { readonly ok: false; readonly refusal: Refusal };

// Below what grants usually have, so that carried credits go before the plan's own of the same expiry.
const PLAN_PRIORITY = 50;
const CARRIED_PRIORITY = 49;

/**
 * A wallet over the boundary of two periods, in one posting: what the old plan gave and is unspent leaves where that
 * plan still runs; or what its ended period left is carried over, within the tier's rule; then the new credits come.
 * `atEnd` is the wallet as it was when the previous period ended. Bought and promotional credits are never touched.
 */
export function grantPeriod(head: Head, atEnd: Head, wallet: WalletPeriod): WalletCredits {
  const { command, credits, period, previous } = wallet;
  const cause = planCause(period);
  const reference = { type: 'subscription', id: period.subscriptionId };
  let posting = advance(head, command.now);
  const own = previous?.grants.filter((grant) => grant.creditType === wallet.creditType) ?? [];
  const grantIds = own.map((grant) => grant.grantId);

  if (previous && previous.end > period.start) {
    const description = `${previous.tier} credits ended with the plan`;
    posting = endGrants(posting, {
      ...command,
      description,
      reference,
      cause: `${cause}:ended`,
      grantIds,
    });
  } else if (previous?.end === period.start) {
    const amount = carriedOf(
      grantIds.reduce((sum, id) => sum + freeIn(atEnd, id), 0),
      wallet,
    );
    if (amount > 0) {
      const carried = add(posting.head, {
        ...command,
        type: 'subscription',
        category: 'plan',
        priority: CARRIED_PRIORITY,
        expiresAt: carriedUntil(wallet),
        description: `${previous.tier} credits carried over`,
        reference,
        cause: `${cause}:rollover`,
        amount,
      });
      if (!carried.ok) return carried;
      posting = after(posting, carried);
    }
  }
  if (credits === 0) return { ok: true, posting, entry: null };
  const granted = add(posting.head, {
    ...command,
    type: 'subscription',
    category: 'plan',
    priority: PLAN_PRIORITY,
    expiresAt: period.end,
    description: `${period.tier} credits`,
    reference,
    cause,
    amount: credits,
  });
  if (!granted.ok) return granted;
  return { ok: true, posting: after(posting, granted), entry: granted.entry };
}

/** The wallet when a period ended, from its head at any time before that. */
export function headAtEnd(head: Head, end: string): Head {
  return advance(head, new Date(Date.parse(end) - 1).toISOString()).head;
}

/** What of a rest is carried over. */
function carriedOf(rest: number, { rollover }: WalletPeriod): number {
  switch (rollover.kind) {
    case 'none':
      return 0;
    case 'capped':
      return Math.min(rest, rollover.credits);
    case 'all':
      return rest;
  }
}

/** Carried credits end with a period as well: with this one, or so many later. */
function carriedUntil({ anchor, period, rollover }: WalletPeriod): string {
  const more = rollover.kind === 'none' ? 0 : rollover.months - 1;
  let end = period.end;
  // From the anchor, because months after a clamped 31st end on the 31st again.
  for (let month = 0; month < more; month += 1) {
    end = anchor <= end ? monthAt(anchor, end).end : addMonths(end, 1);
  }
  return end;
}

/** Held credits are not a rest: their job may still spend them. */
function freeIn(head: Head, grantId: string): number {
  const grant = head.grants.find((open) => open.id === grantId);
  return grant ? freeOf(grant) : 0;
}

function after(
  before: Posting,
  made: { readonly head: Head; readonly entries: readonly Entry[] },
): Posting {
  return { ...before, head: made.head, entries: [...before.entries, ...made.entries] };
}
