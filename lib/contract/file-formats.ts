/** What files are, by the end of their names: rows for a spreadsheet, or a JSON object in each line. */
export const FILE_TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
} as const;
export type FileFormat = keyof typeof FILE_TYPES;

/** CSV for who counts with it; whole entries with their hashes for who proves them. */
export const EXPORT_FORMATS = ['csv', 'jsonl'] as const satisfies readonly FileFormat[];
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
