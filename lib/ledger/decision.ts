import { invariant } from '#lib/invariant';
import { applyEntry, totalsAfter } from '#lib/ledger/apply-entry';
import {
  type Draw,
  type Entry,
  type EntryType,
  entryId,
  type HoldChange,
  hashEntry,
  type Merge,
  type Metadata,
  type Reference,
} from '#lib/ledger/entry';
import type { CapPeriod, Head } from '#lib/ledger/wallet';

/** Why a command cannot be done: the caller's situation, not our mistake. The code is the one of the API. */
export type Refusal =
  | {
      readonly code: 'INSUFFICIENT_CREDITS';
      readonly required: number;
      readonly available: number;
      readonly shortfall: number;
    }
  | { readonly code: 'BALANCE_LIMIT_EXCEEDED'; readonly limit: number }
  | { readonly code: 'TOO_MANY_GRANTS'; readonly limit: number }
  | { readonly code: 'TOO_MANY_HOLDS'; readonly limit: number }
  | { readonly code: 'ALREADY_EXPIRED' }
  | { readonly code: 'NOT_REFUNDABLE'; readonly type: EntryType }
  | { readonly code: 'ALREADY_REFUNDED' }
  | { readonly code: 'REFUND_EXCEEDS_SPEND'; readonly refundable: number }
  | { readonly code: 'HOLD_NOT_OPEN' }
  | { readonly code: 'HOLD_EXISTS' }
  | { readonly code: 'HOLD_EXPIRED' }
  | { readonly code: 'SELF_TRANSFER' }
  | { readonly code: 'WALLET_FROZEN' }
  | {
      readonly code: 'SPENDING_CAP';
      readonly period: CapPeriod;
      /** Credits of a period; of these, what is spent in this one, and what open holds have set aside. */
      readonly limit: number;
      readonly used: number;
      readonly held: number;
      readonly resetsAt: string;
      readonly retryAfterSeconds: number;
    }
  | { readonly code: 'ALREADY_FROZEN' }
  | { readonly code: 'NOT_FROZEN' };

/** The new head of a wallet with the entries that lead to it. */
interface Decided {
  readonly ok: true;
  readonly head: Head;
  readonly entries: readonly Entry[];
  /** The entry of the command itself, whose cause is the command's; the others are what time or debt added. */
  readonly entry: Entry;
}

/** One command's outcome: a new head, or a refusal and nothing at all. */
export type Decision = Decided | { readonly ok: false; readonly refusal: Refusal };

/** What every command says about itself; `now`, ids and causes come from outside (DESIGN 3). */
export interface Command {
  readonly now: string;
  readonly cause: string;
  readonly actor: string;
  readonly description: string;
  readonly reference?: Reference | null;
  readonly metadata?: Metadata;
  readonly fingerprint?: string | null;
}

/** A head on its way through a command, with the entries made so far. */
export interface Posting {
  readonly head: Head;
  readonly entries: readonly Entry[];
  /** The wallet's time: two functions' clocks may disagree, but within a wallet time never runs backwards. */
  readonly now: string;
}

/** What a rule wants to write; numbering, chaining, totals and time are the same for all. */
export interface Draft extends Omit<Command, 'now'> {
  readonly type: EntryType;
  readonly draws: readonly Draw[];
  readonly debtChange?: number;
  readonly forgiven?: number;
  readonly hold?: HoldChange;
  readonly merged?: readonly Merge[];
}

export function refuse(refusal: Refusal): Decision {
  return { ok: false, refusal };
}

/** Adds one entry to a posting: the only place where entries are made. */
export function post(posting: Posting, draft: Draft): Posting {
  const { head } = posting;
  const amount = draft.draws.reduce((sum, draw) => sum + draw.amount, 0);
  const unhashed: Omit<Entry, 'hash'> = {
    id: entryId(head, draft.cause),
    userId: head.userId,
    creditType: head.creditType,
    seq: head.seq + 1,
    ordinal: (head.counts[draft.type] ?? 0) + 1,
    type: draft.type,
    amount,
    balanceBefore: head.balance,
    balanceAfter: head.balance + amount,
    draws: draft.draws,
    description: draft.description,
    reference: draft.reference ?? null,
    metadata: draft.metadata ?? {},
    cause: draft.cause,
    fingerprint: draft.fingerprint ?? null,
    actor: draft.actor,
    createdAt: posting.now,
    totals: totalsAfter(head.totals, draft.type, amount),
    debt: head.debt + (draft.debtChange ?? 0),
    debtChange: draft.debtChange ?? 0,
    forgiven: draft.forgiven ?? 0,
    hold: draft.hold ?? null,
    merged: draft.merged ?? [],
    prevHash: head.headHash,
  };
  const entry: Entry = { ...unhashed, hash: hashEntry(unhashed) };
  return { ...posting, head: applyEntry(head, entry), entries: [...posting.entries, entry] };
}

/** Closes a posting as the decision of the command with this cause. */
export function decided(posting: Posting, command: Pick<Command, 'cause'>): Decided {
  const entry = posting.entries.find((made) => made.cause === command.cause);
  invariant(entry, 'a decision has an entry of its own cause');
  return { ok: true, head: posting.head, entries: posting.entries, entry };
}
