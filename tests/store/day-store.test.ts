import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Entry } from '#lib/ledger/entry';
import { add } from '#lib/ledger/inflow';
import { spend } from '#lib/ledger/spend';
import { emptyHead } from '#lib/ledger/wallet';
import type { DayQuery, DayStore } from '#lib/ports';
import { createDayStore, entriesPerShard } from '#lib/store/day-store';
import { entryToItem } from '#lib/store/items';
import { shardOf, SHARDS } from '#lib/store/keys';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const WALLETS = 25;
const SPENDS = 10;
const DAY = '2026-11-20T00:00:00.000Z';
const NEXT_DAY = '2026-11-21T00:00:00.000Z';

let store: TestLedger;
let days: DayStore;
let all: readonly Entry[];
beforeAll(async () => {
  store = await openTestLedger();
  days = createDayStore(store.table);
  all = [...makeEntries(), ...makeSkewed()].toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  const puts = all.map((entry) => ({ PutRequest: { Item: entryToItem(entry) } }));
  for (let start = 0; start < puts.length; start += 25) {
    const batch = { [store.table.name]: puts.slice(start, start + 25) };
    await store.documents.send(new BatchWriteCommand({ RequestItems: batch }));
  }
});
afterAll(() => store.close());

const ranges = [
  { name: 'a day', from: DAY, to: NEXT_DAY, limits: [30, 100, 1_000] },
  { name: 'an hour', from: iso(3), to: iso(4), limits: [1, 7, 100] },
  { name: 'hours of which one shard holds nearly all', from: iso(8), to: iso(20), limits: [16] },
  { name: 'an empty hour', from: iso(23), to: NEXT_DAY, limits: [100] },
];
const cases = ranges.flatMap((range) =>
  range.limits.flatMap((limit) =>
    [false, true].map((newestFirst) => ({ ...range, limit, newestFirst })),
  ),
);

test.each(cases)(
  'pages of $limit show every entry of $name once and in order, newest first $newestFirst',
  async ({ from, to, limit, newestFirst }) => {
    const read = await readAll({ from, to, limit, newestFirst });
    const expected = all.filter((entry) => entry.createdAt >= from && entry.createdAt < to);
    expect(read.map(place)).toEqual((newestFirst ? expected.toReversed() : expected).map(place));
    expect(read).toEqual(newestFirst ? expected.toReversed() : expected);
  },
);

test('a page reads no more of each shard than its share, whatever the day holds', async () => {
  const query: DayQuery = { from: DAY, to: NEXT_DAY, after: null, limit: 80 };
  const { result, cost } = await store.measure(() => days.page(query));
  expect(result.entries.length).toBeGreaterThan(40);
  expect(cost.calls).toEqual(Array.from({ length: SHARDS }, () => 'Query'));
  // Items below 1 KB, read with eventual consistency.
  expect(cost.readUnits).toBeLessThan((SHARDS * entriesPerShard(80)) / 8 + SHARDS);
});

async function readAll(query: Omit<DayQuery, 'after'>): Promise<Entry[]> {
  const read: Entry[] = [];
  let after: string | null = null;
  do {
    const page = await days.page({ ...query, after });
    expect(page.entries.length).toBeLessThanOrEqual(query.limit);
    read.push(...page.entries);
    after = page.next;
  } while (after !== null);
  return read;
}

/** Spends of which only every twentieth is in another shard than the first: pages that trust the others would miss some. */
function makeSkewed(): Entry[] {
  const spends = makeWallet('skewed', { from: iso(8), steps: 400, everyMs: 60_000 });
  return spends.filter((entry, index) => shardOf(entry.id) === 0 || index % 20 === 0);
}

/** Many wallets that do the same at the same instants, so that ids alone tell their entries apart. */
function makeEntries(): Entry[] {
  return Array.from({ length: WALLETS }, (_, wallet) =>
    makeWallet(`user_${wallet}`, { from: DAY, steps: SPENDS, everyMs: 1_800_000 }),
  ).flat();
}

function makeWallet(
  userId: string,
  life: { readonly from: string; readonly steps: number; readonly everyMs: number },
): Entry[] {
  let head = emptyHead({ userId, creditType: 'general' });
  const made: Entry[] = [];
  for (let step = 0; step <= life.steps; step += 1) {
    const now = new Date(Date.parse(life.from) + step * life.everyMs).toISOString();
    const draft = { now, actor: 'service:test', description: 'Step', cause: `step:${step}` };
    const terms = { category: 'promotional', priority: 0, expiresAt: null } as const;
    const decision =
      step === 0
        ? add(head, { ...draft, ...terms, type: 'bonus', amount: 1_000 })
        : spend(head, { ...draft, amount: 1, caps: [] });
    if (!decision.ok) throw new Error(decision.refusal.code);
    head = decision.head;
    made.push(...decision.entries);
  }
  return made;
}

/** An hour of the day. */
function iso(hour: number): string {
  return new Date(Date.parse(DAY) + hour * 3_600_000).toISOString();
}

function place(entry: Entry): string {
  return `${entry.createdAt}#${entry.id}`;
}
