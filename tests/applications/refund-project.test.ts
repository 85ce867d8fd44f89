import { expect, test } from 'vitest';
import { applyToProject } from '#lib/applications/apply-to-project';
import { cancelProject, loadCancelled } from '#lib/applications/cancel-project';
import { refundNextApplications } from '#lib/applications/refund-project';
import type { RefundProjectTask } from '#lib/applications/refund-project-task';
import { withdrawApplication } from '#lib/applications/withdraw-application';
import { invariant } from '#lib/invariant';
import { runJob } from '#lib/jobs/run-job';
import { verify } from '#lib/ledger/verify';
import type { ApplicationStore } from '#lib/ports';
import { addWork, NOW } from '#tests/support/ledger';
import { createMemoryLedger } from '#tests/support/memory-ledger';

const PROJECT = 'p-1';
const USERS = Array.from({ length: 500 }, (_, index) => `user-${String(index).padStart(3, '0')}`);

const request = (name: string) => ({ cause: `request:${name}`, fingerprint: null });
const audit = { actor: 'admin:ann', groups: ['admin'], sourceIp: null, requestId: 'r', at: NOW };

/** A memory ledger with 500 applications to one project, and what lists them as the table does. */
async function world() {
  const memory = createMemoryLedger();
  const ids = new Map<string, string>();
  for (const userId of USERS) {
    const wallet = { userId, creditType: 'general' };
    await memory.run(addWork({ wallet, amount: 2, cause: 'earned' }));
    const who = { userId, actor: `user:${userId}`, now: NOW, metadata: {} };
    const outcome = await applyToProject(memory, {
      ...who,
      projectId: PROJECT,
      request: request(`apply-${userId}`),
    });
    invariant(outcome.kind === 'applied', 'whoever has credits can apply');
    ids.set(userId, outcome.application.id);
  }
  const applications: Pick<ApplicationStore, 'ofProject'> = {
    async ofProject({ projectId, after, limit }) {
      const users = USERS.filter((userId) => after === null || userId > after).slice(0, limit);
      const refs = users.map((userId) => ({ projectId, userId }));
      const read = await memory.load(refs.map((id) => ({ record: 'application', id }) as const));
      const found = refs.flatMap((id) => read('application', id)?.value ?? []);
      const last = users.at(-1);
      return { applications: found, next: last === USERS.at(-1) ? null : (last ?? null) };
    },
  };
  return { memory, ids, applications };
}

test('of 500 applications each is refunded once, whoever withdraws meanwhile and however often the job is cut off', async () => {
  const { memory, ids, applications } = await world();
  const sent: string[] = [];
  const queue = { send: async (jobId: string) => void sent.push(jobId) };
  const cancelling = { projectId: PROJECT, reason: null, audit, action: 'refundProject' };
  await cancelProject({ store: memory, queue }, { ...cancelling, request: request('cancel') });

  let commits = 0;
  let cuts = 0;
  const dying: typeof memory = {
    ...memory,
    run: (work) => {
      commits += 1;
      // Every 97th commit is the last of its run.
      if (commits % 97 !== 0) return memory.run(work);
      cuts += 1;
      return Promise.reject(new Error('the function was cut off'));
    },
  };
  const withdraw = (userId: string) =>
    withdrawApplication(memory, {
      userId,
      applicationId: ids.get(userId) ?? '',
      request: request(`withdraw-${userId}`),
      actor: `user:${userId}`,
      now: NOW,
    });
  const withdrawn: string[] = [];
  for (let jobId = sent.shift(); jobId !== undefined; jobId = sent.shift()) {
    let slices = 3;
    const run = runJob(
      {
        store: memory,
        queue,
        hasTime: () => (slices -= 1) > 0,
        now: () => new Date(NOW),
        runSlice: async (job) => {
          const task: RefundProjectTask | null =
            job.task.kind === 'refund_project' ? job.task : null;
          invariant(task, 'the job is of this kind');
          // Users of this slice and of those to come withdraw while it is at work.
          const racers = USERS.filter((_, index) => index % 170 === (job.progress.done + 45) % 170);
          const [slice, ...outcomes] = await Promise.all([
            refundNextApplications({ ledger: dying, applications }, { job, task, now: NOW }),
            ...racers.map(withdraw),
          ]);
          withdrawn.push(...racers.filter((_, index) => outcomes[index]?.kind === 'withdrawn'));
          return slice;
        },
      },
      jobId,
    );
    // A message whose run failed comes again.
    await run.catch(() => sent.push(jobId));
  }

  expect(cuts).toBeGreaterThan(2);
  expect(withdrawn.length).toBeGreaterThan(10);
  const state = await loadCancelled(memory, PROJECT);
  expect(state?.job).toMatchObject({ state: 'done', progress: { total: 500, done: 500 } });
  for (const userId of USERS) {
    const head = await memory.loadHead({ userId, creditType: 'general' });
    const entries = await memory.loadEntries(userId);
    expect(verify(head, entries)).toEqual([]);
    expect(head.balance).toBe(2);
    expect(entries.filter(({ type }) => type === 'refund')).toHaveLength(1);
  }
});
