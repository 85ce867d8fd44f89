import { InvariantError } from '#lib/invariant';
import { totalsAfter } from '#lib/ledger/apply-entry';
import { canonicalJson, type Entry, entryId, hashEntry } from '#lib/ledger/entry';
import { replay } from '#lib/ledger/replay';
import { balanceOfTotals, type Head, NO_TOTALS } from '#lib/ledger/wallet';

export type VerificationCode =
  | 'SEQUENCE_BROKEN'
  | 'CHAIN_BROKEN'
  | 'HASH_MISMATCH'
  | 'BALANCE_BROKEN'
  | 'DRAWS_MISMATCH'
  | 'TOTALS_MISMATCH'
  | 'ID_MISMATCH'
  | 'TIME_BACKWARDS'
  | 'HEAD_MISMATCH'
  | 'REPLAY_FAILED';

/** A promise that a wallet's records break, and where: `seq` 0 stands for the head. */
export interface VerificationProblem {
  readonly seq: number;
  readonly code: VerificationCode;
  readonly detail: string;
}

// One wrong byte breaks every later link; the first few tell where to look.
const PROBLEMS_MAX = 100;

/**
 * Proves a wallet from its records alone (DESIGN 3.10): numbers 1..n, chained balances and hashes, draws that add
 * up, totals, and a head that the entries rebuild exactly. Takes entries in any order; empty means proven.
 */
export function verify(head: Head, entries: readonly Entry[]): readonly VerificationProblem[] {
  const ordered = entries.toSorted((a, b) => a.seq - b.seq);
  const problems = ordered.flatMap((entry, index) => entryProblems(entry, ordered[index - 1]));
  return [...problems, ...headProblems(head, ordered)].slice(0, PROBLEMS_MAX);
}

function entryProblems(entry: Entry, previous: Entry | undefined): readonly VerificationProblem[] {
  const { hash, ...unhashed } = entry;
  const drawn = entry.draws.reduce((sum, draw) => sum + draw.amount, 0);
  const totals = totalsAfter(previous?.totals ?? NO_TOTALS, entry.type, entry.amount);
  const checks: readonly (readonly [VerificationCode, boolean, string])[] = [
    ['SEQUENCE_BROKEN', entry.seq === (previous?.seq ?? 0) + 1, 'follows the entry before it'],
    ['CHAIN_BROKEN', entry.prevHash === (previous?.hash ?? ''), 'names the hash before it'],
    ['HASH_MISMATCH', hash === hashEntry(unhashed), 'has the hash of its own content'],
    [
      'BALANCE_BROKEN',
      entry.balanceBefore === (previous?.balanceAfter ?? 0) &&
        entry.balanceAfter === entry.balanceBefore + entry.amount &&
        entry.balanceAfter >= 0,
      'continues the balance before it',
    ],
    ['DRAWS_MISMATCH', drawn === entry.amount, 'has draws that add up to its amount'],
    [
      'TOTALS_MISMATCH',
      canonicalJson(totals) === canonicalJson(entry.totals) &&
        balanceOfTotals(entry.totals) === entry.balanceAfter &&
        entry.debt === (previous?.debt ?? 0) + entry.debtChange,
      'continues the totals before it',
    ],
    ['ID_MISMATCH', entry.id === entryId(entry, entry.cause), 'has the id of its cause'],
    ['TIME_BACKWARDS', entry.createdAt >= (previous?.createdAt ?? ''), 'is not older than before'],
  ];
  return checks.flatMap(([code, holds, promise]) =>
    holds ? [] : [{ seq: entry.seq, code, detail: `entry ${entry.seq} no longer ${promise}` }],
  );
}

function headProblems(head: Head, ordered: readonly Entry[]): readonly VerificationProblem[] {
  const newest = ordered.at(-1);
  if (head.seq !== (newest?.seq ?? 0)) {
    const detail = `the head is at ${head.seq}, the newest entry at ${newest?.seq ?? 0}`;
    return [{ seq: 0, code: 'HEAD_MISMATCH', detail }];
  }
  try {
    const rebuilt = replay(head, ordered);
    if (canonicalJson(rebuilt) === canonicalJson(head)) return [];
    return [{ seq: 0, code: 'HEAD_MISMATCH', detail: 'the entries rebuild another head' }];
  } catch (error) {
    // A broken record may make the replay impossible; which one is in the problems of the entries.
    if (!(error instanceof InvariantError)) throw error;
    return [{ seq: 0, code: 'REPLAY_FAILED', detail: error.message }];
  }
}
