import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminProjectRoutes } from '#lib/contract/routes/admin-projects';
import { applicationRoutes } from '#lib/contract/routes/applications';
import type { LedgerStore } from '#lib/ports';
import { createLedgerStore } from '#lib/store/ledger-store';
import { queryAll } from '#lib/store/read';
import { recordFromItem } from '#lib/store/records';
import { createTableClient } from '#lib/store/table';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { openOffice } from '#tests/functions/admin/office';
import { openDesk } from '#tests/functions/applications/desk';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { type JobBench, openJobBench } from '#tests/jobs/job-bench';
import { addWork, spendWork } from '#tests/support/ledger';

const { getProjectRefund, refundProject } = adminProjectRoutes;
const { applyToProject, getApplication, withdrawApplication } = applicationRoutes;

/** On the table; 500 of them in memory are in tests/applications/refund-project.test.ts. */
const APPLICATIONS = Number(process.env['APPLICATIONS'] ?? 45);
const TEN_DAYS_MS = 10 * 86_400_000;

let bench: JobBench;
let desk: ReturnType<typeof openDesk>;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  bench = await openJobBench();
  desk = openDesk(bench);
  office = openOffice(bench, { jobQueue: bench.queue });
  bench.setNow(NOW);
});
afterAll(() => bench.close());

async function applied(user: string, projectId: string): Promise<string> {
  const wallet = { userId: user, creditType: 'general' };
  await bench.ledger.run(addWork({ wallet, amount: 3, cause: `for ${projectId}`, now: NOW }));
  const body = { project_id: projectId };
  const answer = await desk.call(applyToProject, user, { body });
  return bodyOf(applyToProject, 201, answer).application_id;
}

async function applyAll(prefix: string, count: number, projectId: string) {
  const users = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const ids: string[] = [];
  for (let start = 0; start < count; start += 25) {
    const some = users.slice(start, start + 25);
    ids.push(...(await Promise.all(some.map((user) => applied(user, projectId)))));
  }
  return users.map((user, index) => ({ user, id: ids[index] ?? '' }));
}

const cancel = (projectId: string, request: { key?: string; body?: object } = {}) =>
  office.call(refundProject, {
    params: { projectId },
    ...(request.body && { body: request.body }),
    ...(request.key !== undefined && { headers: { 'idempotency-key': request.key } }),
  });
const stateOf = async (projectId: string) =>
  bodyOf(getProjectRefund, 200, await office.call(getProjectRefund, { params: { projectId } }));
const refundsOf = async (user: string) =>
  (await bench.ledger.loadEntries(user)).filter(({ type }) => type === 'refund');
const balanceOf = async (userId: string) =>
  (await bench.ledger.loadHead({ userId, creditType: 'general' })).balance;

async function expectRefundedOnce(users: readonly string[]): Promise<void> {
  const wrong: string[] = [];
  for (const user of users) {
    const [refund, ...more] = await refundsOf(user);
    if (refund?.amount !== 1 || more.length > 0 || (await balanceOf(user)) !== 3) wrong.push(user);
  }
  expect(wrong).toEqual([]);
}

test(`a cancelled project with ${APPLICATIONS} applications refunds each once, though its job is cut off again and again, however old they are`, async () => {
  const all = await applyAll('many', APPLICATIONS, 'p-many');
  bench.setNow(new Date(Date.parse(NOW) + TEN_DAYS_MS).toISOString());
  const answer = await cancel('p-many', { key: 'key', body: { reason: 'The client left' } });
  expect(bodyOf(refundProject, 202, answer)).toMatchObject({
    project_id: 'p-many',
    reason: 'The client left',
    job: { state: 'queued', progress: { total: null, done: 0 } },
  });
  // Two runs that are cut off, each in the middle of a slice: what they did stands, what they would have said is lost.
  for (const commits of [7, 31]) {
    expect(await bench.deliver({ ledger: dyingAfter(bench.ledger, commits) })).toBe(false);
    bench.messages.push(JSON.stringify({ job_id: (await stateOf('p-many')).job.job_id }));
  }
  await bench.drain();
  expect((await stateOf('p-many')).job).toMatchObject({
    state: 'done',
    progress: { total: APPLICATIONS, done: APPLICATIONS, refused: 0 },
  });
  await expectRefundedOnce(all.map(({ user }) => user));
  const { user, id } = all.at(-1) ?? { user: '', id: '' };
  const one = await desk.call(getApplication, user, { params: { id } });
  expect(bodyOf(getApplication, 200, one)).toMatchObject({
    status: 'cancelled',
    credits_refunded: 1,
  });
  const [refund] = await refundsOf(user);
  expect(refund).toMatchObject({ actor: 'admin:admin-1', description: 'Project p-many cancelled' });
  bench.setNow(NOW);
});

