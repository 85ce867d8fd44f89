import type { Case } from '#tests/histories/judge/chain';
import type { Answer, Attempt, Operation, WalletName } from '#tests/histories/judge/history';
import type { Times } from '#tests/histories/judge/times';
import { heldIn, type State, viewAt } from '#tests/histories/judge/wallet-state';

const HOLDS_MAX = 20;
/** Forty are the limit, and what comes back may open several at once. */
const MANY_GRANTS = 30;

type Refused = Extract<Answer, { readonly kind: 'refused' }>;

/** Why a refusal was not true at any moment between question and answer; empty where it was at one. */
export function refusalProblem(
  found: Case,
  times: Times,
  attempt: Attempt,
  refused: Refused,
): readonly string[] {
  const { invoked, now, returned } = attempt;
  const { wallet, code } = refused;
  const operation = found.operation(attempt.operation);
  const { states, entries } = found.chainOf(wallet);
  const first = times.knownAt(wallet, invoked);
  const last = times.newestBefore(wallet, returned);
  const possible = states.slice(first, last + 1);
  const isTrue = (test: (state: State, seq: number) => boolean): readonly string[] =>
    possible.some((state, place) => test(state, first + place))
      ? []
      : [`${code} was not true of ${wallet} at any of ${first} to ${last}`];
  const refundedBy = (seq: number): number => refundedOf(found, operation, seq);
  const endedAs = (action: string) => (_: State, seq: number) =>
    entries.some(
      (entry) =>
        entry.seq <= seq && entry.hold?.id === operation.hold && entry.hold?.action === action,
    );
  const spent = -(found.entryById.get(operation.refunds ?? '')?.amount ?? 0);

  switch (code) {
    case 'INSUFFICIENT_CREDITS': {
      const instants = instantsOf(found, times, attempt, operation);
      return isTrue((state) =>
        instants.some((instant) => {
          const there = viewAt(state, instant).available + heldIn(state, operation.hold, instant);
          return there === refused.available && there < (refused.required ?? 0);
        }),
      );
    }
    case 'WALLET_FROZEN': {
      // Nothing leaves a frozen wallet, and no user's credits are sent to one.
      const receiver = seenOf(found, times, attempt, operation.receiver);
      return receiver.some(({ isFrozen }) => isFrozen) ? [] : isTrue((state) => state.isFrozen);
    }
    case 'ALREADY_FROZEN':
      return isTrue((state) => state.isFrozen);
    case 'NOT_FROZEN':
      return isTrue((state) => !state.isFrozen);
    case 'ALREADY_REFUNDED':
      return isTrue((_, seq) => refundedBy(seq) === spent);
    case 'REFUND_EXCEEDS_SPEND':
      return isTrue((_, seq) => spent - refundedBy(seq) === refused.refundable);
    case 'HOLD_ALREADY_CAPTURED':
      return isTrue(endedAs('captured'));
    case 'HOLD_ALREADY_RELEASED':
      return isTrue(endedAs('released'));
    case 'HOLD_EXPIRED': {
      const placed = entries.find(({ hold }) => hold?.id === operation.hold);
      const ends = placed?.hold?.expiresAt ?? '~';
      return isTrue((state) => ends <= now || ends <= state.at);
    }
    case 'TOO_MANY_HOLDS':
      return isTrue((state) => state.holds.size >= HOLDS_MAX);
    case 'ALREADY_EXPIRED': {
      const ends = operation.expiresAt ?? '~';
      return isTrue((state) => ends <= now || ends <= state.at);
    }
    case 'TOO_MANY_GRANTS': {
      const receiver = seenOf(found, times, attempt, operation.receiver);
      return [...possible, ...receiver].some(({ grants }) => grants.size >= MANY_GRANTS)
        ? []
        : ['there were few grants'];
    }
    case 'PROMO_CODE_REDEEMED':
      return isTrue((_, seq) =>
        operation.intents.some((intent) => (found.entryOf(intent)?.seq ?? Infinity) <= seq),
      );
    case 'PROMO_CODE_INVALID': {
      const causes = new Set(operation.intents.map(({ cause }) => cause));
      const uses = found.entries.filter(
        (entry) => causes.has(entry.cause) && (times.askedAt(entry) ?? Infinity) < returned,
      );
      return uses.length >= (operation.usesMax ?? Infinity) ? [] : ['the code was not used up'];
    }
    // What was lost to others again and again was not done; and applications are no part of the ledger.
    case 'CONTENTION':
    case 'APPLICATION_CLOSED':
      return [];
    default:
      return [`nobody should be refused with ${code}`];
  }
}

/** A transfer happens at the later time of its two wallets. */
function instantsOf(
  found: Case,
  times: Times,
  attempt: Attempt,
  { receiver }: Operation,
): readonly string[] {
  const { now } = attempt;
  const seen = seenOf(found, times, attempt, receiver);
  return [now, ...seen.map(({ at }) => at)].filter((at) => at >= now);
}

/** What a wallet may have been while an attempt was on its way. */
function seenOf(
  found: Case,
  times: Times,
  { invoked, returned }: Attempt,
  wallet: WalletName | undefined,
): readonly State[] {
  if (wallet === undefined) return [];
  const first = times.knownAt(wallet, invoked);
  return found.chainOf(wallet).states.slice(first, times.newestBefore(wallet, returned) + 1);
}

function refundedOf(found: Case, { refunds, intents }: Operation, seq: number): number {
  const wallet = intents[0]?.wallet ?? '';
  return found.chainOf(wallet).entries.reduce((sum, entry) => {
    if (entry.seq > seq || entry.type !== 'refund') return sum;
    const isOfSpend = found.authorsOf(entry).some((other) => other.refunds === refunds);
    return isOfSpend ? sum + entry.amount : sum;
  }, 0);
}
