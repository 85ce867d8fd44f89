import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bed, openBed, type Variant } from '#tests/bench/variants';

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.close());

const variants = ['service', 'bare-sdk', 'hand-signed', 'idempotency-wrapper'] as const;

test.each(variants)(
  'a spend by %s leaves the histories that others read as they are',
  async (variant: Variant) => {
    const sample = { userId: 'sample', creditType: 'general' };
    const page = async () =>
      (await bed.store.history.page({ wallet: sample, offset: 0, limit: 100 })).entries;
    const before = await page();
    const figures = await bed.run({ variant, operation: 'spend', warmUp: 1, calls: 2 });
    expect(figures.each).toBeGreaterThan(0);
    expect(await page()).toEqual(before);
  },
);

// Exact counts: a library that starts to load more of Node makes every cold start longer.
test('the spend’s bundle loads few of Node’s own modules', async () => {
  const run = { operation: 'spend', warmUp: 0, calls: 0 } as const;
  const service = await bed.run({ ...run, variant: 'service' });
  const floor = await bed.run({ ...run, variant: 'hand-signed' });
  expect(service.builtins - floor.builtins).toBeLessThanOrEqual(8);
});
