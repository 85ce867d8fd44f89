import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureContention } from '#tests/bench/contention';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

test('sixteen clients ask the table a tenth as often for each spend of one wallet when they batch', async () => {
  const load = { writers: 16, requestsEach: 2 };
  const single = await measureContention(store, { ...load, way: 'single' });
  const batch = await measureContention(store, { ...load, way: 'batch' });
  // Seconds are the machine's; what the design owes is how much work a spend is, lost races included.
  expect(single.calls / batch.calls).toBeGreaterThanOrEqual(10);
  // Each try is two calls at most, and none counts for more spends than were done.
  expect(single.calls).toBeLessThanOrEqual(2 * single.tries);
});

test('a wallet that nobody else writes to is written at the first try, for six units', async () => {
  const alone = await measureContention(store, { way: 'single', writers: 1, requestsEach: 5 });
  expect(alone).toMatchObject({ tries: 1, calls: 2, writeUnits: 6 });
});
