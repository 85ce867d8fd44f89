import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { exportNextPart } from '#lib/exports/export-entries';
import { exportKey, exportTaskOf } from '#lib/exports/export-task';
import { createObjectStore } from '#lib/files/object-store';
import { renderEntries } from '#lib/http/export-resource';
import { jobSchema, type Job } from '#lib/jobs/job';
import { add } from '#lib/ledger/inflow';
import type { Entry } from '#lib/ledger/entry';
import { emptyHead } from '#lib/ledger/wallet';
import type { DayStore, FileStore } from '#lib/ports';
import { NOW } from '#tests/support/ledger';
import {
  openTestObjectStore,
  TEST_BUCKET,
  type TestObjectStore,
} from '#tests/support/object-store';

/** Two parts and a rest: long descriptions, so that it takes few entries. */
const ENTRIES = 20_000;
const PAGE = 500;

let s3: TestObjectStore;
let files: FileStore;
beforeAll(async () => {
  s3 = await openTestObjectStore({ now: () => new Date() });
  files = createObjectStore(TEST_BUCKET, s3.config);
});
afterAll(() => s3.close());

function template(): Entry {
  const decision = add(emptyHead({ userId: 'alice', creditType: 'general' }), {
    now: NOW,
    cause: 'made',
    actor: 'service:test',
    description: 'é'.repeat(200),
    type: 'bonus',
    amount: 7,
    category: 'promotional',
    priority: 50,
    expiresAt: null,
  });
  if (!decision.ok) throw new Error('credits could not be added');
  return decision.entry;
}

/** A day of many entries, numbered; a place is the number of the next. */
function busyDay(entry: Entry): DayStore {
  return {
    page: async ({ after }) => {
      const first = after === null ? 0 : Number(after);
      const last = Math.min(first + PAGE, ENTRIES);
      const entries = Array.from({ length: last - first }, (_, index) => ({
        ...entry,
        seq: first + index + 1,
      }));
      return { entries, next: last < ENTRIES ? String(last) : null };
    },
  };
}

/** One entry in the first second of every day. */
function quietDays(entry: Entry): DayStore {
  return {
    page: async ({ from }) => ({ entries: [{ ...entry, createdAt: from }], next: null }),
  };
}

/** Runs a job to its end, every slice twice as after a crash, and reads its file. */
async function exported(id: string, days: DayStore, period: { from: string; to: string }) {
  const deps = { days, files, render: renderEntries.csv };
  const everything = { userId: null, creditType: null, type: null, actor: null };
  let job: Job = jobSchema.parse({
    id,
    task: exportTaskOf({ ...everything, ...period }, 'csv'),
    state: 'running',
    progress: { total: null, done: 0, refused: 0 },
    attempts: 1,
    reason: null,
    fingerprint: null,
    createdBy: 'admin:ann',
    createdAt: NOW,
    updatedAt: NOW,
    finishedAt: null,
  });
  let slices = 0;
  for (let finished = false; !finished; slices += 1) {
    const { task } = job;
    if (task.kind !== 'export_entries') throw new Error('the task is another');
    await exportNextPart(deps, { job, task });
    const slice = await exportNextPart(deps, { job, task });
    ({ finished } = slice);
    job = { ...job, task: slice.task, progress: slice.progress };
  }
  const rows = z
    .array(z.object({ seq: z.coerce.number(), amount: z.coerce.number(), created_at: z.string() }))
    .parse(parse(await files.get(exportKey(id, 'csv')), { columns: true }));
  return { progress: job.progress, slices, rows };
}

test('a file of many parts is whole and in order, each slice done twice as after a crash', async () => {
  const day = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
  const { progress, rows, slices } = await exported('job_1', busyDay(template()), day);
  // Two whole parts, or one and a rest, and the end.
  expect(slices).toBeGreaterThanOrEqual(3);
  expect(progress).toEqual({ total: ENTRIES, done: ENTRIES, refused: 0 });
  expect(rows.every(({ seq }, index) => seq === index + 1)).toBe(true);
  expect(rows.reduce((total, { amount }) => total + amount, 0)).toBe(7 * ENTRIES);
});

test('years with a little every day are read in slices, though they fill no part', async () => {
  const years = { from: '2024-01-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' };
  const { rows, slices } = await exported('job_2', quietDays(template()), years);
  expect(slices).toBeGreaterThan(3);
  expect(rows).toHaveLength(731);
  expect(new Set(rows.map((row) => row.created_at)).size).toBe(731);
});
