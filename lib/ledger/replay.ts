import { applyEntry } from '#lib/ledger/apply-entry';
import type { Entry } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';

/** The head that entries lead to, oldest first: from the empty one they rebuild all that it holds (DESIGN 3.10). */
export function replay(start: Head, entries: readonly Entry[]): Head {
  return entries.reduce(applyEntry, start);
}
