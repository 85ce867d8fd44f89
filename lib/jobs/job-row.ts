import * as z from 'zod';

/**
 * What became of one row of a job. It is written once: in the transaction of the row's entry, or alone where the row
 * was refused; so a row that has a result is never done again.
 */
export const jobRowSchema = z.object({
  /** Numbered from 1. */
  row: z.int().min(1),
  outcome: z.enum(['applied', 'refused']),
  /** Why it was refused: a code of the API. */
  code: z.string().nullable(),
  userId: z.string(),
  creditType: z.string(),
  amount: z.int(),
  entryId: z.string().nullable(),
  /** Of the wallet after it; for a refused row, what it found. */
  balance: z.int(),
  at: z.string(),
});
export type JobRow = Readonly<z.infer<typeof jobRowSchema>>;
