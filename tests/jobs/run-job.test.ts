import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BulkRow } from '#lib/bulk/bulk-task';
import { startBulk } from '#lib/bulk/start-bulk';
import { JOB_ATTEMPTS_MAX } from '#lib/jobs/run-job';
import { resumeJobs } from '#lib/jobs/resume-jobs';
import { startJob } from '#lib/jobs/start-job';
import type { LedgerStore } from '#lib/ports';
import { type JobBench, openJobBench } from '#tests/jobs/job-bench';
import { NOW } from '#tests/support/ledger';

let bench: JobBench;
beforeAll(async () => {
  bench = await openJobBench();
  const names = ['cut', 'slices', 'twice', 'same', 'lost', 'stuck'];
  await bench.register(names.flatMap((name) => oneTo(USERS).map((n) => `${name}-${n - 1}`)));
});
afterAll(() => bench.close());

const USERS = 20;
const LATER = '2026-11-20T12:11:00.000Z';

function rowsOf(test: string, count: number): readonly BulkRow[] {
  return Array.from({ length: count }, (_, index) => ({
    userId: `${test}-${index % USERS}`,
    creditType: 'general',
    amount: index + 1,
    reason: 'Goodwill',
    category: 'promotional' as const,
    expiresAt: null,
  }));
}

function start(key: string, rows: readonly BulkRow[], queue = bench.queue) {
  const request = { cause: `request:${key}`, fingerprint: 'same', by: 'admin:ann', now: NOW };
  return startBulk({ store: bench.ledger, queue }, { ...request, rows });
}

async function jobOf(jobId: string) {
  const found = (await bench.ledger.load([{ record: 'job', id: { jobId } }]))('job', { jobId });
  if (!found) throw new Error('there is no such job');
  return found.value;
}

/** Entries of all users of a test, as numbers of the rows that made them. */
async function rowsApplied(name: string): Promise<readonly number[]> {
  const entries = await Promise.all(
    Array.from({ length: USERS }, (_, user) => bench.ledger.loadEntries(`${name}-${user}`)),
  );
  return entries
    .flat()
    .map((entry) => Number(entry.metadata['row']))
    .toSorted((a, b) => a - b);
}

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A function that is cut off: after so many commands nothing of it reaches the table any more. */
function dyingAfter(commands: number, applied: boolean): LedgerStore {
  let left = commands;
  const dead = () => left < 0;
  return {
    ...bench.ledger,
    run: async (work) => {
      left -= 1;
      if (dead() && !applied) throw new Error('cut off');
      const outcome = left >= -1 ? await bench.ledger.run(work) : null;
      if (dead() || !outcome) throw new Error('cut off');
      return outcome;
    },
    write: async (writes) => {
      if (dead()) throw new Error('cut off');
      return bench.ledger.write(writes);
    },
  };
}

async function startedId(started: ReturnType<typeof start>): Promise<string> {
  const outcome = await started;
  if (outcome.kind === 'reused') throw new Error('the key was used before');
  return outcome.job.id;
}

test('a job that is cut off again and again, before and after its writes, does each row once', async () => {
  const rows = rowsOf('cut', 230);
  const jobId = await startedId(start('cut', rows));
  for (const [commands, applied] of [
    [5, false],
    [60, true],
    [110, false],
    [20, true],
  ] as const) {
    const [message = ''] = bench.messages;
    expect(await bench.deliver({ ledger: dyingAfter(commands, applied) })).toBe(false);
    // The queue shows it again.
    bench.messages.push(message);
  }
  await bench.drain();
  expect(await jobOf(jobId)).toMatchObject({
    state: 'done',
    progress: { total: 230, done: 230, refused: 0 },
  });
  expect(await rowsApplied('cut')).toEqual(oneTo(230));
  const results = await bench.jobs.rows({ jobId, first: 1, last: 230 });
  expect(results.map(({ row, amount, outcome }) => [row, amount, outcome])).toEqual(
    oneTo(230).map((row) => [row, row, 'applied']),
  );
});

