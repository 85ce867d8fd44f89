import { invariant } from '#lib/invariant';
import type { WalletRef } from '#lib/ledger/wallet';
import type { HistoryStore, LedgerStore } from '#lib/ports';
import { type HoldRecord, stateOf } from '#lib/wallets/hold';

export interface HoldPage {
  /** Newest first. */
  readonly holds: readonly HoldRecord[];
  readonly total: number;
  /** The wallet's time: at it the holds have the states that they have. */
  readonly at: string;
}

/**
 * A wallet's holds. The open ones stand in its head; all of them are a page of the entries that placed them, so that
 * holds need no index of their own.
 */
export async function listHolds(
  stores: { readonly ledger: LedgerStore; readonly history: HistoryStore },
  asked: {
    readonly wallet: WalletRef;
    readonly now: string;
    readonly onlyOpen: boolean;
    /** How many there were when a cursor began. */
    readonly asOfTotal?: number;
    readonly offset: number;
    readonly limit: number;
  },
): Promise<HoldPage> {
  const { wallet, now, offset, limit } = asked;
  const head = await stores.ledger.loadHead(wallet);
  const at = now > head.updatedAt ? now : head.updatedAt;
  if (asked.onlyOpen) {
    const open = await loadHolds(
      stores.ledger,
      wallet,
      head.holds.map((hold) => hold.id),
    );
    const newestFirst = open
      .filter((hold) => stateOf(hold, at) === 'open')
      .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    return { holds: newestFirst.slice(offset, offset + limit), total: newestFirst.length, at };
  }
  const { asOfTotal } = asked;
  const { entries, total } = await stores.history.page({
    wallet,
    type: 'hold',
    ...(asOfTotal !== undefined && { asOfTotal }),
    offset,
    limit,
  });
  const ids = entries.flatMap((entry) => (entry.hold ? [entry.hold.id] : []));
  return { holds: await loadHolds(stores.ledger, wallet, ids), total, at };
}

async function loadHolds(
  ledger: LedgerStore,
  { userId }: WalletRef,
  ids: readonly string[],
): Promise<readonly HoldRecord[]> {
  const read = await ledger.load(ids.map((holdId) => ({ record: 'hold', id: { userId, holdId } })));
  return ids.map((holdId) => {
    const hold = read('hold', { userId, holdId });
    invariant(hold, 'a hold has its record from the transaction that placed it');
    return hold.value;
  });
}
