import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditWrite } from '#lib/admin/audit-record';
import type { AuditQuery } from '#lib/ports';
import { createAuditStore } from '#lib/store/audit-store';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

// One record every five days over ten months, of three admins on seven users.
const COUNT = 60;
const START_MS = Date.parse('2026-02-01T00:00:00.000Z');
const timeOf = (index: number) => new Date(START_MS + index * 5 * 86_400_000).toISOString();
const acts = Array.from({ length: COUNT }, (_, index) => ({
  at: timeOf(index),
  actor: `admin:a${index % 3}`,
  userId: index % 5 === 0 ? null : `u${index % 7}`,
  action: index % 2 === 0 ? 'adjustCredits' : 'changePackage',
  requestId: `req-${index}`,
}));
type Act = (typeof acts)[number];

let test: TestLedger;
let store: ReturnType<typeof createAuditStore>;
beforeAll(async () => {
  test = await openTestLedger();
  store = createAuditStore(test.table);
  for (const { action, userId, ...context } of acts) {
    const write = auditWrite({ ...context, groups: [], sourceIp: null }, { action, userId });
    await test.ledger.write([write]);
  }
});
afterAll(async () => {
  await test.close();
});

const now = timeOf(COUNT);
const all = { now, after: null, offset: 0, limit: 100 };

async function walk(query: Partial<AuditQuery>, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < 100; page += 1) {
    const answer = await store.page({ ...all, ...query, limit, after });
    ids.push(...answer.records.map(({ requestId }) => requestId));
    after = answer.next;
    if (after === null) return ids;
  }
  throw new Error('the list has no end');
}

function expected(holds: (act: Act) => boolean): readonly string[] {
  return acts
    .filter(holds)
    .map(({ requestId }) => requestId)
    .toReversed();
}

const cases: readonly (readonly [string, Partial<AuditQuery>, (act: Act) => boolean])[] = [
  ['of everybody', {}, () => true],
  ['of one actor', { actor: 'admin:a1' }, ({ actor }) => actor === 'admin:a1'],
  ['on one user', { userId: 'u3' }, ({ userId }) => userId === 'u3'],
  ['of one kind', { action: 'changePackage' }, ({ action }) => action === 'changePackage'],
  [
    'of one actor, kind and outcome',
    { actor: 'admin:a2', action: 'adjustCredits', outcome: 'done' },
    ({ actor, action }) => actor === 'admin:a2' && action === 'adjustCredits',
  ],
  ['that were refused', { outcome: 'refused' }, () => false],
  [
    'of a period, its end excluded',
    { from: timeOf(10), to: timeOf(40) },
    ({ at }) => at >= timeOf(10) && at < timeOf(40),
  ],
  ['of a period that ends before it begins', { from: timeOf(40), to: timeOf(10) }, () => false],
  [
    'of a period on one user',
    { userId: 'u2', from: timeOf(3), to: timeOf(31) },
    ({ at, userId }) => userId === 'u2' && at >= timeOf(3) && at < timeOf(31),
  ],
];

describe('the audit shows newest first what was done', () => {
  it.each(cases)(
    '%s, whole and once, whatever the size of the pages',
    async (_of, query, holds) => {
      const wanted = expected(holds);
      for (const limit of [1, 7, 100]) expect(await walk(query, limit)).toEqual(wanted);
    },
  );

  it('by page number as well', async () => {
    const second = await store.page({ ...all, offset: 7, limit: 7 });
    expect(second.records.map(({ requestId }) => requestId)).toEqual(
      expected(() => true).slice(7, 14),
    );
  });
});

it('finds the few of a kind among hundreds, each once', async () => {
  const writes = Array.from({ length: 600 }, (_, index) => {
    const at = new Date(START_MS + index * 1_000).toISOString();
    const context = {
      actor: 'admin:busy',
      groups: [],
      sourceIp: null,
      requestId: `busy-${index}`,
      at,
    };
    return auditWrite(context, { action: index % 50 === 0 ? 'rare' : 'often' });
  });
  for (let first = 0; first < writes.length; first += 100) {
    const [write, ...others] = writes.slice(first, first + 100);
    if (write) await test.ledger.write([write, ...others]);
  }
  const wanted = Array.from({ length: 12 }, (_, index) => `busy-${index * 50}`).toReversed();
  for (const limit of [1, 5, 100]) {
    expect(await walk({ actor: 'admin:busy', action: 'rare' }, limit)).toEqual(wanted);
  }
});

it('costs a bounded number of queries where a filter finds little, and goes on from there', async () => {
  // Seventy years of empty months.
  const { cost, result } = await test.measure(() =>
    store.page({ ...all, now: '2099-01-01T00:00:00.000Z', limit: 10 }),
  );
  expect(cost.calls).toHaveLength(40);
  expect(result).toMatchObject({ records: [] });
  expect(result.next).not.toBeNull();
});