test('a run stops in time and sends the message of the next', async () => {
  const jobId = await startedId(start('slices', rowsOf('slices', 201)));
  const seen: number[] = [];
  while (bench.messages.length > 0) {
    await bench.deliver({ slices: 1 });
    seen.push((await jobOf(jobId)).progress.done);
  }
  expect(seen).toEqual([100, 200, 201]);
  expect((await jobOf(jobId)).state).toBe('done');
});

test('a message that comes twice, and two runs at once, do nothing twice', async () => {
  const jobId = await startedId(start('twice', rowsOf('twice', 120)));
  bench.messages.push(bench.messages[0] ?? '', bench.messages[0] ?? '');
  await Promise.all([bench.deliver(), bench.deliver()]);
  await bench.drain();
  expect((await jobOf(jobId)).progress).toEqual({ total: 120, done: 120, refused: 0 });
  expect(await rowsApplied('twice')).toEqual(oneTo(120));
});

test('the same request is the same job, another request with its key is refused', async () => {
  const rows = rowsOf('same', 3);
  const jobId = await startedId(start('same', rows));
  expect(await startedId(start('same', rows))).toBe(jobId);
  const task = { kind: 'bulk_credits', contentId: 'other' } as const;
  const other = await startJob(
    { store: bench.ledger, queue: bench.queue },
    { task, total: 1, cause: 'request:same', fingerprint: 'other', by: 'admin:ann', now: NOW },
  );
  expect(other).toEqual({ kind: 'reused' });
  await bench.drain();
  expect(await rowsApplied('same')).toEqual([1, 2, 3]);
});

test('a job whose first message was never sent is found by its silence, and sent for once', async () => {
  const lost = { send: () => Promise.reject(new Error('the queue is down')) };
  await expect(start('lost', rowsOf('lost', 5), lost)).rejects.toThrow('the queue is down');
  const { jobs, ledger: store, queue } = bench;
  expect(await resumeJobs({ jobs, queue, store }, NOW)).toBe(0);
  expect(await resumeJobs({ jobs, queue, store }, LATER)).toBe(1);
  expect(await resumeJobs({ jobs, queue, store }, LATER)).toBe(0);
  await bench.drain();
  expect(await rowsApplied('lost')).toEqual(oneTo(5));
  // Done now, so that no silence of it is looked for again.
  expect(await resumeJobs({ jobs, queue, store }, '2026-11-21T12:00:00.000Z')).toBe(0);
});

test('a job that can never come forward ends as failed with its reason, and goes on when it is asked for again', async () => {
  const rows = rowsOf('stuck', 5);
  const jobId = await startedId(start('stuck', rows));
  const broken: LedgerStore = {
    ...bench.ledger,
    run: () => Promise.reject(new TypeError('it cannot work')),
  };
  for (let run = 1; run < JOB_ATTEMPTS_MAX; run += 1) {
    const [message = ''] = bench.messages;
    expect(await bench.deliver({ ledger: broken })).toBe(false);
    bench.messages.push(message);
  }
  bench.failures.length = 0;
  expect(await bench.deliver({ ledger: broken })).toBe(true);
  expect(await jobOf(jobId)).toMatchObject({
    state: 'failed',
    reason: 'TypeError: it cannot work',
    finishedAt: NOW,
  });
  expect(bench.failures).toEqual(['JobsFailed']);
  expect(bench.messages).toEqual([]);
  await start('stuck', rows);
  await bench.drain();
  expect((await jobOf(jobId)).state).toBe('done');
  expect(await rowsApplied('stuck')).toEqual(oneTo(5));
});

test('rows that are no longer kept end the job at once', async () => {
  const task = { kind: 'bulk_credits', contentId: 'gone' } as const;
  const request = { cause: 'request:gone', fingerprint: null, by: 'admin:ann', now: NOW };
  const { ledger: store, queue } = bench;
  const started = await startJob({ store, queue }, { ...request, task, total: 1 });
  await bench.drain();
  if (started.kind === 'reused') throw new Error('the key was used before');
  expect(await jobOf(started.job.id)).toMatchObject({ state: 'failed', attempts: 1 });
});
