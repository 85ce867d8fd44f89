import { afterAll, beforeAll, expect, it } from 'vitest';
import { reconcileProvider } from '#lib/http/reconcile-provider';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { createReconciliationStore } from '#lib/store/reconciliation-store';
import { keptLog } from '#tests/support/kept-log';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

async function reconcile(listRecords: ProviderRecords['listRecords'] | null) {
  const { log, lines } = keptLog();
  const counted: string[] = [];
  const run = reconcileProvider(
    {
      ledger: test.ledger,
      recent: createRecentPurchaseStore(test.table),
      records: async () =>
        listRecords && {
          provider: 'stripe',
          listRecords,
          findSession: async () => ({ kind: 'absent' }),
        },
      now: () => new Date(NOW),
      count: (name) => counted.push(name),
      log,
    },
    'stripe',
  );
  const [outcome] = await Promise.allSettled([run]);
  const said = lines.map(({ fields, level, message }) => [level, message, fields.reason ?? null]);
  return { counted, outcome: outcome.status, said };
}

it('says once that a provider without keys is left out, and alarms nobody', async () => {
  expect(await reconcile(null)).toEqual({
    counted: [],
    outcome: 'fulfilled',
    said: [['info', 'reconciliation leaves out a provider that is not set up', null]],
  });
});

it('says that it is done, and alarms nobody, where all was seen', async () => {
  expect(await reconcile(async () => ({ translations: [], problems: [] }))).toEqual({
    counted: [],
    outcome: 'fulfilled',
    said: [['info', 'reconciliation done', null]],
  });
});

it('counts a run that stopped short, and says where', async () => {
  const problems = ['Stripe’s refunds: 500', 'Stripe’s disputes: 500'];
  expect(await reconcile(async () => ({ translations: [], problems }))).toEqual({
    counted: ['ReconciliationIncomplete'],
    outcome: 'fulfilled',
    said: [
      ['warn', 'reconciliation is not complete', 'Stripe’s refunds: 500'],
      ['warn', 'reconciliation is not complete', 'Stripe’s disputes: 500'],
      ['info', 'reconciliation done', null],
    ],
  });
  const [report] = await createReconciliationStore(test.table).latest({
    provider: 'stripe',
    limit: 1,
  });
  expect(report).toMatchObject({ at: NOW });
});

it('counts a run that failed, and passes on why', async () => {
  const failing = async (): Promise<never> => {
    throw new Error('the table is away');
  };
  expect(await reconcile(failing)).toEqual({
    counted: ['ReconciliationIncomplete'],
    outcome: 'rejected',
    said: [],
  });
});
