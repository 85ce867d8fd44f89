import * as z from 'zod';
import { CATEGORIES } from '#lib/ledger/wallet';

/** Rows in one item: 100 KB at the most, a quarter of what an item holds. */
export const CHUNK_ROWS = 100;

/** Credits for many wallets, row by row: how far it is stands in the job's progress. */
export const bulkTaskSchema = z.object({
  kind: z.literal('bulk_credits'),
  /** Which stored rows: named by their content, so that an unfinished start with other rows cannot mix with it. */
  contentId: z.string(),
});
export type BulkTask = Readonly<z.infer<typeof bulkTaskSchema>>;

/** One row: add (positive) or take (negative) credits, by rule of `adjust`. */
const bulkRowSchema = z.object({
  userId: z.string(),
  creditType: z.string(),
  amount: z.int(),
  reason: z.string(),
  category: z.enum(CATEGORIES),
  expiresAt: z.string().nullable(),
});
export type BulkRow = Readonly<z.infer<typeof bulkRowSchema>>;

/** The rows of a file, in items of bounded size. */
export const bulkChunkSchema = z.object({
  rows: z.array(bulkRowSchema).min(1).max(CHUNK_ROWS),
  storedAt: z.string(),
});
export type BulkChunk = Readonly<z.infer<typeof bulkChunkSchema>>;
