import { adjust } from '#lib/ledger/adjust';
import type { Command, Decision, Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { captureHold, placeHold, releaseHold } from '#lib/ledger/hold';
import { freeze, unfreeze } from '#lib/ledger/freeze';
import { add } from '#lib/ledger/inflow';
import { refund } from '#lib/ledger/refund';
import { type PaymentGrant, reinstate, reverse } from '#lib/ledger/reversal';
import { spend } from '#lib/ledger/spend';
import { transfer, type TransferDecision } from '#lib/ledger/transfer';
import { emptyHead, type GrantTerms, type Head, type WalletRef } from '#lib/ledger/wallet';

export const ALICE: WalletRef = { userId: 'alice', creditType: 'general' };
export const BOB: WalletRef = { userId: 'bob', creditType: 'general' };

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;

/** The instant so many hours after the start of every test. */
export function hour(hours: number): string {
  return new Date(START_MS + hours * HOUR_MS).toISOString();
}

export function day(days: number): string {
  return hour(24 * days);
}

/** The terms of a bought grant that never expires. */
export const PAID = { category: 'paid', priority: 50, expiresAt: null } as const;
export const PROMOTIONAL = { category: 'promotional', priority: 50, expiresAt: null } as const;

type Input<F extends (head: Head, command: never) => Decision> = F extends (
  head: Head,
  command: infer C,
) => Decision
  ? C
  : never;
/** What a test must say about a command; the rest has defaults. */
type Given<
  F extends (head: Head, command: never) => Decision,
  Required extends keyof Input<F>,
> = Partial<Input<F>> & Pick<Input<F>, Required>;

/** A wallet that keeps what its commands decide, like the table does: head, entries, and a clock to move. */
export interface TestWallet {
  readonly head: Head;
  readonly entries: readonly Entry[];
  /** Moves the clock of the commands that follow, forwards or backwards. */
  at(instant: string): void;
  add(given: Given<typeof add, 'amount'>): Decision;
  spend(given: Given<typeof spend, 'amount'>): Decision;
  refund(given: Given<typeof refund, 'spend'>): Decision;
  /** `grantId` is the grant that the payment made. */
  reverse(given: Given<typeof reverse, 'amount'> & { readonly grantId: string }): Decision;
  reinstate(given: Given<typeof reinstate, 'amount' | 'history' | 'paymentGrant'>): Decision;
  adjust(given: {
    readonly amount: number;
    readonly terms?: Omit<GrantTerms, 'grantedAt'>;
  }): Decision;
  placeHold(given: Given<typeof placeHold, 'holdId' | 'amount'>): Decision;
  captureHold(given: Given<typeof captureHold, 'holdId'>): Decision;
  releaseHold(given: Given<typeof releaseHold, 'holdId'>): Decision;
  freeze(): Decision;
  unfreeze(): Decision;
  transferTo(to: TestWallet, given: { readonly amount: number }): TransferDecision;
  keep(decision: Decision): Decision;
}

export function openWallet(ref: WalletRef = ALICE): TestWallet {
  let head = emptyHead(ref);
  let now = hour(0);
  let commands = 0;
  const entries: Entry[] = [];
  const keep = (decision: Decision): Decision => {
    if (!decision.ok) return decision;
    head = decision.head;
    entries.push(...decision.entries);
    return decision;
  };
  const command = (): Command => ({
    now,
    cause: `request:${ref.userId}-${ref.creditType}-${++commands}`,
    actor: 'service:tests',
    description: 'A test moves credits',
  });
  return {
    get head() {
      return head;
    },
    get entries() {
      return entries;
    },
    at: (instant) => {
      now = instant;
    },
    keep,
    add: (given) => keep(add(head, { ...command(), ...PAID, type: 'purchase', ...given })),
    spend: (given) => keep(spend(head, { ...command(), caps: [], ...given })),
    refund: (given) =>
      keep(refund(head, { ...command(), refunded: 0, graceExpiresAt: graceAfter(now), ...given })),
    reverse: ({ grantId, ...given }) => {
      const paymentGrant = paymentGrantIn(entries, grantId);
      return keep(reverse(head, { ...command(), clawback: 'debt', paymentGrant, ...given }));
    },
    reinstate: (given) =>
      keep(reinstate(head, { ...command(), graceExpiresAt: graceAfter(now), ...given })),
    adjust: (given) => keep(adjust(head, { ...command(), terms: PAID, ...given })),
    placeHold: (given) =>
      keep(placeHold(head, { ...command(), caps: [], expiresAt: day(365), ...given })),
    captureHold: (given) => keep(captureHold(head, { ...command(), caps: [], ...given })),
    releaseHold: (given) => keep(releaseHold(head, { ...command(), ...given })),
    freeze: () => keep(freeze(head, command())),
    unfreeze: () => keep(unfreeze(head, command())),
    transferTo: (to, given) => {
      const moved = transfer({ from: head, to: to.head }, { ...command(), ...given });
      if (moved.ok) {
        keep(moved.from);
        to.keep(moved.to);
      }
      return moved;
    },
  };
}

/** Seven days later: the setting `refund_grace_days` as it comes. */
function graceAfter(now: string): string {
  return new Date(Date.parse(now) + 7 * 24 * HOUR_MS).toISOString();
}

/** The entry of a command that must have been accepted. */
export function entryOf(decision: Decision): Entry {
  if (!decision.ok) throw new Error(`refused: ${JSON.stringify(decision.refusal)}`);
  return decision.entry;
}

/** The grant that an accepted inflow made. */
export function grantIdIn(decision: Decision): string {
  const [draw] = entryOf(decision).draws;
  if (!draw) throw new Error('the entry made no grant');
  return draw.grantId;
}

/** A grant as the entry made it that brought it in. */
function paymentGrantIn(entries: readonly Entry[], grantId: string): PaymentGrant {
  const draw = entries.flatMap(({ draws }) => draws).find((each) => each.grantId === grantId);
  if (!draw) throw new Error('no entry made the grant');
  const { category, priority, expiresAt, grantedAt } = draw;
  return { id: grantId, category, priority, expiresAt, grantedAt };
}

export function refusalOf(decision: Decision | TransferDecision): Refusal {
  if (decision.ok) throw new Error('the command was not refused');
  return decision.refusal;
}

/** What an entry did to each grant, by its number in the order in which the test made them. */
export function drawn(
  entry: Entry,
  grantIds: readonly string[],
): readonly (readonly [number, number])[] {
  return entry.draws.map((draw) => [grantIds.indexOf(draw.grantId), draw.amount]);
}
