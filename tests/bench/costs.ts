import * as z from 'zod';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { eventsOf } from '#tests/bench/events';
import type { Bed, Variant } from '#tests/bench/variants';
import { openBackend } from '#tests/functions/service/backend';
import { testRuntime } from '#tests/http/events';

/** What an operation asks of the table. */
export interface Cost {
  readonly name: string;
  readonly calls: number;
  readonly read: number;
  readonly write: number;
}

/**
 * On demand, us-east-1, since November 2024: AWS Database Blog, "New Amazon DynamoDB lowers pricing for on-demand
 * throughput". A million of each.
 */
const DOLLARS_PER_WRITE_UNIT = 0.625;
const DOLLARS_PER_READ_UNIT = 0.125;

/** List price of the table's part of a million such operations. */
export function dollarsPerMillion({ read, write }: Pick<Cost, 'read' | 'write'>): number {
  return read * DOLLARS_PER_READ_UNIT + write * DOLLARS_PER_WRITE_UNIT;
}

const recordsSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      attributes: z.object({ ApproximateReceiveCount: z.string() }),
    }),
  ),
});

/** Round trips and units of what the service does most, counted at the table; the same in every run. */
export async function countCosts({ store, issuer }: Bed): Promise<readonly Cost[]> {
  const backend = openBackend(store);
  const params = { userId: 'counted' };
  const add = { amount: 1_000, description: 'Welcome' };
  const deduct = { amount: 1, description: 'Enrich a lead' };
  const count = async (name: string, act: () => Promise<unknown>): Promise<Cost> => {
    const { cost } = await store.measure(act);
    return { name, calls: cost.calls.length, read: cost.readUnits, write: cost.writeUnits };
  };
  const spend = (key: string, amount = 1) =>
    backend.call(serviceRoutes.deductCredits, { params, body: { ...deduct, amount }, key });
  await backend.call(serviceRoutes.addCredits, { params, body: add });
  await spend('first');
  const payments = await eventsOf('fulfill', { store, issuer, run: 0, count: 2 });
  const fulfill = (event: unknown) =>
    fulfillBatch(
      {
        store: store.ledger,
        history: store.history,
        livemode: false,
        now: () => new Date('2026-11-20T12:00:00.000Z'),
        count: () => undefined,
        log: testRuntime().log,
      },
      recordsSchema.parse(event).Records,
    );
  const batch = Array.from({ length: 40 }, (_, n) => ({ ...deduct, idempotency_key: `b-${n}` }));
  return [
    await count('spend', () => spend('second')),
    await count('the same spend again (replay)', () => spend('second')),
    await count('a spend beyond the balance (refusal)', () => spend('third', 1_000_000)),
    await count('40 spends in one batch', () =>
      backend.call(transferRoutes.deductBatch, { params, body: { spends: batch } }),
    ),
    await count('balance', () => store.ledger.loadHead({ ...params, creditType: 'general' })),
    await count('page of 20 of a history', () =>
      store.history.page({ wallet: { ...params, creditType: 'general' }, offset: 0, limit: 20 }),
    ),
    await count('purchase fulfilled', () => fulfill(payments[0])),
    await count('its webhook again', () => fulfill(payments[0])),
  ];
}

/** What one spend of a variant asks of the table: what ten more of them add, so that whatever prepares them is left out. */
export async function countVariant(bed: Bed, variant: Variant, name: string): Promise<Cost> {
  const costOf = async (calls: number) => {
    const run = { variant, operation: 'spend', warmUp: 0, calls } as const;
    return (await bed.store.measure(() => bed.run(run))).cost;
  };
  const few = await costOf(0);
  const more = await costOf(MORE);
  return {
    name,
    calls: (more.calls.length - few.calls.length) / MORE,
    read: (more.readUnits - few.readUnits) / MORE,
    write: (more.writeUnits - few.writeUnits) / MORE,
  };
}
const MORE = 10;
