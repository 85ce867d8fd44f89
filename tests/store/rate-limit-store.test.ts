import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { bucketMs } from '#lib/limits/token-bucket';
import type { RateLimitStore } from '#lib/ports';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { openTestLedger, NOW, type TestLedger } from '#tests/support/ledger';

const limit = { bucket: 'test', capacity: 10, perMinute: 6 };

let tested: TestLedger;
let store: RateLimitStore;
beforeAll(async () => {
  tested = await openTestLedger();
  store = createRateLimitStore(tested.table);
});
afterAll(() => tested.close());

const later = (ms: number) => new Date(Date.parse(NOW) + ms).toISOString();
const take = (id: string, now = NOW) => store.take({ principal: { kind: 'user', id }, limit, now });

test('64 requests at once get exactly the capacity, whether the bucket is new or in use', async () => {
  for (const [id, before] of [
    ['racer-1', 0],
    ['racer-2', 3],
  ] as const) {
    for (let taken = 0; taken < before; taken += 1) await take(id);
    const all = await Promise.all(Array.from({ length: 64 }, () => take(id)));
    expect(all.filter(({ admitted }) => admitted)).toHaveLength(limit.capacity - before);
  }
});

test('tokens come back at the rate, never more than the capacity, and each caller has an own bucket', async () => {
  for (let taken = 0; taken < limit.capacity; taken += 1) await take('patient');
  expect(await take('patient')).toEqual({
    admitted: false,
    remaining: 0,
    retryInMs: 10_000,
    fullInMs: 100_000,
  });
  expect(await take('patient', later(9_999))).toMatchObject({ admitted: false, retryInMs: 1 });
  expect(await take('patient', later(10_000))).toMatchObject({ admitted: true, remaining: 0 });
  expect(await take('patient', later(10_000))).toMatchObject({ admitted: false });
  expect(await take('somebody-else')).toMatchObject({ admitted: true, remaining: 9 });
  const week = later(7 * 86_400_000);
  expect(await take('patient', week)).toMatchObject({ admitted: true, remaining: 9 });
});

test('a request costs one write, one more where the bucket is in use, and a refusal one that fails', async () => {
  const costOf = async () => (await tested.measure(() => take('counted'))).cost.calls;
  expect(await costOf()).toEqual(['UpdateItem']);
  for (let taken = 1; taken < limit.capacity; taken += 1) {
    expect(await costOf()).toEqual(['UpdateItem', 'UpdateItem']);
  }
  expect(await costOf()).toEqual(['UpdateItem']);
});

test('a bucket is forgotten once it is full again, and not before', async () => {
  await take('forgotten');
  const { Item } = await tested.documents.send(
    new GetCommand({ TableName: tested.tableName, Key: { pk: 'RATE#user#forgotten', sk: 'test' } }),
  );
  const { ttl } = z.object({ ttl: z.number() }).parse(Item);
  expect(ttl * 1_000).toBeGreaterThanOrEqual(Date.parse(NOW) + bucketMs(limit) / limit.capacity);
  expect(ttl * 1_000).toBeLessThan(Date.parse(NOW) + bucketMs(limit) + 61_000);
});
