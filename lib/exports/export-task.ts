import * as z from 'zod';
import { EXPORT_FORMATS, type ExportFormat } from '#lib/contract/file-formats';
import { ENTRY_TYPES } from '#lib/ledger/entry';

/** Which entries: null asks for all. */
export const entryFilterSchema = z.object({
  userId: z.string().nullable(),
  creditType: z.string().nullable(),
  type: z.enum(ENTRY_TYPES).nullable(),
  actor: z.string().nullable(),
  /** Inclusive. */
  from: z.string(),
  /** Exclusive. */
  to: z.string(),
});
export type EntryFilter = Readonly<z.infer<typeof entryFilterSchema>>;

/** Where reading goes on: an instant of the day it is in, and the last entry of that day that was read. */
export const exportPositionSchema = z.object({ from: z.string(), after: z.string().nullable() });
export type ExportPosition = Readonly<z.infer<typeof exportPositionSchema>>;

/** Entries as a file: how far it is read, and what of the file is stored. */
export const exportTaskSchema = z.object({
  kind: z.literal('export_entries'),
  filter: entryFilterSchema,
  /** Tasks that were stored before there was a choice have none. */
  format: z.enum(EXPORT_FORMATS).default('csv'),
  position: exportPositionSchema.nullable(),
  uploadId: z.string().nullable(),
  /** Of the parts that are stored, in order. */
  etags: z.array(z.string()),
  /** Slices that are done. */
  slices: z.int(),
  /** What was read and is no whole part yet: the key of its text. */
  rest: z.string().nullable(),
});
export type ExportTask = Readonly<z.infer<typeof exportTaskSchema>>;

export function exportTaskOf(filter: EntryFilter, format: ExportFormat): ExportTask {
  return {
    kind: 'export_entries',
    filter,
    format,
    position: { from: filter.from, after: null },
    uploadId: null,
    etags: [],
    slices: 0,
    rest: null,
  };
}

/** Where the file of a job lies. */
export function exportKey(jobId: string, format: ExportFormat): string {
  return `exports/${jobId}.${format}`;
}
