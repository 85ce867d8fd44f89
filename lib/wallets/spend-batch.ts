import { invariant } from '#lib/invariant';
import { advance } from '#lib/ledger/advance';
import type { Command, Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { spend, spendRefusal } from '#lib/ledger/spend';
import type { SpendingCap } from '#lib/ledger/spending-cap';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import type { BatchPlan, BatchWork, LedgerStore } from '#lib/ports';
import type { SpendBatchRecord, SpendRefusal } from '#lib/wallets/spend-batch-record';
import { spendingCapRefs, spendingCapsOf } from '#lib/wallets/spending-caps';

/** One spend of a batch. Its own key makes its cause, so that it happens once in whatever batch it comes again. */
export interface BatchSpend extends Command {
  readonly amount: number;
  readonly fingerprint: string;
}

export interface SpendBatchInput {
  readonly wallet: WalletRef;
  readonly spends: readonly BatchSpend[];
  /** Does what fits, in order, instead of all or nothing. */
  readonly partial: boolean;
  readonly now: string;
  /** What names the batch itself, where its caller can repeat it. */
  readonly request: { readonly cause: string; readonly fingerprint: string } | null;
}

export type SpendResult =
  | { readonly status: 'spent' | 'replayed'; readonly entry: Entry }
  | { readonly status: 'refused'; readonly refusal: SpendRefusal };

export interface BatchAnswer {
  readonly results: readonly SpendResult[];
  readonly balance: number;
  /** By the spends that this batch did. */
  readonly creditsSpent: number;
}

export type BatchOutcome =
  | ({ readonly kind: 'committed' | 'replayed' } & BatchAnswer)
  /** The batch's key, or at `index` a spend's, belongs to a request with other content. */
  | { readonly kind: 'reused'; readonly index: number | null }
  | { readonly kind: 'refused'; readonly index: number; readonly refusal: Refusal };

/**
 * Up to 40 spends of one wallet in one transaction: a head that is written once for all of them is what makes a busy
 * wallet fast (DESIGN 5). All or nothing; or, with `partial`, each that fits when its turn comes.
 */
export function spendBatch(ledger: LedgerStore, input: SpendBatchInput): Promise<BatchOutcome> {
  return ledger.runBatch(workOf(input));
}

function workOf(input: SpendBatchInput): BatchWork<BatchOutcome> {
  const { wallet, spends, request } = input;
  const id = { userId: wallet.userId, batchId: request?.cause.replace(/^request:/, '') ?? '' };
  return {
    wallet,
    causes: spends.map((each) => each.cause),
    record: request && { record: 'spendBatch', id },
    reads: spendingCapRefs,
    decide: ({ head, entryOf, entriesRead, read }) => {
      const stored = request && read('spendBatch', id)?.value;
      if (stored && stored.fingerprint !== request.fingerprint) {
        return nothing(head, { kind: 'reused', index: null });
      }
      if (stored && !entriesRead) return 'read_entries';
      if (stored)
        return nothing(head, { kind: 'replayed', ...answerAgain(stored, input, entryOf) });
      const caps = spendingCapsOf(read, wallet.creditType);
      const posting = spendInOrder(head, { spends, caps, entryOf });
      // Whether a spend was done before comes before whether it can be done (DESIGN 3.8).
      const isRefused = posting.results.some(({ status }) => status === 'refused');
      if (isRefused && !entriesRead) return 'read_entries';
      const refusal = input.partial ? null : refusalOf(posting.results, head, { ...input, caps });
      if (refusal) return nothing(head, refusal);
      const answer: BatchAnswer = {
        results: posting.results,
        balance: advance(posting.head, input.now).head.balance,
        creditsSpent: creditsOf(posting.results),
      };
      const value = request && recordOf(answer, { ...request, now: input.now });
      return {
        result: { kind: 'committed', ...answer },
        posting,
        writes: value ? [{ record: 'spendBatch', id, value, version: null }] : [],
      };
    },
  };
}

function nothing<R>(head: Head, result: R): BatchPlan<R> {
  return { result, posting: { head, entries: [] }, writes: [] };
}

/** Each spend on the head that those before it have left. */
function spendInOrder(
  start: Head,
  batch: {
    readonly spends: readonly BatchSpend[];
    readonly caps: readonly SpendingCap[];
    readonly entryOf: (cause: string) => Entry | null;
  },
): { readonly head: Head; readonly entries: readonly Entry[]; readonly results: SpendResult[] } {
  const { spends, caps, entryOf } = batch;
  let head = start;
  const entries: Entry[] = [];
  const results = spends.map((each): SpendResult => {
    const existing = entryOf(each.cause);
    if (existing) {
      if (existing.fingerprint === each.fingerprint) return { status: 'replayed', entry: existing };
      return { status: 'refused', refusal: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    }
    const decision = spend(head, { ...each, caps });
    if (!decision.ok) return { status: 'refused', refusal: decision.refusal };
    head = decision.head;
    entries.push(...decision.entries);
    return { status: 'spent', entry: decision.entry };
  });
  return { head, entries, results };
}

/** Why a batch of all or nothing is nothing: what all its spends need beside what there is for them. */
function refusalOf(
  results: readonly SpendResult[],
  head: Head,
  { spends, now, caps }: SpendBatchInput & { readonly caps: readonly SpendingCap[] },
): Extract<BatchOutcome, { kind: 'refused' | 'reused' }> | null {
  const index = results.findIndex(({ status }) => status === 'refused');
  const first = results[index];
  if (first?.status !== 'refused') return null;
  if (first.refusal.code === 'IDEMPOTENCY_KEY_REUSED') return { kind: 'reused', index };
  const required = spends.reduce(
    (sum, each, place) => (results[place]?.status === 'replayed' ? sum : sum + each.amount),
    0,
  );
  const refusal = spendRefusal(advance(head, now), { amount: required, caps });
  invariant(refusal, 'spends that do not fit one by one do not fit together');
  return { kind: 'refused', index, refusal };
}

function creditsOf(results: readonly SpendResult[]): number {
  return results.reduce(
    (sum, each) => (each.status === 'spent' ? sum - each.entry.amount : sum),
    0,
  );
}

function recordOf(
  answer: BatchAnswer,
  request: { readonly fingerprint: string; readonly now: string },
): SpendBatchRecord {
  return {
    fingerprint: request.fingerprint,
    createdAt: request.now,
    balance: answer.balance,
    creditsSpent: answer.creditsSpent,
    results: answer.results.map((each) => ({
      status: each.status,
      refusal: each.status === 'refused' ? each.refusal : null,
    })),
  };
}

/** The first answer, from its record and the entries that it tells of. */
function answerAgain(
  record: SpendBatchRecord,
  { spends }: SpendBatchInput,
  entryOf: (cause: string) => Entry | null,
): BatchAnswer {
  const results = spends.map((each, index): SpendResult => {
    const told = record.results[index];
    invariant(told, 'a batch answers each of its spends');
    if (told.status === 'refused') {
      invariant(told.refusal, 'a refused spend has its reason');
      return { status: 'refused', refusal: told.refusal };
    }
    const entry = entryOf(each.cause);
    invariant(entry, 'a spend that was done has its entry');
    return { status: told.status, entry };
  });
  return { results, balance: record.balance, creditsSpent: record.creditsSpent };
}
