import * as z from 'zod';

import type { InvocationResult } from '#infra/local/lambda/function-pool';

const responseSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

/**
 * The items of a batch that a function could not handle. Without ReportBatchItemFailures, after an
 * error, and for an answer that names an unknown item it is all of them, as on AWS.
 */
export function failedItems(
  result: InvocationResult,
  batch: { readonly ids: readonly string[]; readonly reportsItems: boolean },
): ReadonlySet<string> {
  const all = new Set(batch.ids);
  if (!result.ok) return all;
  if (!batch.reportsItems) return new Set();
  const answer: unknown = JSON.parse(result.payload);
  if (answer === null) return new Set();
  const parsed = responseSchema.safeParse(answer);
  if (!parsed.success) return all;
  const failed = (parsed.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => all.has(id)) ? new Set(failed) : all;
}
