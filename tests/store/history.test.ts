import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { advance } from '#lib/ledger/advance';
import { applyEntry } from '#lib/ledger/apply-entry';
import type { Decision } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { add } from '#lib/ledger/inflow';
import { replay } from '#lib/ledger/replay';
import { spend } from '#lib/ledger/spend';
import { emptyHead, type Head, type WalletRef } from '#lib/ledger/wallet';
import { checkpointToItem, isCheckpoint } from '#lib/store/checkpoints';
import { entryToItem, headToItem } from '#lib/store/items';
import {
  addWork,
  entryOf,
  openTestLedger,
  spendWork,
  type TestLedger,
} from '#tests/support/ledger';
import { loadItems } from '#tests/support/load-items';

// `npm run test:growth` makes it 100,000, which takes minutes to write and nothing more to read.
const LONG = Number(process.env['HISTORY_LENGTH'] ?? 10_000);
// Later than every generated entry.
const END = at(2 * LONG);
const small: WalletRef = { userId: 'small', creditType: 'general' };
const large: WalletRef = { userId: 'large', creditType: 'general' };

let store: TestLedger;
let entries: ReadonlyMap<string, readonly Entry[]>;
beforeAll(async () => {
  store = await openTestLedger();
  const histories = [makeHistory(small, 10), makeHistory(large, LONG)];
  for (const history of histories) await load(history);
  entries = new Map(histories.map((history) => [history.head.userId, history.entries]));
}, 600_000);
afterAll(() => store.close());

describe('cost does not grow with the history (DESIGN 11)', () => {
  const page = (wallet: WalletRef, number: number) =>
    store.measure(() => store.history.page({ wallet, offset: (number - 1) * 10, limit: 10 }));

  test(`page ${LONG / 20} of ${LONG} entries costs the same read units as page 1 of ten`, async () => {
    const first = await page(small, 1);
    const deep = await page(large, LONG / 20);
    expect(deep.result.total).toBe(LONG);
    expect(deep.result.entries.map((e) => e.seq)).toEqual(descending(LONG / 2 + 10, 10));
    expect(first.result.entries.map((e) => e.seq)).toEqual(descending(10, 10));
    expect(deep.cost.calls).toEqual(first.cost.calls);
    expect(deep.cost.readUnits).toBe(first.cost.readUnits);
  });

  test('so do the balance and a spend', async () => {
    const costs = [];
    for (const wallet of [small, large]) {
      const fill = addWork({ wallet, amount: 10, cause: 'fill', now: END });
      entryOf(await store.ledger.run(fill));
      const balance = await store.measure(() => store.ledger.loadHead(wallet));
      const work = spendWork({ wallet, amount: 1, cause: 'now', now: END });
      const spend = await store.measure(() => store.ledger.run(work));
      expect(spend.result.kind).toBe('committed');
      costs.push({ balance: balance.cost, spend: spend.cost });
    }
    expect(costs[1]).toEqual(costs[0]);
    expect(costs[0]?.spend).toMatchObject({ readUnits: 2, writeUnits: 6 });
  });

  test('the wallet as it once was is a binary search and one page, and is exact', async () => {
    const instant = at(LONG / 2 + 33);
    const { result, cost } = await store.measure(() => store.history.headAt(large, instant));
    const before = (entries.get('large') ?? []).filter((entry) => entry.createdAt <= instant);
    expect(result).toEqual(replay(emptyHead(large), before));
    // The head, the search, the checkpoint, the entries after it: a hundred of less than 1 KB.
    expect(cost.calls.length).toBeLessThanOrEqual(3 + Math.ceil(Math.log2(2 * LONG)));
    expect(cost.readUnits).toBeLessThanOrEqual(2 + Math.ceil(Math.log2(2 * LONG)) / 2 + 100 / 8);
  });

  test('a page of spends among a few other entries is found in a handful of small reads', async () => {
    const query = { wallet: large, type: 'usage', offset: LONG / 2 - 10, limit: 10 } as const;
    const { result, cost } = await store.measure(() => store.history.page(query));
    expect(result.entries.every((entry) => entry.type === 'usage')).toBe(true);
    expect(result.entries).toHaveLength(10);
    expect(cost.calls.length).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(LONG)));
  });
});

describe('every page of every filter is a slice of the whole history', () => {
  const types = [undefined, 'usage', 'bonus', 'expiry', 'promo'] as const;
  const periods = [
    {},
    { from: at(500), to: at(6_000) },
    { from: at(0), to: at(3) },
    { to: at(0) },
    { from: at(LONG), to: at(LONG + 100) },
  ];
  const cases = types.flatMap((type) => periods.map((period) => ({ type, period })));
  test.each(cases)('type $type in $period', async ({ type, period }) => {
    const { from = '', to = '~' } = period;
    const matching = (entries.get('large') ?? [])
      .filter((entry) => type === undefined || entry.type === type)
      .filter((entry) => entry.createdAt >= from && entry.createdAt < to)
      .toReversed();
    for (const offset of [0, 7, Math.max(0, matching.length - 3), matching.length + 5]) {
      // The spend of the test above is the newest entry; it is no part of the generated history.
      const limits = { to: END, ...period };
      const query = { wallet: large, ...(type && { type }), ...limits, offset, limit: 10 };
      const page = await store.history.page(query);
      expect(page.total).toBe(matching.length);
      expect(page.entries.map((e) => e.id)).toEqual(
        matching.slice(offset, offset + 10).map((e) => e.id),
      );
    }
  });

  test('the entries before some instants carry the totals of everything before them', async () => {
    const instants = [at(0), at(500), END];
    const found = await store.history.entriesBefore(large, instants);
    const all = entries.get('large') ?? [];
    expect(found).toEqual(instants.map((i) => all.findLast((e) => e.createdAt < i) ?? null));
  });
});

/** A wallet's life, made by the rules themselves: mostly spends, now and then a bonus that expires later. */
function makeHistory(wallet: WalletRef, length: number): { head: Head; entries: Entry[] } {
  let head = emptyHead(wallet);
  const made: Entry[] = [];
  const take = (decision: Decision): void => {
    if (!decision.ok) throw new Error(decision.refusal.code);
    head = decision.head;
    made.push(...decision.entries);
  };
  for (let step = 0; made.length < length; step += 1) {
    const common = { now: at(step), actor: 'service:test', description: 'Step' };
    if (step % 1_000 === 0) {
      const terms = { category: 'promotional', priority: 0, expiresAt: at(step + 900) } as const;
      take(add(head, { ...common, ...terms, cause: `bonus:${step}`, type: 'bonus', amount: 800 }));
    } else if (step % 1_000 <= 700) {
      take(spend(head, { ...common, cause: `step:${step}`, amount: 1, caps: [] }));
    } else if (step % 1_000 === 950) {
      const swept = advance(head, common.now);
      head = swept.head;
      made.push(...swept.entries);
    }
  }
  return { head, entries: made };
}

function at(step: number): string {
  return new Date(Date.UTC(2026, 0, 1) + step * 60_000).toISOString();
}

function descending(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from - index);
}

async function load(history: { head: Head; entries: readonly Entry[] }): Promise<void> {
  const checkpoints: Head[] = [];
  history.entries.reduce((head, entry) => {
    const next = applyEntry(head, entry);
    if (isCheckpoint(next.seq)) checkpoints.push(next);
    return next;
  }, emptyHead(history.head));
  const items = [
    headToItem(history.head),
    ...history.entries.map(entryToItem),
    ...checkpoints.map(checkpointToItem),
  ];
  await loadItems(store, items);
}
