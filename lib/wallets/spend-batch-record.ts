import * as z from 'zod';

/**
 * What a batch answered, beside the entries that it made: a replay must refuse what the first run refused, however
 * full the wallet is by then.
 */
export const spendBatchSchema = z.object({
  fingerprint: z.string(),
  createdAt: z.string(),
  balance: z.int(),
  creditsSpent: z.int(),
  /** One per spend, in the order of the request. */
  results: z.array(
    z.object({
      status: z.enum(['spent', 'replayed', 'refused']),
      refusal: z
        .object({
          code: z.string(),
          required: z.int().optional(),
          available: z.int().optional(),
          shortfall: z.int().optional(),
          period: z.enum(['hour', 'day']).optional(),
          limit: z.int().optional(),
          used: z.int().optional(),
          held: z.int().optional(),
          resetsAt: z.string().optional(),
        })
        .nullable(),
    }),
  ),
});
export type SpendBatchRecord = z.infer<typeof spendBatchSchema>;
export type SpendRefusal = NonNullable<SpendBatchRecord['results'][number]['refusal']>;
