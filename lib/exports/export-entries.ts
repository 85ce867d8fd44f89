import { FILE_TYPES } from '#lib/contract/file-formats';
import { type ExportPosition, type ExportTask, exportKey } from '#lib/exports/export-task';
import { type EntryBatch, readEntries } from '#lib/exports/read-entries';
import { invariant } from '#lib/invariant';
import type { Job, Slice } from '#lib/jobs/job';
import type { Entry } from '#lib/ledger/entry';
import type { DayStore, FileStore } from '#lib/ports';

/** A part of an upload that is not its last has 5 MiB at least (S3, multipart upload limits). */
const PART_BYTES = 5 * 1024 * 1024;
/** What one slice reads: some seconds, whether the days are empty or full. */
const PAGES_MAX = 200;

/** Entries as lines of a file, with or without the header line, if its format has one. */
export type RenderEntries = (
  entries: readonly Entry[],
  options: { readonly header: boolean },
) => string;

export interface ExportDependencies {
  readonly days: DayStore;
  readonly files: FileStore;
  readonly render: RenderEntries;
}

/**
 * The next slice of an export: reads on from where the last one stopped and stores one part of the file. What is no
 * whole part waits as a text of its own, so that no slice holds more than a part in memory, and a slice that is done
 * again stores the same under the same names.
 */
export async function exportNextPart(
  deps: ExportDependencies,
  input: { readonly job: Job; readonly task: ExportTask },
): Promise<Slice> {
  const { files } = deps;
  const { job, task } = input;
  const key = exportKey(job.id, task.format);
  if (task.position === null) return finish(files, { key, job, task });
  const file = { name: `${job.id}.${task.format}`, contentType: FILE_TYPES[task.format] };
  const uploadId = task.uploadId ?? (await files.beginUpload(key, file));
  const { position, rows, text } = await readPart(deps, task, task.position);
  const slices = task.slices + 1;
  const progress = { ...job.progress, done: job.progress.done + rows };
  const forward = { ...task, uploadId, position, slices };
  if (position !== null && Buffer.byteLength(text) < PART_BYTES) {
    const rest = `${key}.rest-${slices}`;
    await files.put(rest, text);
    return { task: { ...forward, rest }, progress, finished: false };
  }
  const part = { key, uploadId, number: task.etags.length + 1, text };
  const etags = [...task.etags, await files.putPart(part)];
  return { task: { ...forward, etags, rest: null }, progress, finished: false };
}

/** A slice of its own: a finished upload takes no part again, so the last part must be on record before. */
async function finish(
  files: FileStore,
  input: { readonly key: string; readonly job: Job; readonly task: ExportTask },
): Promise<Slice> {
  const { job, key, task } = input;
  invariant(task.uploadId !== null, 'a file that is read has an upload');
  await files.finishUpload({ key, uploadId: task.uploadId, etags: task.etags });
  const { done } = job.progress;
  return { task, progress: { total: done, done, refused: 0 }, finished: true };
}

async function readPart(
  { days, files, render }: ExportDependencies,
  task: ExportTask,
  from: ExportPosition,
) {
  let text = task.rest === null ? '' : await files.get(task.rest);
  if (task.slices === 0) text = render([], { header: true });
  let bytes = Buffer.byteLength(text);
  let position: ExportPosition | null = from;
  let rows = 0;
  for (let page = 0; position && bytes < PART_BYTES && page < PAGES_MAX; page += 1) {
    const { entries, next }: EntryBatch = await readEntries(days, task.filter, position);
    const lines = render(entries, { header: false });
    text += lines;
    bytes += Buffer.byteLength(lines);
    rows += entries.length;
    position = next;
  }
  return { text, rows, position };
}
