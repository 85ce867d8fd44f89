import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeSettings, settingsRefs } from '#lib/settings/change-settings';
import { DEFAULT_TIERS } from '#lib/subscriptions/tiers';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
});
afterAll(() => store.close());

/** As many features as a tier may have: some 28 KB, before and after the change. */
function largeTiers(cost: number) {
  const features = Array.from({ length: 40 }, (_, n) => ({
    feature: `feature-number-${n}`,
    credit_type: 'general',
    cost,
    overage_cost: 2,
    quotas: [
      { period: 'hour', limit: 500, overage: false },
      { period: 'day', limit: 5_000, overage: false },
      { period: 'month', limit: 50_000, overage: true },
    ],
  }));
  return DEFAULT_TIERS.map((tier) => ({ ...tier, features }));
}

test('changes of the largest tiers go on for ever, and the latest are answered again', async () => {
  const change = (n: number) =>
    changeSettings(store.ledger, {
      version: n,
      wanted: [{ key: 'tiers', value: largeTiers(n + 1) }],
      reason: null,
      cause: `request:${n}`,
      fingerprint: `${n}`,
      audit: { actor: 'admin:a', groups: [], sourceIp: null, requestId: `r${n}`, at: NOW },
    });
  for (let n = 0; n < 10; n += 1) {
    expect(await change(n)).toMatchObject({ kind: 'changed', change: { version: n + 1 } });
  }
  expect(await change(9)).toMatchObject({ kind: 'replayed', change: { version: 10 } });
  expect(await change(8)).toMatchObject({ kind: 'replayed', change: { version: 9 } });
  // What is not known any more was changed since: nothing is done again.
  expect(await change(0)).toEqual({ kind: 'stale', version: 10 });
});

test('small changes are answered again, twenty of them', async () => {
  const { version = 0 } =
    (await store.ledger.load(settingsRefs))('settingsHistory', { of: 'all' }) ?? {};
  const change = (n: number) =>
    changeSettings(store.ledger, {
      version: version + n,
      wanted: [{ key: 'signup_bonus', value: n + 2 }],
      reason: null,
      cause: `request:small-${n}`,
      fingerprint: `${n}`,
      audit: { actor: 'admin:a', groups: [], sourceIp: null, requestId: `s${n}`, at: NOW },
    });
  for (let n = 0; n < 20; n += 1) expect(await change(n)).toMatchObject({ kind: 'changed' });
  expect(await change(0)).toMatchObject({ kind: 'replayed' });
});
