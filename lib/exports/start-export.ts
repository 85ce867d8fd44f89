import { hash } from 'node:crypto';
import type { ExportFormat } from '#lib/contract/file-formats';
import { type EntryFilter, exportTaskOf, type ExportPosition } from '#lib/exports/export-task';
import { readEntries } from '#lib/exports/read-entries';
import { invariant } from '#lib/invariant';
import type { Job } from '#lib/jobs/job';
import type { JobQueue } from '#lib/jobs/job-queue';
import { startJob } from '#lib/jobs/start-job';
import { canonicalJson, type Entry } from '#lib/ledger/entry';
import type { DayStore, LedgerStore, RecordWrite } from '#lib/ports';

/** What is answered at once: 2 MB of text, a third of what Lambda hands over. */
const ENTRIES_MAX = 5_000;
/** A month of days, or some full pages: a few seconds of reading. */
const PAGES_MAX = 40;

/**
 * Reads what was asked for, if that is little enough to answer at once; else a job writes it to a file. The same period
 * asked for again on the same day is the same job; one that goes on until now is another each time.
 */
export async function startExport(
  {
    days,
    queue,
    store,
  }: {
    readonly days: DayStore;
    readonly queue: JobQueue;
    readonly store: Pick<LedgerStore, 'load' | 'write'>;
  },
  request: {
    readonly filter: EntryFilter;
    readonly format: ExportFormat;
    readonly by: string;
    readonly now: string;
    /** The record of who asked: it is written before anything is shown. */
    readonly audited: RecordWrite<'audit'>;
  },
): Promise<
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  | { readonly kind: 'job'; readonly job: Job }
> {
  const { audited, by, filter, format, now } = request;
  const entries = await readFew(days, filter);
  if (entries) {
    await store.write([audited]);
    return { kind: 'entries', entries };
  }
  const asked = canonicalJson([by, now.slice(0, 10), filter, format]);
  const cause = `export:${hash('sha256', asked, 'hex')}`;
  const task = exportTaskOf(filter, format);
  const start = { task, total: null, cause, fingerprint: null, by, now, writes: [audited] };
  const started = await startJob({ store, queue }, start);
  invariant(started.kind !== 'reused', 'an export has no key');
  return { kind: 'job', job: started.job };
}

/** All entries that match, or null when they are too many or too far apart. */
async function readFew(days: DayStore, filter: EntryFilter): Promise<readonly Entry[] | null> {
  const found: Entry[] = [];
  let position: ExportPosition | null = { from: filter.from, after: null };
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const batch: Awaited<ReturnType<typeof readEntries>> = await readEntries(
      days,
      filter,
      position,
    );
    found.push(...batch.entries);
    if (found.length > ENTRIES_MAX) return null;
    if (!batch.next) return found;
    position = batch.next;
  }
  return null;
}
