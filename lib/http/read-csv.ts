import { CsvError, parse } from 'csv-parse/sync';
import type { FieldError } from '#lib/contract/errors';

/** One line of a file as a caller would send it in JSON: empty cells are left out. */
export interface CsvRow {
  /** Counted from 1 below the header. */
  readonly row: number;
  readonly cells: Readonly<Record<string, string>>;
}

interface Expected {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly rowsMax: number;
}

export type ReadCsv =
  | { readonly ok: true; readonly rows: readonly CsvRow[] }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

const ERRORS_MAX = 20;
const CELL_LENGTH_MAX = 4_000;
const BOM = '\ufeff';

/**
 * Reads a CSV file (RFC 4180) with a header line. Only what can be meant in one way is read: commas between cells,
 * quotes around a whole cell, lines that end in CRLF or LF, UTF-8 with or without the byte order mark that Excel writes.
 */
export function readCsv(text: string, expected: Expected): ReadCsv {
  const { rowsMax } = expected;
  let records: readonly (readonly string[])[];
  try {
    records = parse(text.startsWith(BOM) ? text.slice(1) : text, {
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      max_record_size: CELL_LENGTH_MAX,
      // One more than may be there tells that there are too many.
      to: rowsMax + 2,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return refused([malformed(error)]);
  }
  const [header, ...lines] = records;
  if (!header)
    return refused([{ field: '', message: 'must not be empty: it begins with a header' }]);
  const wrongHeader = checkHeader(header, expected);
  if (wrongHeader !== null) return refused([{ field: 'header', message: wrongHeader }]);
  if (lines.length === 0) return refused([{ field: '', message: 'must have at least one row' }]);
  if (lines.length > rowsMax) {
    return refused([{ field: '', row: rowsMax + 1, message: `must have at most ${rowsMax} rows` }]);
  }
  const errors = lines.flatMap((cells, index): FieldError[] =>
    cells.length === header.length
      ? []
      : [
          {
            field: '',
            row: index + 1,
            message: `has ${cells.length} cells where the header has ${header.length}`,
          },
        ],
  );
  if (errors.length > 0) return refused(errors);
  return { ok: true, rows: lines.map((cells, index) => rowOf(header, cells, index + 1)) };
}

function refused(errors: readonly FieldError[]): ReadCsv {
  return { ok: false, errors: errors.slice(0, ERRORS_MAX) };
}

function rowOf(header: readonly string[], cells: readonly string[], row: number): CsvRow {
  const named = header.map((name, index) => [name, cells[index] ?? ''] as const);
  return { row, cells: Object.fromEntries(named.filter(([, cell]) => cell !== '')) };
}

function checkHeader(header: readonly string[], { required, optional }: Expected): string | null {
  const known = [...required, ...optional];
  const isWhole =
    required.every((name) => header.includes(name)) &&
    header.every((name) => known.includes(name)) &&
    new Set(header).size === header.length;
  if (isWhole) return null;
  return `must be ${required.join(',')}[,${optional.join(',')}], separated by commas`;
}

/** What the parser stumbled over, in the words of the file: its first line is the header. */
function malformed(error: CsvError): FieldError {
  const { column, lines } = error;
  const row = typeof lines === 'number' && lines > 1 ? { row: lines - 1 } : {};
  const field = typeof column === 'number' ? `column ${column + 1}` : '';
  const known: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
    CSV_INVALID_CLOSING_QUOTE:
      'a closing quote is followed by more than a comma or the end of the line',
    INVALID_OPENING_QUOTE: 'a quote stands in the middle of a cell that is not quoted',
    CSV_MAX_RECORD_SIZE: `a row is longer than ${CELL_LENGTH_MAX} characters`,
  };
  return { field, ...row, message: known[error.code] ?? 'is not CSV' };
}
