import { stringify } from 'csv-stringify/sync';

export type Cell = string | number | null;

/**
 * A CSV text (RFC 4180) with a header line; every row has its cells in the order of the columns. Text that a
 * spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV Injection"); numbers stay numbers, a
 * negative one included, so that columns can be summed.
 */
export function csvText(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns, ...rows].map((row) => row.map(neutralized));
  return stringify(lines, { record_delimiter: '\r\n' });
}

// Spreadsheets skip blanks in front of a formula, and know full-width forms of its first character.
const FORMULA = /^[\s\u0000-\u0020]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

function neutralized(cell: Cell): Cell {
  return typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : cell;
}
