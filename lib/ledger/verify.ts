import { InvariantError } from '#lib/invariant';
import { totalsAfter } from '#lib/ledger/apply-entry';
import { canonicalJson, type Entry, entryId, hashEntry } from '#lib/ledger/entry';
import { replay } from '#lib/ledger/replay';
import { balanceOfTotals, emptyHead, type Head } from '#lib/ledger/wallet';

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
  | 'UNREADABLE'
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
  const proven = verifyAfter(emptyHead(head), entries);
  const problems = [...proven.problems];
  const newest = entries.reduce((seq, entry) => Math.max(seq, entry.seq), 0);
  if (head.seq !== newest) problems.push(headMismatch(head, newest));
  else if (proven.head && !isSameHead(proven.head, head)) problems.push(otherHead);
  return problems.slice(0, PROBLEMS_MAX);
}

/**
 * Proves the entries that follow a head which is known to be right: what a wallet's newest part proves, all of it
 * proves step by step. `head` is what they lead to, or null where they lead nowhere.
 */
export function verifyAfter(
  start: Head,
  entries: readonly Entry[],
): { readonly head: Head | null; readonly problems: readonly VerificationProblem[] } {
  const ordered = entries.toSorted((a, b) => a.seq - b.seq);
  const problems = ordered.flatMap((entry, index) =>
    entryProblems(entry, ordered[index - 1] ?? tipOf(start)),
  );
  try {
    return { head: replay(start, ordered), problems };
  } catch (error) {
    // A broken record may make the replay impossible; which one is in the problems of the entries.
    if (!(error instanceof InvariantError)) throw error;
    const failed: VerificationProblem = { seq: 0, code: 'REPLAY_FAILED', detail: error.message };
    return { head: null, problems: [...problems, failed] };
  }
}

/** Whether two heads say the same, field by field. */
export function isSameHead(a: Head, b: Head): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

export const otherHead: VerificationProblem = {
  seq: 0,
  code: 'HEAD_MISMATCH',
  detail: 'the entries rebuild another head',
};

function headMismatch(head: Head, newest: number): VerificationProblem {
  const detail = `the head is at ${head.seq}, the newest entry at ${newest}`;
  return { seq: 0, code: 'HEAD_MISMATCH', detail };
}

/** What the next entry has to continue. */
type Tip = Pick<Entry, 'seq' | 'hash' | 'balanceAfter' | 'totals' | 'debt' | 'createdAt'>;

function tipOf(head: Head): Tip {
  return {
    seq: head.seq,
    hash: head.headHash,
    balanceAfter: head.balance,
    totals: head.totals,
    debt: head.debt,
    createdAt: head.updatedAt,
  };
}

function entryProblems(entry: Entry, previous: Tip): readonly VerificationProblem[] {
  const { hash, ...unhashed } = entry;
  const drawn = entry.draws.reduce((sum, draw) => sum + draw.amount, 0);
  const totals = totalsAfter(previous.totals, entry.type, entry.amount);
  const checks: readonly (readonly [VerificationCode, boolean, string])[] = [
    ['SEQUENCE_BROKEN', entry.seq === previous.seq + 1, 'follows the entry before it'],
    ['CHAIN_BROKEN', entry.prevHash === previous.hash, 'names the hash before it'],
    ['HASH_MISMATCH', hash === hashEntry(unhashed), 'has the hash of its own content'],
    [
      'BALANCE_BROKEN',
      entry.balanceBefore === previous.balanceAfter &&
        entry.balanceAfter === entry.balanceBefore + entry.amount &&
        entry.balanceAfter >= 0,
      'continues the balance before it',
    ],
    ['DRAWS_MISMATCH', drawn === entry.amount, 'has draws that add up to its amount'],
    [
      'TOTALS_MISMATCH',
      canonicalJson(totals) === canonicalJson(entry.totals) &&
        balanceOfTotals(entry.totals) === entry.balanceAfter &&
        entry.debt === previous.debt + entry.debtChange,
      'continues the totals before it',
    ],
    ['ID_MISMATCH', entry.id === entryId(entry, entry.cause), 'has the id of its cause'],
    ['TIME_BACKWARDS', entry.createdAt >= previous.createdAt, 'is not older than before'],
  ];
  return checks.flatMap(([code, holds, promise]) =>
    holds ? [] : [{ seq: entry.seq, code, detail: `entry ${entry.seq} no longer ${promise}` }],
  );
}
