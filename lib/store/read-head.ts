import { emptyHead, type Head, type WalletRef } from '#lib/ledger/wallet';
import { headFromItem } from '#lib/store/items';
import { headKey } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { getItem } from '#lib/store/read';
import type { Table } from '#lib/store/table';

/** A wallet's head, strongly consistent; the empty head where nothing was ever entered. */
export async function readHead(table: Table, wallet: WalletRef): Promise<Head> {
  return headOf(wallet, await getItem(table, headKey(wallet)));
}

/** The head in an item, or the empty head where there is no item. */
export function headOf(wallet: WalletRef, item: ItemValue | null): Head {
  return item ? headFromItem(item) : emptyHead(wallet);
}
