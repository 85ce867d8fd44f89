import { invariant } from '#lib/invariant';
import type { Command, Decision } from '#lib/ledger/decision';
import { captureHold, releaseHold } from '#lib/ledger/hold';
import type { SpendingCap } from '#lib/ledger/spending-cap';
import type { Head } from '#lib/ledger/wallet';
import { ContentionError, type LedgerStore, type Outcome } from '#lib/ports';
import { endedHold, type HoldRecord, stateOf } from '#lib/wallets/hold';
import type { WalletRefusal } from '#lib/wallets/refusal';
import { spendingCapRefs, spendingCapsOf } from '#lib/wallets/spending-caps';

/** How a hold is to end; a capture without an amount takes all that is held. */
export type HoldEnd =
  { readonly kind: 'capture'; readonly amount?: number | undefined } | { readonly kind: 'release' };

export interface EndHoldInput {
  readonly userId: string;
  readonly holdId: string;
  readonly end: HoldEnd;
  readonly command: Pick<Command, 'now' | 'cause' | 'actor' | 'fingerprint'>;
}

// Head and record are read in one batch, but not at one instant; the next look finds what came between.
const LOOKS_MAX = 3;

/**
 * Captures or releases a hold: one of the two, once (DESIGN 3.2, 5). The entry says what the hold was for. `hold` is
 * what it is after the command, also where that was done before.
 */
export async function endHold(
  ledger: LedgerStore,
  input: EndHoldInput,
): Promise<
  | { readonly kind: 'missing' }
  | { readonly outcome: Outcome<WalletRefusal>; readonly hold: HoldRecord; readonly kind: 'found' }
> {
  const id = { userId: input.userId, holdId: input.holdId };
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const hold = (await ledger.load([{ record: 'hold', id }]))('hold', id)?.value;
    if (!hold) return { kind: 'missing' };
    const outcome = await tryToEnd(ledger, hold, input);
    const isTorn = outcome.kind === 'refused' && outcome.refusal.code === 'HOLD_NOT_OPEN';
    if (!isTorn) {
      const isEnd = outcome.kind === 'committed' || outcome.kind === 'replayed';
      return { kind: 'found', outcome, hold: isEnd ? endedHold(hold, outcome.entry) : hold };
    }
  }
  throw new ContentionError('a hold was ended between every two looks at it');
}

function tryToEnd(
  ledger: LedgerStore,
  hold: HoldRecord,
  input: EndHoldInput,
): Promise<Outcome<WalletRefusal>> {
  const id = { userId: hold.userId, holdId: hold.id };
  return ledger.run<WalletRefusal>({
    wallets: [hold],
    cause: input.command.cause,
    fingerprint: input.command.fingerprint ?? null,
    reads: [{ record: 'hold', id }, ...spendingCapRefs],
    decide: ({ heads: [head], read }) => {
      const stored = read('hold', id);
      invariant(stored, 'a hold is never forgotten');
      const ended = endOf(stored.value, head, input.command.now);
      if (ended) return { ok: false, refusal: { code: ended } };
      const caps = spendingCapsOf(read, hold.creditType);
      const decision = decide(head, { hold, caps, input });
      if (!decision.ok) return decision;
      const value = endedHold(stored.value, decision.entry);
      return {
        ok: true,
        decisions: [decision],
        writes: [{ record: 'hold', id, value, version: stored.version }],
      };
    },
  });
}

/** Why a hold cannot end again, or null. Its time is the wallet's: what that has passed is over for every clock. */
function endOf(
  hold: HoldRecord,
  head: Head,
  now: string,
): 'HOLD_ALREADY_CAPTURED' | 'HOLD_ALREADY_RELEASED' | 'HOLD_EXPIRED' | null {
  switch (stateOf(hold, now > head.updatedAt ? now : head.updatedAt)) {
    case 'open':
      return null;
    case 'captured':
      return 'HOLD_ALREADY_CAPTURED';
    case 'released':
      return 'HOLD_ALREADY_RELEASED';
    case 'expired':
      return 'HOLD_EXPIRED';
  }
}

function decide(
  head: Head,
  ending: {
    readonly hold: HoldRecord;
    readonly caps: readonly SpendingCap[];
    readonly input: EndHoldInput;
  },
): Decision {
  const { hold, caps } = ending;
  const { end, command } = ending.input;
  const { description, reference, metadata, id: holdId } = hold;
  const full = { ...command, description, reference, metadata, holdId };
  if (end.kind === 'release') return releaseHold(head, full);
  const { amount } = end;
  return captureHold(head, { ...full, caps, ...(amount !== undefined && { amount }) });
}
