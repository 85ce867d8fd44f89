import { afterAll, beforeAll, expect, it } from 'vitest';
import { runBatch } from '#functions/jobs/run-batch';
import { adminReconciliationRoutes as routes } from '#lib/contract/routes/admin-reconciliation';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { type JobBench, openJobBench } from '#tests/jobs/job-bench';
import { checkoutEventOf, purchaseOf, refundEventOf } from '#tests/purchases/purchase-builders';

/** Stripe has a payment and a part of it given back, of which no event told; Razorpay is not set up. */
const stripe: ProviderRecords = {
  provider: 'stripe',
  listRecords: async () => ({
    translations: [
      { kind: 'event', event: checkoutEventOf() },
      { kind: 'event', event: refundEventOf({ amountMinor: 500 }) },
    ],
    problems: [],
  }),
  findSession: async () => ({ kind: 'unknown', detail: 'nobody asks' }),
};

let bench: JobBench;
beforeAll(async () => {
  bench = await openJobBench({
    records: async (provider) => (provider === 'stripe' ? stripe : null),
  });
  const session = { id: 'cs_test_1', url: null, expiresAt: null };
  await bench.ledger.write([
    {
      record: 'purchase',
      id: { purchaseId: 'pur_1' },
      value: purchaseOf({ session }),
      version: null,
    },
    {
      record: 'paymentReference',
      id: { provider: 'stripe', ref: session.id },
      value: { purchaseId: 'pur_1' },
      version: null,
    },
  ]);
});
afterAll(() => bench.close());

function start(key: string, group = 'finance') {
  const office = openOffice(bench, { group, jobQueue: bench.queue });
  return office.call(routes.startReconciliation, { headers: { 'idempotency-key': key } });
}

async function jobOf(id: string) {
  const office = openOffice(bench);
  return bodyOf(
    routes.getReconciliationJob,
    200,
    await office.call(routes.getReconciliationJob, { params: { job_id: id } }),
  );
}

it('is for those who may refund', async () => {
  expect(codeOf(await start('support', 'support'))).toBe('FORBIDDEN');
  expect(bench.messages).toEqual([]);
});

it('asked for twice at once compares twice and applies what was missed once', async () => {
  const started = await Promise.all([start('one'), start('two')]);
  const jobs = started.map((answer) => bodyOf(routes.startReconciliation, 202, answer));
  expect(jobs.map(({ state }) => state)).toEqual(['queued', 'queued']);
  expect(started[0].headers?.['location']).toBe(
    `/admin/credits/reconciliation/${jobs[0]?.job_id ?? ''}`,
  );
  // The queue may bring a message twice, too.
  const bodies = [...bench.messages, ...bench.messages];
  const runs = bodies.map((body, index) =>
    runBatch(bench.deps, {
      records: [{ messageId: `${index}`, body }],
      remainingMs: () => 300_000,
    }),
  );
  const answers = await Promise.all(runs);
  expect(answers.flatMap(({ batchItemFailures }) => batchItemFailures)).toEqual([]);

  for (const { job_id } of jobs) {
    expect(await jobOf(job_id)).toMatchObject({
      state: 'done',
      progress: { total: 2, done: 2, refused: 1 },
      created_by: 'admin:admin-1',
    });
  }
  const entries = await bench.ledger.loadEntries('user-1');
  expect(entries.map(({ type }) => type)).toEqual(['purchase', 'reversal']);
  const head = await bench.ledger.loadHead({ userId: 'user-1', creditType: 'general' });
  expect(head.balance).toBe(50);

  const seen = await openOffice(bench).call(routes.getReconciliation, {});
  const { reconciliations } = bodyOf(routes.getReconciliation, 200, seen);
  expect(reconciliations[0]).toMatchObject({ provider: 'stripe', checked: 2 });
});

it('asked for again with its key is the same comparison', async () => {
  const first = await start('again');
  const second = await start('again');
  expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true' });
  expect(bodyOf(routes.startReconciliation, 202, second).job_id).toBe(
    bodyOf(routes.startReconciliation, 202, first).job_id,
  );
});

it('is not found under the id of another thing', async () => {
  const office = openOffice(bench);
  const answer = await office.call(routes.getReconciliationJob, { params: { job_id: 'job_none' } });
  expect(codeOf(answer)).toBe('NOT_FOUND');
});
