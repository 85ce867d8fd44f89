import type * as contract from '#lib/contract/jobs';
import type { ExportFormat } from '#lib/contract/file-formats';
import type { RenderEntries } from '#lib/exports/export-entries';
import { type Cell, csvText } from '#lib/http/csv';
import type { Wire } from '#lib/http/endpoint';
import { toJob } from '#lib/http/job-resource';
import type { Job } from '#lib/jobs/job';
import { canonicalJson, type Entry, entryDocument } from '#lib/ledger/entry';

/** The columns of an export, in the names of the wire. */
const COLUMNS = [
  'transaction_id',
  'user_id',
  'credit_type',
  'seq',
  'type',
  'amount',
  'balance_before',
  'balance_after',
  'description',
  'reference_type',
  'reference_id',
  'metadata',
  'actor',
  'created_at',
] as const;

const HEADER = csvText(COLUMNS, []);

/** Entries as files, by format. */
export const renderEntries: Readonly<Record<ExportFormat, RenderEntries>> = {
  csv: entriesCsv,
  jsonl: (entries) => entries.map((entry) => `${canonicalJson(entryDocument(entry))}\n`).join(''),
};

function entriesCsv(entries: readonly Entry[], { header }: { readonly header: boolean }): string {
  const text = csvText(COLUMNS, entries.map(cellsOf));
  return header ? text : text.slice(HEADER.length);
}

function cellsOf(entry: Entry): readonly Cell[] {
  return [
    entry.id,
    entry.userId,
    entry.creditType,
    entry.seq,
    entry.type,
    entry.amount,
    entry.balanceBefore,
    entry.balanceAfter,
    entry.description,
    entry.reference?.type ?? null,
    entry.reference?.id ?? null,
    JSON.stringify(entry.metadata),
    entry.actor,
    entry.createdAt,
  ];
}

/** A job whose file is there comes with the link to it. */
export function toExportJob(
  job: Job,
  link: { readonly url: string; readonly expiresAt: string } | null,
): Wire<typeof contract.exportJob> {
  return { job: toJob(job), url: link?.url ?? null, url_expires_at: link?.expiresAt ?? null };
}
