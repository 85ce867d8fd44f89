import { CREDIT_TYPES, type CreditType } from '#lib/contract/credit-types';
import { invariant } from '#lib/invariant';
import type { Command, Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import {
  type Committed,
  ContentionError,
  type HistoryStore,
  type LedgerStore,
  type Plan,
  type Reader,
  type RecordWrite,
} from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import {
  FREE_PERIODS,
  grantPeriod,
  headAtEnd,
  type NotGranted,
  type PlanPeriod,
  planCause,
  whyNotGranted,
} from '#lib/subscriptions/plan-credits';
import type { GrantedPeriod, Subscription } from '#lib/subscriptions/subscription';
import { planOfTier, type TierPlan } from '#lib/subscriptions/tiers';

export interface GrantPlanDependencies {
  readonly ledger: Pick<LedgerStore, 'load' | 'loadHead' | 'run' | 'write'>;
  /** What a period left unspent, once its credits have left the wallet. */
  readonly history: Pick<HistoryStore, 'headAt'>;
}

export interface PlanCreditsInput {
  readonly userId: string;
  readonly period: PlanPeriod;
  readonly command: Pick<Command, 'now' | 'actor'>;
}

export type PlanCreditsOutcome =
  | { readonly kind: 'granted' | 'replayed' }
  | { readonly kind: 'not_granted'; readonly reason: NotGranted | 'no_subscription' }
  /** A wallet has no room for them: nothing was written. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const LOOKS_MAX = 10;
const TIERS = { key: 'tiers' } as const;

/**
 * Gives the credits of a paid period, once per subscription, period and tier, with what becomes of those before
 * (`grantPeriod`): all wallets and the subscription in one transaction. Only what was told to be paid comes here; what
 * comes late, twice or after the end gives nothing.
 */
export async function grantPlanCredits(
  deps: GrantPlanDependencies,
  input: PlanCreditsInput,
): Promise<PlanCreditsOutcome> {
  const { ledger } = deps;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const terms = termsOf(await ledger.load(refsOf(input)), input);
    if ('kind' in terms) return terms;
    const wallets = await walletsOf(deps, terms, input);
    const outcome = await commit(ledger, { terms, wallets, input });
    if (outcome !== 'look_again') return outcome;
  }
  throw new ContentionError('the wallets of a plan changed between every two looks');
}

/** What a period is granted on, as it was read. */
interface Terms {
  readonly subscription: Subscription;
  readonly versions: readonly (number | null)[];
  readonly plan: TierPlan;
  readonly previous: GrantedPeriod | null;
  readonly rollover: TierPlan['rollover'];
}

/** A wallet that the period changes. */
interface PlanWallet {
  readonly ref: WalletRef;
  readonly creditType: CreditType;
  readonly credits: number;
  /** The wallet as it was when the previous period ended, where it has moved on since. */
  readonly past: Head | null;
  /** Of its own entry in this transaction. */
  readonly cause: string;
}

function refsOf({ userId }: PlanCreditsInput) {
  return [
    { record: 'subscription', id: { userId } },
    { record: 'setting', id: TIERS },
  ] as const;
}

function termsOf(
  read: Reader,
  { userId, period, command }: PlanCreditsInput,
): Terms | Exclude<PlanCreditsOutcome, { readonly kind: 'refused' }> {
  const stored = read('subscription', { userId });
  if (!stored) return { kind: 'not_granted', reason: 'no_subscription' };
  const { value: subscription, version } = stored;
  const { granted } = subscription;
  if (granted?.cause === planCause(period)) return { kind: 'replayed' };
  const reason = whyNotGranted(subscription, period, command.now);
  if (reason) return { kind: 'not_granted', reason };
  const setting = read('setting', TIERS);
  const tiers = settingOf('tiers', setting);
  return {
    subscription,
    versions: [version, setting?.version ?? null],
    plan: planOfTier(tiers, period.tier),
    previous: granted,
    rollover: planOfTier(tiers, granted?.tier ?? 'FREE').rollover,
  };
}

/** Those that get credits first, because the entry of the first answers a replay. */
async function walletsOf(
  { ledger, history }: GrantPlanDependencies,
  terms: Terms,
  input: PlanCreditsInput,
): Promise<readonly PlanWallet[]> {
  const { userId, period } = input;
  const wallets: PlanWallet[] = [];
  for (const creditType of creditTypesOf(terms)) {
    const ref = { userId, creditType };
    const head = await ledger.loadHead(ref);
    const end = boundaryOf(terms, period);
    const past =
      end !== null && head.updatedAt >= end ? await history.headAt(ref, before(end)) : null;
    const wallet = { ref, creditType, credits: creditsOf(terms.plan, creditType), past };
    const made = decideWallet(head, wallet, { terms, input });
    // What cannot be done is told by the decision itself.
    const cause = made && made.ok ? ownEntry(made, period)?.cause : planCause(period);
    if (cause !== undefined) wallets.push({ ...wallet, cause });
  }
  return wallets;
}

type Attempt = PlanCreditsOutcome | 'look_again';

