import * as z from 'zod';
import { InvariantError } from '#lib/invariant';
import { isSameHead, otherHead, type VerificationProblem, verifyAfter } from '#lib/ledger/verify';
import type { Head, WalletRef } from '#lib/ledger/wallet';
import {
  ContentionError,
  type HistoryStore,
  type LedgerStore,
  type MoveStore,
  type WalletMove,
} from '#lib/ports';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { dayEnd, earliest, hourStart, HOUR_MS, later } from '#lib/reports/utc-periods';

/** How far the proof of the ledger has come: every wallet that moved before it was proven. ISO 8601 UTC. */
export const verificationProgressSchema = z.object({ verifiedTo: z.string() });
export type VerificationProgress = z.infer<typeof verificationProgressSchema>;

export interface VerifyDependencies {
  readonly moves: MoveStore;
  readonly history: HistoryStore;
  readonly ledger: Pick<LedgerStore, 'load' | 'loadHead' | 'loadHeads' | 'loadEntries' | 'write'>;
}

export interface BrokenWallet {
  readonly wallet: WalletRef;
  readonly problems: readonly VerificationProblem[];
}

export interface VerifiedMoves {
  readonly wallets: number;
  readonly broken: readonly BrokenWallet[];
  /** Every hour before it has been proven, in this run or before. */
  readonly verifiedTo: string;
}

/** No entry of an hour comes later than this, and the index has it by then. */
const CLOSING_DELAY_MS = 20 * 60_000;
/** Where nobody has proven anything yet, the first run begins with the last day. */
const FIRST_LOOK_MS = 24 * HOUR_MS;
/** Hours of one run; after a long pause the next runs go on. */
const HOURS_MAX = 200;
const PAGE = 1_000;
const PROGRESS = { record: 'verificationProgress', id: { of: 'ledger' } } as const;

/**
 * Proves every wallet that has moved, hour by hour (DESIGN 7, ledger verification): from its head before the hour
 * through each entry since to the head that is stored now. What does not move cannot break unseen: its head is where
 * the next proof begins. A run may end anywhere; the next goes on with the hour that was not finished.
 */
export async function verifyMovedWallets(
  deps: VerifyDependencies,
  run: { readonly now: string; readonly hasTime: () => boolean },
): Promise<VerifiedMoves> {
  const stored = (await deps.ledger.load([PROGRESS]))('verificationProgress', PROGRESS.id);
  const closable = hourStart(later(run.now, -CLOSING_DELAY_MS));
  let from = stored?.value.verifiedTo ?? hourStart(later(run.now, -FIRST_LOOK_MS));
  const broken: BrokenWallet[] = [];
  let wallets = 0;
  for (let hour = 0; hour < HOURS_MAX && from < closable && run.hasTime(); hour += 1) {
    const to = later(from, HOUR_MS);
    const moved = await movedWallets(deps, { from, to });
    for (const { wallet, seq } of moved) {
      const problems = await verifySince(deps, { wallet, seen: seq, instant: from });
      if (problems.length > 0) broken.push({ wallet, problems });
      wallets += 1;
    }
    // After a pause the quiet hours of a day take one look, and not one each.
    const rest = { from: to, to: dayEnd(to) };
    from = moved.length === 0 && rest.to <= closable ? await quietUntil(deps, rest) : to;
  }
  const version = stored?.version ?? null;
  // Two runs at once prove the same; whoever is later has nothing to add.
  await deps.ledger.write([{ ...PROGRESS, value: { verifiedTo: from }, version }]);
  return { wallets, broken, verifiedTo: from };
}

/** The first hour in which a wallet has moved, or the end of the period. */
async function quietUntil(
  { moves }: Pick<VerifyDependencies, 'moves'>,
  period: { readonly from: string; readonly to: string },
): Promise<string> {
  const [first] = (await moves.page({ ...period, after: null, limit: 1 })).moves;
  return first ? hourStart(first.at) : period.to;
}

/** Each with the highest number that an entry of it has in that hour; not a number where one has none. */
async function movedWallets(
  { moves }: Pick<VerifyDependencies, 'moves'>,
  hour: { readonly from: string; readonly to: string },
): Promise<readonly WalletMove[]> {
  const found = new Map<string, WalletMove>();
  let after: string | null = null;
  const to = earliest(hour.to, dayEnd(hour.from));
  do {
    const page = await moves.page({ from: hour.from, to, after, limit: PAGE });
    for (const { wallet, seq, at } of page.moves) {
      const name = `${wallet.userId} ${wallet.creditType}`;
      found.set(name, { wallet, at, seq: Math.max(seq, found.get(name)?.seq ?? 0) });
    }
    after = page.next;
  } while (after !== null);
  return [...found.values()];
}

interface Moved {
  readonly wallet: WalletRef;
  /** The number of an entry that there is, in whatever state the head may be. */
  readonly seen: number;
  readonly instant: string;
}

/** What is wrong with a wallet's entries since an instant, and with the head that they lead to. */
async function verifySince(
  { history, ledger }: Pick<VerifyDependencies, 'history' | 'ledger'>,
  moved: Moved,
): Promise<readonly VerificationProblem[]> {
  try {
    return await followEntries({ history, ledger }, moved);
  } catch (error) {
    // Records that make no sense, or an entry that is not where it should be: a finding, and no reason to leave out
    // the others. The table itself tells, at the price of the whole history.
    if (error instanceof ContentionError) return proveWhole(ledger, moved.wallet);
    if (!(error instanceof InvariantError)) throw error;
    const problems = await proveWhole(ledger, moved.wallet);
    return [...problems, { seq: 0, code: 'REPLAY_FAILED', detail: error.message }];
  }
}

async function followEntries(
  { history, ledger }: Pick<VerifyDependencies, 'history' | 'ledger'>,
  { instant, seen, wallet }: Moved,
): Promise<readonly VerificationProblem[]> {
  const head = await ledger.loadHead(wallet);
  // An older head than its entries, or none: their numbers are taken, and what they moved is not.
  if (!(head.seq >= seen)) return proveWhole(ledger, wallet);
  let reached: Head = await history.headAt(wallet, later(instant, -1));
  while (reached.seq < head.seq) {
    const last = Math.min(head.seq, reached.seq + PAGE);
    const limit = last - reached.seq;
    const { entries } = await history.page({ wallet, asOfTotal: last, offset: 0, limit });
    // An index that lags, or an entry that is gone.
    if (entries.length < limit) return proveWhole(ledger, wallet);
    const proven = verifyAfter(reached, entries);
    if (proven.problems.length > 0 || !proven.head) return proven.problems;
    reached = proven.head;
  }
  return isSameHead(reached, head) ? [] : [otherHead];
}

async function proveWhole(
  ledger: VerifyDependencies['ledger'],
  { creditType, userId }: WalletRef,
): Promise<readonly VerificationProblem[]> {
  const wallets = await verifyWallets(ledger, userId);
  return wallets.find((each) => each.creditType === creditType)?.problems ?? [];
}
