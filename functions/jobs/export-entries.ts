import type { JobDependencies } from '#functions/jobs/dependencies';
import { exportNextPart } from '#lib/exports/export-entries';
import type { ExportTask } from '#lib/exports/export-task';
import { renderEntries } from '#lib/http/export-resource';
import type { Job, Slice } from '#lib/jobs/job';

/** One part of the file of GET /admin/credits/export. */
export function exportEntries(
  { days, files }: JobDependencies,
  work: { readonly job: Job; readonly task: ExportTask },
): Promise<Slice> {
  const render = renderEntries[work.task.format];
  return exportNextPart({ days, files, render }, work);
}
