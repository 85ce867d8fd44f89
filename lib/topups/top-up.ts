import { hash } from 'node:crypto';
import * as z from 'zod';
import { ID_PREFIXES } from '#lib/id-prefixes';
import type { TOPUP_REASONS } from '#lib/contract/topups';
import type { WalletRef } from '#lib/ledger/wallet';

const instant = z.string();
const count = z.int().min(0);
/** Words of the contract: kept as text, so that a reason that is retired one day can still be read. */
const reason = z.string();

/** What is bought: a package, as often as it takes, or so many credits that the target is reached. */
const fill = z.union([
  z.object({ kind: z.literal('package'), packageId: z.string() }),
  z.object({ kind: z.literal('target'), credits: z.int().min(1) }),
]);

/** What the owner has agreed to. Money in minor units of the currency. */
const terms = z.object({
  /** Bought when less than this is available. */
  threshold: z.int().min(1),
  fill,
  currency: z.string(),
  /** In a calendar month (UTC): purchases, and money. */
  countMax: z.int().min(1),
  amountMinorMax: z.int().min(1),
});
export type TopUpTerms = z.infer<typeof terms>;

/** A card that the owner has let us charge while they are away. */
const card = z.object({ customerRef: z.string(), methodRef: z.string(), savedAt: instant });

/**
 * One purchase that was begun for the wallet. Everything that its charge says stands here before anybody is asked, so
 * that asking again asks for the same.
 */
const attempt = z.object({
  number: z.int().min(1),
  purchaseId: z.string(),
  credits: z.int().min(1),
  amountMinor: count,
  currency: z.string(),
  packageId: z.string().nullable(),
  packageName: z.string(),
  customerRef: z.string(),
  methodRef: z.string(),
  at: instant,
});
export type TopUpAttempt = z.infer<typeof attempt>;

const OUTCOME_KINDS = ['paid', 'failed', 'refused'] as const;

/**
 * The automatic top-up of one wallet: what its owner wants, and what became of it. At most one purchase is in flight,
 * because this item says which, and it changes by its version alone.
 */
export const topUpSchema = z.object({
  userId: z.string(),
  creditType: z.string(),
  enabled: z.boolean(),
  /** Null until the owner has said what to buy. */
  terms: terms.nullable(),
  card: card.nullable(),
  /** How often its owner has changed something, each a reason to look at the wallet. */
  asked: count,
  /** Purchases begun so far: the number of the last. */
  attempts: count,
  /** The one in flight, which counts as balance to come until its credits are in the wallet or it has failed. */
  attempt: attempt.nullable(),
  /** What was begun in this month and has not failed. */
  spent: z.object({
    month: z.string(),
    count,
    money: z.array(z.object({ currency: z.string(), amountMinor: count })),
  }),
  /** Declines in a row. */
  declines: count,
  /** Until when nothing is tried, and why. */
  pause: z.object({ reason, until: instant, at: instant }).nullable(),
  /** Why it has stopped until its owner says otherwise, and the purchase that did it. */
  stop: z
    .object({ kind: z.enum(['suspended', 'action_required']), purchaseId: z.string(), at: instant })
    .nullable(),
  /** What became of the last purchase. */
  last: z
    .object({
      purchaseId: z.string(),
      kind: z.enum(OUTCOME_KINDS),
      reason: reason.nullable(),
      at: instant,
    })
    .nullable(),
  /** From when on somebody has to look at it again whatever the wallet does; null for never. */
  checkAt: instant.nullable(),
});
export type TopUp = Readonly<z.infer<typeof topUpSchema>>;
export type TopUpReason = (typeof TOPUP_REASONS)[number];

/** A wallet whose owner has asked for nothing yet. */
export function noTopUp({ userId, creditType }: WalletRef): TopUp {
  return {
    userId,
    creditType,
    enabled: false,
    terms: null,
    card: null,
    asked: 0,
    attempts: 0,
    attempt: null,
    spent: { month: '', count: 0, money: [] },
    declines: 0,
    pause: null,
    stop: null,
    last: null,
    checkAt: null,
  };
}

/** Names the nth purchase of a wallet: whoever begins it begins the same one. */
export function topUpPurchaseId(wallet: WalletRef, number: number): string {
  const name = `auto_topup:${wallet.userId}:${wallet.creditType}:${number}`;
  return `${ID_PREFIXES.purchase}_${hash('sha256', name, 'hex').slice(0, 40)}`;
}

/** What was begun in the month of `now`. */
export function spentIn(topUp: TopUp, now: string): TopUp['spent'] {
  const month = now.slice(0, 7);
  return topUp.spent.month === month ? topUp.spent : { month, count: 0, money: [] };
}

/** The first moment of the next month (UTC). */
export function monthEnd(now: string): string {
  const time = new Date(now);
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 1)).toISOString();
}

export type TopUpState =
  | { readonly kind: 'off' | 'active' | 'card_required' }
  | { readonly kind: 'waiting'; readonly purchaseId: string }
  | {
      readonly kind: 'backing_off' | 'cap_reached';
      readonly reason: string;
      readonly until: string;
    }
  | { readonly kind: 'suspended' | 'action_required'; readonly purchaseId: string };

/** What a top-up is doing, for its owner. */
export function stateOf(topUp: TopUp, now: string): TopUpState {
  const { attempt: inFlight, card: saved, enabled, pause, stop } = topUp;
  if (inFlight) return { kind: 'waiting', purchaseId: inFlight.purchaseId };
  if (stop) return { kind: stop.kind, purchaseId: stop.purchaseId };
  if (!enabled) return { kind: 'off' };
  if (!saved) return { kind: 'card_required' };
  if (pause && pause.until > now) {
    const { reason: why, until } = pause;
    return { kind: CAPS.has(why) ? 'cap_reached' : 'backing_off', reason: why, until };
  }
  return { kind: 'active' };
}

const CAPS: ReadonlySet<string> = new Set<TopUpReason>(['count_cap_reached', 'money_cap_reached']);

/** Whether a wallet with so much available should be looked at: the stream's question, so it asks nothing else. */
export function isWanted(
  topUp: TopUp,
  wallet: { readonly available: number; readonly at: string },
): boolean {
  const { terms: agreed } = topUp;
  if (!agreed || wallet.available >= agreed.threshold) return false;
  return stateOf(topUp, wallet.at).kind === 'active';
}
