import { afterAll, beforeAll, expect, test } from 'vitest';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { describeThroughput, measureBatchThroughput } from '#tests/bench/batch-throughput';
import { openBackend } from '#tests/functions/service/backend';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

test('sixteen clients ask the table a tenth as often for each spend of one wallet when they batch', async () => {
  const backend = openBackend(store);
  const params = { userId: 'hot' };
  const text = { amount: 1, description: 'Enrich a lead' };
  await backend.call(serviceRoutes.addCredits, { params, body: { ...text, amount: 10_000 } });
  const counts = { single: { calls: 0, spends: 0 }, batch: { calls: 0, spends: 0 } };
  let phase = counts.single;
  const stop = store.dynamo.onCall(() => (phase.calls += 1));
  const throughput = await measureBatchThroughput(
    {
      single: async (key) => {
        const { status } = await backend.call(serviceRoutes.deductCredits, {
          params,
          body: text,
          key,
        });
        return acknowledge(counts.single, status === 201 ? 1 : 0);
      },
      batch: async (keys) => {
        phase = counts.batch;
        const spends = keys.map((key) => ({ ...text, idempotency_key: key }));
        const body = { spends };
        const { status } = await backend.call(transferRoutes.deductBatch, { params, body });
        return acknowledge(counts.batch, status === 201 ? keys.length : 0);
      },
    },
    { clients: 16, requestsEach: 2, batchSize: 40 },
  );
  stop();
  // Seconds are the machine's, and shown; what the design owes is how much work a spend is, lost races included.
  console.log(describeThroughput(throughput));
  expect([counts.single.spends, counts.batch.spends]).toEqual([32, 32 * 40]);
  const perSpend = ({ calls, spends }: typeof phase) => calls / spends;
  expect(perSpend(counts.single) / perSpend(counts.batch)).toBeGreaterThanOrEqual(10);
});

function acknowledge(count: { spends: number }, spends: number): number {
  count.spends += spends;
  return spends;
}
