import type { CreditType } from '#lib/contract/credit-types';
import { AMOUNT_MAX } from '#lib/ledger/limits';
import type { Command } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { spend } from '#lib/ledger/spend';
import {
  ContentionError,
  type LedgerStore,
  type Plan,
  type Reader,
  type RecordRef,
  type RecordWrite,
} from '#lib/ports';
import {
  type KeyedRequest,
  requestAbout,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';
import { settingOf } from '#lib/settings/settings';
import { costOf, counterAt, countUses, type QuotaExceeded } from '#lib/subscriptions/quota';
import { tierInForce } from '#lib/subscriptions/subscription';
import { type Feature, planOfTier, type Tier } from '#lib/subscriptions/tiers';
import { planOf } from '#lib/wallets/plan';
import type { WalletRefusal } from '#lib/wallets/refusal';
import { spendingCapRefs, spendingCapsOf } from '#lib/wallets/spending-caps';

/** Why a feature cannot be used, beside what a wallet refuses. */
export type UseRefusal =
  | WalletRefusal
  | QuotaExceeded
  | { readonly code: 'FEATURE_NOT_AVAILABLE'; readonly feature: string; readonly tier: Tier }
  /** What it would cost is more than one command may move. */
  | { readonly code: 'QUANTITY_TOO_LARGE' };

export interface UseInput {
  readonly userId: string;
  readonly feature: string;
  /** By the tier's own costs, from the feature's own wallet; or one use for what the caller charges. */
  readonly price:
    | { readonly kind: 'of_tier'; readonly quantity: number }
    | { readonly kind: 'given'; readonly amount: number; readonly creditType: CreditType };
  readonly command: Command;
}

export type UseOutcome =
  | {
      readonly kind: 'committed' | 'replayed';
      /** Null where the uses cost nothing: they are counted, and no credits move. */
      readonly entry: Entry | null;
    }
  | { readonly kind: 'reused' }
  | { readonly kind: 'refused'; readonly refusal: UseRefusal };

/** What a decision comes to that moves no credits. */
type Unspent = UseRefusal | 'included' | 'replayed' | 'reused' | 'look_again';

const LOOKS_MAX = 5;
const TIERS = { key: 'tiers' } as const;
const GRACE = { key: 'past_due_grace_days' } as const;
const settingRefs = [
  { record: 'setting', id: TIERS },
  { record: 'setting', id: GRACE },
] as const;

/**
 * Uses a feature: the quotas of the tier in force and the wallet in one transaction, once per cause (issue 5). So a
 * refused quota spends nothing and a refused spend counts nothing. A refund gives credits back and no uses: they were
 * made.
 */
export async function useFeature(
  ledger: Pick<LedgerStore, 'load' | 'run'>,
  input: UseInput,
): Promise<UseOutcome> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const creditType = await creditTypeOf(ledger, input);
    const wallet = { userId: input.userId, creditType: creditType ?? 'general' };
    const outcome = await ledger.run<Unspent>({
      wallets: [wallet],
      cause: input.command.cause,
      fingerprint: input.command.fingerprint ?? null,
      reads: refsOf(input),
      decide: ({ heads: [head], read }) => decide({ head, read, creditType }, input),
    });
    if (outcome.kind !== 'refused') return outcome;
    const { refusal } = outcome;
    if (refusal === 'included') return { kind: 'committed', entry: null };
    if (refusal === 'replayed') return { kind: 'replayed', entry: null };
    if (refusal === 'reused') return { kind: 'reused' };
    if (refusal === 'look_again' || (await wasDone(ledger, input))) continue;
    return { kind: 'refused', refusal };
  }
  throw new ContentionError('the tiers changed between every two looks at them');
}

/**
 * Whether a refused use that leaves no entry was done by its own twin: the items of a batch are not read at one instant,
 * and who sends a request again while the first is on its way must not be told that the quota was full. Of uses that
 * have an entry the store knows by itself.
 */
