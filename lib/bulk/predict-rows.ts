import type { BulkRow } from '#lib/bulk/bulk-task';
import { decideRow, resultOf } from '#lib/bulk/decide-row';
import type { JobRow } from '#lib/jobs/job-row';
import { invariant } from '#lib/invariant';
import type { Head } from '#lib/ledger/wallet';
import type { WalletReader } from '#lib/ports';

/**
 * What a bulk run would do if it ran now: the same rule for each row, on heads that are kept in memory, so that rows of
 * one wallet follow each other. Nothing is written.
 */
export async function predictRows(
  wallets: WalletReader,
  input: {
    readonly rows: readonly BulkRow[];
    readonly jobId: string;
    readonly by: string;
    readonly now: string;
  },
): Promise<readonly JobRow[]> {
  const { by, jobId, now, rows } = input;
  const refs = [...new Map(rows.map((row) => [nameOf(row), row])).values()];
  const found = await wallets.heads(refs);
  const heads = new Map<string, Head>(found.map((head) => [nameOf(head), head]));
  const fresh = found.filter((head) => head.seq === 0).map(({ userId }) => userId);
  const unknown = new Set(await wallets.unknownUsers([...new Set(fresh)]));
  return rows.map((values, index) => {
    const row = { ...values, row: index + 1 };
    const head = heads.get(nameOf(row));
    invariant(head, 'every wallet was read');
    const known = !unknown.has(row.userId);
    const decision = decideRow({ head, known }, { row, jobId, by, now });
    if (decision.ok) heads.set(nameOf(row), decision.head);
    // An entry's id follows from its job, and there is none.
    return { ...resultOf(row, { head, decision, now }), entryId: null };
  });
}

function nameOf(wallet: { readonly userId: string; readonly creditType: string }): string {
  return `${wallet.userId}#${wallet.creditType}`;
}
