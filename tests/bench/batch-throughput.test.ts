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

test('sixteen clients get many more spends out of one wallet in batches', async () => {
  const backend = openBackend(store);
  const params = { userId: 'hot' };
  const spend = (key: string) => ({
    amount: 1,
    description: 'Enrich a lead',
    idempotency_key: key,
  });
  await backend.call(serviceRoutes.addCredits, {
    params,
    body: { amount: 100_000, description: 'Start' },
  });
  const throughput = await measureBatchThroughput(
    {
      single: async (key) => {
        const body = { amount: 1, description: 'Enrich a lead' };
        const { status } = await backend.call(serviceRoutes.deductCredits, { params, body, key });
        return status === 201 ? 1 : 0;
      },
      batch: async (keys) => {
        const body = { spends: keys.map(spend) };
        const { status } = await backend.call(transferRoutes.deductBatch, { params, body });
        return status === 201 ? keys.length : 0;
      },
    },
    { clients: 16, windowMs: 1_500, batchSize: 40 },
  );
  console.log(describeThroughput(throughput));
  // Ten times and more on a quiet machine; on a busy one the few batches of such a short time scatter.
  expect(throughput.ratio).toBeGreaterThan(2);
});
