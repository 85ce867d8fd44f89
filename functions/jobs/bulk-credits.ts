import type { JobDependencies } from '#functions/jobs/dependencies';
import { applyNextChunk } from '#lib/bulk/apply-rows';
import type { BulkTask } from '#lib/bulk/bulk-task';
import type { Job, Slice } from '#lib/jobs/job';

/** One chunk of rows of POST /admin/credits/bulk. */
export function bulkCredits(
  { ledger, now }: JobDependencies,
  work: { readonly job: Job; readonly task: BulkTask },
): Promise<Slice> {
  return applyNextChunk(ledger, { ...work, now: now().toISOString() });
}
