import type * as z from 'zod';
import type { BulkRow } from '#lib/bulk/bulk-task';
import { BULK_COLUMNS, BULK_ROWS_MAX, bulkRow } from '#lib/contract/bulk';
import type { FieldError } from '#lib/contract/errors';
import type { bulkPrediction } from '#lib/contract/jobs';
import { invalidFields } from '#lib/contract/problem';
import type { Wire } from '#lib/http/endpoint';
import { toBulkResult } from '#lib/http/job-resource';
import { type CsvRow, readCsv } from '#lib/http/read-csv';
import { invariant } from '#lib/invariant';
import type { JobRow } from '#lib/jobs/job-row';

type WireRow = z.output<typeof bulkRow>;

const ERRORS_MAX = 20;

/** The rows of a request, CSV or JSON, all of them valid; otherwise it is refused as a whole, with rows and columns. */
export function bulkRowsOf(
  body: { readonly rows?: readonly WireRow[] | undefined; readonly csv?: string | undefined },
  now: string,
): readonly BulkRow[] {
  const rows = body.rows ?? rowsOfCsv(body.csv);
  const errors = rows.flatMap(({ expires_at: expiresAt }, index): FieldError[] =>
    expiresAt !== undefined && expiresAt <= now
      ? [{ field: 'expires_at', row: index + 1, message: 'has passed already' }]
      : [],
  );
  if (errors.length > 0) throw invalidFields(errors.slice(0, ERRORS_MAX));
  return rows.map(toBulkRow);
}

function toBulkRow(row: WireRow): BulkRow {
  return {
    userId: row.user_id,
    creditType: row.credit_type,
    amount: row.amount,
    reason: row.reason,
    category: row.category ?? 'promotional',
    expiresAt: row.expires_at ?? null,
  };
}

function rowsOfCsv(csv: string | undefined): readonly WireRow[] {
  invariant(csv !== undefined, 'a body has rows or csv');
  const read = readCsv(csv, { ...BULK_COLUMNS, rowsMax: BULK_ROWS_MAX });
  if (!read.ok) throw invalidFields(read.errors);
  const errors: FieldError[] = [];
  const rows: WireRow[] = [];
  for (const line of read.rows) {
    const parsed = bulkRow.safeParse(fieldsOf(line));
    if (parsed.success) rows.push(parsed.data);
    else errors.push(...parsed.error.issues.map((issue) => errorOf(issue, line.row)));
    if (errors.length >= ERRORS_MAX) break;
  }
  if (errors.length > 0) throw invalidFields(errors.slice(0, ERRORS_MAX));
  return rows;
}

function errorOf({ message, path }: z.core.$ZodIssue, row: number): FieldError {
  return { field: path.map(String).join('.'), row, message };
}

const WHOLE = /^-?[1-9]\d{0,15}$/;

/** A number is digits and nothing else: what looks different stays text, and is refused as no number. */
function fieldsOf({ cells }: CsvRow): Readonly<Record<string, unknown>> {
  const { amount } = cells;
  return amount !== undefined && WHOLE.test(amount) ? { ...cells, amount: Number(amount) } : cells;
}

export function toPrediction(rows: readonly JobRow[]): Wire<typeof bulkPrediction> {
  const applied = rows.filter(({ outcome }) => outcome === 'applied');
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
  const amounts = applied.map(({ amount }) => amount);
  return {
    dry_run: true,
    totals: {
      rows: rows.length,
      applied: applied.length,
      refused: rows.length - applied.length,
      credits_added: sum(amounts.filter((amount) => amount > 0)),
      credits_taken: -sum(amounts.filter((amount) => amount < 0)) || 0,
    },
    results: rows.map(toBulkResult),
  };
}