async function wasDone(ledger: Pick<LedgerStore, 'load'>, input: UseInput): Promise<boolean> {
  if ((input.command.fingerprint ?? null) === null) return false;
  const key = keyOf(input);
  return requestOf(await ledger.load(requestRefs(key)), key) !== null;
}

/**
 * Which wallet pays, or null for a feature that no tier has. It is the same in every tier, so that the settings tell it
 * and nothing of the user has to be read before the wallet.
 */
async function creditTypeOf(
  ledger: Pick<LedgerStore, 'load'>,
  { feature, price }: UseInput,
): Promise<CreditType | null> {
  if (price.kind === 'given') return price.creditType;
  const read = await ledger.load(settingRefs);
  const features = settingOf('tiers', read('setting', TIERS)).flatMap((row) => row.features);
  return features.find((row) => row.feature === feature)?.credit_type ?? null;
}

function refsOf(input: UseInput): readonly RecordRef[] {
  const { userId, feature } = input;
  return [
    { record: 'subscription', id: { userId } },
    { record: 'quotaCounter', id: { userId, feature } },
    ...settingRefs,
    ...spendingCapRefs,
    ...requestRefs(keyOf(input)),
  ];
}

function decide(
  state: {
    readonly head: Parameters<typeof spend>[0];
    readonly read: Reader;
    readonly creditType: CreditType | null;
  },
  input: UseInput,
): Plan<Unspent> {
  const { head, read } = state;
  const { userId, feature: name, price, command } = input;
  // Uses that cost nothing have left no entry that would tell.
  const known = requestOf(read, keyOf(input));
  if (known) return { ok: false, refusal: known.isSame ? 'replayed' : 'reused' };

  const { anchor, tier, feature } = termsOf(read, input);
  if (!feature) {
    return { ok: false, refusal: { code: 'FEATURE_NOT_AVAILABLE', feature: name, tier } };
  }
  const isOwnPrice = price.kind === 'of_tier';
  if (isOwnPrice && feature.credit_type !== state.creditType) {
    return { ok: false, refusal: 'look_again' };
  }
  const id = { userId, feature: name };
  const stored = read('quotaCounter', id);
  const counter = counterAt(stored?.value ?? null, name, { now: command.now, anchor });
  const quantity = isOwnPrice ? price.quantity : 1;
  const uses = countUses(counter, feature.quotas, quantity);
  if (!uses.ok) return uses;
  const { beyond } = uses;
  const amount = isOwnPrice ? costOf(feature, { quantity, beyond }) : price.amount;
  if (amount > AMOUNT_MAX) return { ok: false, refusal: { code: 'QUANTITY_TOO_LARGE' } };
  const version = stored?.version ?? null;
  const counted: RecordWrite = { record: 'quotaCounter', id, value: uses.counter, version };
  if (amount === 0) {
    const writes = [counted, ...requestWrites(keyOf(input), command.now)];
    return { ok: false, refusal: 'included', writes };
  }
  const caps = spendingCapsOf(read, head.creditType);
  return planOf(spend(head, { ...command, amount, caps }), [counted]);
}

interface UseTerms {
  readonly tier: Tier;
  readonly anchor: string | null;
  readonly feature: Feature | null;
}

function termsOf(read: Reader, { userId, feature, command }: UseInput): UseTerms {
  const subscription = read('subscription', { userId })?.value ?? null;
  const graceDays = settingOf('past_due_grace_days', read('setting', GRACE));
  const tier = tierInForce(subscription, { now: command.now, graceDays });
  const plan = planOfTier(settingOf('tiers', read('setting', TIERS)), tier);
  return {
    tier,
    anchor: subscription?.anchor ?? null,
    feature: plan.features.find((row) => row.feature === feature) ?? null,
  };
}

/** What a caller charges is never nothing, so that its entry tells. */
function keyOf({ command, price, userId }: UseInput): KeyedRequest {
  const { cause, fingerprint = null } = command;
  const isTold = price.kind === 'given';
  return requestAbout(userId, { cause, fingerprint: isTold ? null : fingerprint });
}