describe('cancelling', () => {
  test('refuses new applications at once, and charges nobody', async () => {
    await cancel('p-closed');
    const wallet = { userId: 'late', creditType: 'general' };
    await bench.ledger.run(addWork({ wallet, amount: 3, cause: 'x', now: NOW }));
    const answer = await desk.call(applyToProject, 'late', { body: { project_id: 'p-closed' } });
    expect(codeOf(answer)).toBe('PROJECT_CANCELLED');
    expect(await balanceOf('late')).toBe(3);
    await bench.drain();
  });

  test('between the decision and the commit of an application refuses it: none is paid and forgotten', async () => {
    const client = createTableClient(bench.config);
    let between = async (): Promise<void> => {
      between = async () => undefined;
      await cancel('p-race');
      await bench.drain();
    };
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context['commandName'] === 'TransactWriteItemsCommand') await between();
        return next(args);
      },
      { step: 'initialize' },
    );
    const slow = openDesk(bench, { ledger: createLedgerStore({ ...bench.table, client }) });
    const wallet = { userId: 'racing', creditType: 'general' };
    await bench.ledger.run(addWork({ wallet, amount: 3, cause: 'x', now: NOW }));
    const answer = await slow.call(applyToProject, 'racing', { body: { project_id: 'p-race' } });
    expect(codeOf(answer)).toBe('PROJECT_CANCELLED');
    expect((await stateOf('p-race')).job).toMatchObject({ state: 'done', progress: { done: 0 } });
    expect(await balanceOf('racing')).toBe(3);
  });

  test('races withdrawals: each application is refunded once', async () => {
    const all = await applyAll('torn', 20, 'p-torn');
    await cancel('p-torn');
    const withdrawals = all.map(({ user, id }) =>
      desk.call(withdrawApplication, user, { params: { id } }),
    );
    const [, ...answers] = await Promise.all([bench.drain(), ...withdrawals]);
    await expectRefundedOnce(all.map(({ user }) => user));
    const lost = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(new Set(lost.map(codeOf))).toEqual(
      new Set(lost.length > 0 ? ['APPLICATION_CLOSED'] : []),
    );
    const { done, refused } = (await stateOf('p-torn')).job.progress;
    expect([done, refused]).toEqual([20, answers.length - lost.length]);
    const proof = await verifyWallets(bench.ledger, 'torn-0');
    expect(proof.flatMap(({ problems }) => problems)).toEqual([]);
  });

  test('again is the same job, whoever asks; the same key for another project is refused', async () => {
    const first = await cancel('p-again', { key: 'again' });
    const replay = await cancel('p-again', { key: 'again' });
    expect(replay.headers?.['idempotent-replayed']).toBe('true');
    const other = bodyOf(refundProject, 202, await cancel('p-again', { body: { reason: 'x' } }));
    expect(other).toEqual(bodyOf(refundProject, 202, first));
    expect(codeOf(await cancel('p-other', { key: 'again' }))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(bench.messages).toHaveLength(1);
    await bench.drain();
    const items = await queryAll(bench.table, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `AUDIT#${NOW.slice(0, 7)}` },
    });
    const about = items.map((item) => recordFromItem('audit', item).value.target?.id);
    expect(about.filter((id) => id === 'p-again')).toHaveLength(1);
  });

  test('again tries again for whoever had no room for their credits, and gives them back once', async () => {
    const wallet = { userId: 'full', creditType: 'general' };
    const give = (n: number) => {
      const expiresAt = new Date(Date.parse(NOW) + (n + 1) * 86_400_000).toISOString();
      return bench.ledger.run(
        addWork({ wallet, amount: 1, cause: `gift ${n}`, now: NOW, expiresAt }),
      );
    };
    for (let n = 0; n < 40; n += 1) await give(n);
    const body = { project_id: 'p-full' };
    const answer = await desk.call(applyToProject, 'full', { body });
    expect(answer.statusCode).toBe(201);
    // Its grant is used up, and another one has its place.
    await give(40);
    await cancel('p-full', { key: 'first' });
    await bench.drain();
    expect((await stateOf('p-full')).job.progress).toEqual({ total: 1, done: 1, refused: 1 });
    expect(await refundsOf('full')).toEqual([]);

    await bench.ledger.run(spendWork({ wallet, amount: 1, cause: 'room', now: NOW }));
    for (const key of ['second', 'second', 'third']) {
      await cancel('p-full', { key });
      await bench.drain();
    }
    expect((await refundsOf('full')).map(({ amount }) => amount)).toEqual([1]);
    expect(await balanceOf('full')).toBe(40);
  });

  test('is for those who may refund; a project that nobody cancelled is not there', async () => {
    const support = openOffice(bench, { group: 'support' });
    const params = { projectId: 'p-open' };
    expect(codeOf(await support.call(refundProject, { params }))).toBe('FORBIDDEN');
    expect(codeOf(await support.call(getProjectRefund, { params }))).toBe('NOT_FOUND');
  });
});

/** A store whose function is cut off after so many commits. */
function dyingAfter(ledger: LedgerStore, commits: number): LedgerStore {
  let left = commits;
  const die = () => Promise.reject(new Error('the function was cut off'));
  return {
    ...ledger,
    run: (work) => ((left -= 1) < 0 ? die() : ledger.run(work)),
    write: (writes) => (left < 0 ? die() : ledger.write(writes)),
  };
}