async function commit(
  ledger: GrantPlanDependencies['ledger'],
  attempt: {
    readonly terms: Terms;
    readonly wallets: readonly PlanWallet[];
    readonly input: PlanCreditsInput;
  },
): Promise<Attempt> {
  const { terms, wallets, input } = attempt;
  const [first, ...others] = wallets;
  if (!first) {
    const isWritten = await ledger.write([subscriptionAfter(terms, input, [])]);
    return isWritten ? { kind: 'granted' } : 'look_again';
  }
  const outcome = await ledger.run<Refusal | 'look_again'>({
    wallets: [first.ref, ...others.map(({ ref }) => ref)],
    cause: first.cause,
    fingerprint: null,
    reads: refsOf(input),
    decide: ({ heads, read }) => decide({ ...attempt, heads, read }),
  });
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'granted' };
    case 'replayed':
      return { kind: 'replayed' };
    case 'refused':
      return typeof outcome.refusal === 'string'
        ? outcome.refusal
        : { kind: 'refused', refusal: outcome.refusal };
    case 'reused':
      throw new ContentionError('no request names the cause of a plan');
  }
}

function decide(state: {
  readonly terms: Terms;
  readonly wallets: readonly PlanWallet[];
  readonly input: PlanCreditsInput;
  readonly heads: readonly Head[];
  readonly read: Reader;
}): Plan<Refusal | 'look_again'> {
  const { terms, wallets, input, heads, read } = state;
  const current = termsOf(read, input);
  if ('kind' in current || current.versions.join() !== terms.versions.join()) {
    return { ok: false, refusal: 'look_again' };
  }
  const decisions: Committed[] = [];
  const grants: GrantedPeriod['grants'] = [];
  for (const [index, wallet] of wallets.entries()) {
    const head = heads[index];
    invariant(head, 'a plan has a head for each of its wallets');
    const made = decideWallet(head, wallet, { terms, input });
    if (made && !made.ok) return made;
    const entry = made && ownEntry(made, input.period);
    if (!made || entry?.cause !== wallet.cause) return { ok: false, refusal: 'look_again' };
    decisions.push({ ok: true, ...made.posting, entry });
    const grantId = made.entry?.draws[0]?.grantId;
    if (grantId !== undefined) {
      const { creditType, credits } = wallet;
      grants.push({ creditType, grantId, credits });
    }
  }
  return { ok: true, decisions, writes: [subscriptionAfter(terms, input, grants)] };
}

/** Null where the wallet has passed the end of the previous period since it was looked at. */
function decideWallet(
  head: Head,
  wallet: Pick<PlanWallet, 'creditType' | 'credits' | 'past'>,
  { terms, input }: { readonly terms: Terms; readonly input: PlanCreditsInput },
) {
  const { creditType, credits, past } = wallet;
  const { subscription, previous, rollover } = terms;
  const { period, command } = input;
  const end = boundaryOf(terms, period);
  const known = end === null || head.updatedAt < end ? head : past;
  if (!known) return null;
  const atEnd = end === null ? known : headAtEnd(known, end);
  const { anchor } = subscription;
  return grantPeriod(head, atEnd, {
    creditType,
    credits,
    period,
    previous,
    rollover,
    anchor,
    command,
  });
}

function subscriptionAfter(
  { subscription, versions: [version = null] }: Terms,
  { period, command }: PlanCreditsInput,
  grants: GrantedPeriod['grants'],
): RecordWrite<'subscription'> {
  const { start, end, tier } = period;
  const isFree = period.subscriptionId === FREE_PERIODS;
  const value: Subscription = {
    ...subscription,
    ...(isFree && { currentPeriodStart: start, currentPeriodEnd: end, creditsDueAt: end }),
    granted: { cause: planCause(period), tier, start, end, grants },
    updatedAt: command.now,
  };
  return { record: 'subscription', id: { userId: subscription.userId }, value, version };
}

/** Where the previous period ends and this one begins, or null where they do not meet. */
function boundaryOf({ previous }: Terms, period: PlanPeriod): string | null {
  return previous?.end === period.start ? previous.end : null;
}

function creditTypesOf({ plan, previous }: Terms): readonly CreditType[] {
  const given = CREDIT_TYPES.filter((type) => creditsOf(plan, type) > 0);
  const ended = CREDIT_TYPES.filter((type) => previous?.grants.some((g) => g.creditType === type));
  return [...new Set([...given, ...ended])];
}

function creditsOf(plan: TierPlan, creditType: CreditType): number {
  return plan.monthly_credits.find((row) => row.credit_type === creditType)?.credits ?? 0;
}

/** The entry that stands for the period in a wallet: what it gives, else what it carries over or ends. */
function ownEntry(
  made: { readonly posting: { readonly entries: readonly Entry[] }; readonly entry: Entry | null },
  period: PlanPeriod,
): Entry | undefined {
  const cause = planCause(period);
  return made.entry ?? made.posting.entries.find((entry) => entry.cause.startsWith(`${cause}:`));
}

function before(instant: string): string {
  return new Date(Date.parse(instant) - 1).toISOString();
}
