import { invariant } from '#lib/invariant';
import type { Command, Decision } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { add, BOUGHT_TERMS, grantIdOf } from '#lib/ledger/inflow';
import { type PaymentGrant, reinstate, reverse } from '#lib/ledger/reversal';
import type { Head } from '#lib/ledger/wallet';
import type { Committed } from '#lib/ports';
import { correctionCause, type Purchase, purchaseCause } from '#lib/purchases/purchase';
import { creditsDue, reversalDue } from '#lib/purchases/purchase-status';
import type { SettingValue } from '#lib/settings/settings';

export interface PostingContext {
  readonly now: string;
  readonly actor: string;
  readonly clawback: SettingValue<'clawback'>;
  readonly refundGraceDays: SettingValue<'refund_grace_days'>;
  /** The entries that `historyIds` names, in their order. */
  readonly history: readonly Entry[];
}

/** One entry that a purchase makes. Its cause is known before it is decided. */
export interface Posting {
  readonly kind: 'credit' | 'reversal' | 'reinstatement';
  readonly cause: string;
}

/** What the ledger has to post for a purchase's facts (DESIGN 6), in order; empty where the wallet has what it should. */
export function postingsDue(purchase: Purchase): readonly Posting[] {
  const credit =
    creditsDue(purchase) > 0
      ? [{ kind: 'credit', cause: purchaseCause(purchase.id) } as const]
      : [];
  const due = purchase.payments.length > 0 ? reversalDue(purchase) : 0;
  if (due === 0) return credit;
  const kind = due > 0 ? 'reversal' : 'reinstatement';
  return [...credit, { kind, cause: correctionCause(purchase, kind) }];
}

export type Posted =
  | { readonly ok: true; readonly purchase: Purchase; readonly decision: Committed }
  | { readonly ok: false; readonly posting: Posting; readonly code: string };

/** Decides all that is due as one, so that what was refunded before its payment came is never spendable. */
export function postPurchase(head: Head, purchase: Purchase, context: PostingContext): Posted {
  let state: { readonly head: Head; readonly purchase: Purchase } = { head, purchase };
  const made: Committed[] = [];
  for (const posting of postingsDue(purchase)) {
    const history = [...context.history, ...made.map(({ entry }) => entry)];
    const due = { purchase: state.purchase, posting, context: { ...context, history } };
    const decision = decide(state.head, due);
    if (!decision.ok) return { ok: false, posting, code: decision.refusal.code };
    made.push(decision);
    const next = recordPosting(state.purchase, posting, decision.entry.id);
    state = { head: decision.head, purchase: next };
  }
  const [principal] = made;
  invariant(principal, 'only what is due is posted');
  const entries = made.flatMap((decision) => decision.entries);
  return {
    ok: true,
    purchase: state.purchase,
    decision: { ...principal, head: state.head, entries },
  };
}

function decide(
  head: Head,
  due: {
    readonly purchase: Purchase;
    readonly posting: Posting;
    readonly context: PostingContext;
  },
): Decision {
  const { purchase, posting, context } = due;
  const { now, actor } = context;
  const { cause } = posting;
  const reference = { type: 'purchase', id: purchase.id };
  const command: Omit<Command, 'description'> = { now, cause, actor, reference };
  switch (posting.kind) {
    case 'credit':
      return add(head, {
        ...command,
        description: `Purchase: ${purchase.packageName}`,
        type: 'purchase',
        amount: creditsDue(purchase),
        ...BOUGHT_TERMS,
      });
    case 'reversal':
      return reverse(head, {
        ...command,
        description: `Payment returned: ${purchase.packageName}`,
        amount: reversalDue(purchase),
        paymentGrant: paymentGrantOf(context.history, purchase),
        clawback: context.clawback,
      });
    case 'reinstatement': {
      const [, ...history] = context.history;
      return reinstate(head, {
        ...command,
        description: `Payment kept after all: ${purchase.packageName}`,
        amount: -reversalDue(purchase),
        history,
        paymentGrant: paymentGrantOf(context.history, purchase),
        graceExpiresAt: daysAfter(now, context.refundGraceDays),
      });
    }
  }
}

function recordPosting(purchase: Purchase, posting: Posting, entryId: string): Purchase {
  if (posting.kind === 'credit') {
    return { ...purchase, credited: { credits: creditsDue(purchase), entryId } };
  }
  const credits = Math.abs(reversalDue(purchase));
  const correction = { kind: posting.kind, credits, entryId };
  return { ...purchase, corrections: [...purchase.corrections, correction] };
}

/**
 * The entries without which a posting cannot be decided: the credit whose grant is corrected, and for a reinstatement
 * all whose effects it undoes.
 */
export function historyIds(purchase: Purchase, posting: Posting): readonly string[] {
  switch (posting.kind) {
    case 'credit':
      return [];
    case 'reversal':
      return [creditEntryId(purchase)];
    case 'reinstatement':
      return [creditEntryId(purchase), ...purchase.corrections.map(({ entryId }) => entryId)];
  }
}

function creditEntryId(purchase: Purchase): string {
  invariant(purchase.credited, 'only credits that were given are corrected');
  return purchase.credited.entryId;
}

/** What the payment's grant was given on: a grant of its id must never have other terms. */
function paymentGrantOf([credit]: readonly Entry[], purchase: Purchase): PaymentGrant {
  invariant(credit?.id === creditEntryId(purchase), 'history begins with the credit');
  const id = grantIdOf(credit.id);
  const draw = credit.draws.find(({ grantId }) => grantId === id);
  invariant(draw, 'a credit makes a grant');
  const { category, priority, expiresAt, grantedAt } = draw;
  return { id, category, priority, expiresAt, grantedAt };
}

function daysAfter(instant: string, days: number): string {
  return new Date(Date.parse(instant) + days * 86_400_000).toISOString();
}
