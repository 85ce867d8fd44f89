import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { ExportPosition } from '#lib/exports/export-task';
import { type EntryBatch, readEntries } from '#lib/exports/read-entries';
import { renderEntries } from '#lib/http/export-resource';
import type { Entry } from '#lib/ledger/entry';
import type { DayStore } from '#lib/ports';
import type { MoneyMovement } from '#lib/purchases/money-movement';
import { differenceOf, type PeriodReport, readPeriod } from '#lib/reports/read-period';
import { rebuildRollups, rollUp, type RolledUp } from '#lib/reports/roll-up';
import { createDayStore } from '#lib/store/day-store';
import { createMoneyStore } from '#lib/store/money-store';
import { createRollupStore } from '#lib/store/rollup-store';
import { liveOn } from '#tests/reports/busy-ledger';
import { randomFrom } from '#tests/support/random';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { loadItems } from '#tests/support/load-items';
import { createMemoryLedger } from '#tests/support/memory-ledger';

// `REPORT_COMMANDS=66000 REPORT_DAYS=60` makes 50,000 entries and is the whole acceptance.
const COMMANDS = Number(process.env['REPORT_COMMANDS'] ?? 600);
const SEED = Number(process.env['REPORT_SEED'] ?? 20_261_120);
const USERS = 30;
/** A longer life is lived in memory, by the same rules and records, and put into the table as a whole. */
const COMMANDS_ON_TABLE_MAX = 5_000;
const DAYS = Number(process.env['REPORT_DAYS'] ?? 36);
const START = '2026-08-28T00:00:00.000Z';
const DAY_MS = 86_400_000;
/** In the middle of an hour of a day that has entries: the last hours are open. */
const NOW = at(DAYS - 0.02);

let store: TestLedger;
let sources: ReturnType<typeof sourcesOf>;
let entries: readonly Entry[];
let money: readonly MoneyMovement[];
let first: RolledUp;
beforeAll(async () => {
  console.info(`reports: ${COMMANDS} commands, seed ${SEED}`);
  store = await openTestLedger();
  sources = sourcesOf(store);
  const random = randomFrom(SEED);
  const life = { users: USERS, from: START, days: DAYS, commands: COMMANDS, random };
  if (COMMANDS <= COMMANDS_ON_TABLE_MAX) await liveOn(store.ledger, life);
  else {
    const memory = createMemoryLedger();
    await liveOn(memory, life);
    await loadItems(store, memory.items());
  }
  entries = await allEntries();
  money = await allMoney();
  console.info(`reports: ${entries.length} entries, ${money.length} movements of money`);
  await rebuildRollups(sources, { from: START });
  first = await runAt(NOW);
}, 1_800_000);
afterAll(() => store.close());
const LONG = { timeout: 1_800_000 };

describe('rollups', () => {
  test('reach to the last hour that is over, and every day that nothing can change is closed', () => {
    expect(first.progress).toEqual({
      startedOn: START.slice(0, 10),
      rolledTo: at(DAYS - 1 / 24),
      checkedTo: at(DAYS - 7 / 24),
      closedTo: at(DAYS - 1),
    });
    expect([first.drifted, first.incomplete]).toEqual([[], []]);
  });

  test('are identical when they are rebuilt from nothing', LONG, async () => {
    const before = await dump();
    expect(before.length).toBeGreaterThan(DAYS);
    for (const { pk, sk } of before) {
      const input = { TableName: store.table.name, Key: { pk: pk.S, sk: sk.S } };
      await store.documents.send(new DeleteCommand(input));
    }
    expect(await dump()).toEqual([]);
    await rebuildRollups(sources, { from: START });
    await runAt(NOW);
    expect(await dump()).toEqual(before);
  });

  test(
    'are the same when they are rebuilt in place, and when short runs follow one another',
    LONG,
    async () => {
      const before = await dump();
      await rebuildRollups(sources, { from: at(20.3) });
      let runs = 0;
      for (let done = false; !done; runs += 1) {
        // Time for some hours: the next run goes on.
        let asked = 0;
        const run = await rollUp(sources, { now: NOW, hasTime: () => (asked += 1) <= 100 });
        done = run.progress.checkedTo === first.progress.checkedTo;
        expect(run.drifted).toEqual([]);
      }
      expect(runs).toBeGreaterThan(2);
      expect(await dump()).toEqual(before);
    },
  );
});

describe('a period', () => {
  const random = randomFrom(SEED + 1);
  const some = Array.from({ length: 12 }, () => {
    const [a, b] = [random() * DAYS, random() * DAYS];
    return { from: at(Math.min(a, b)), to: at(Math.max(a, b)) };
  });
  const borders = [
    { from: START, to: at(DAYS) },
    { from: at(0), to: at(1) },
    { from: at(4), to: at(34) },
    { from: at(3 + 5 / 24), to: at(3 + 6 / 24) },
    { from: at(DAYS - 0.03), to: at(DAYS - 0.021) },
    { from: at(-40), to: at(10) },
  ];
  test.each([...borders, ...some])(
    '$from to $to is the fold of its entries, and ties out',
    async (period) => {
      const report = await read(period);
      expect(viewOf(report)).toEqual(foldOf(period));
      for (const { creditType } of report.closing) expect(differenceOf(report, creditType)).toBe(0);
    },
  );

  test('of closed days reads rollups alone, however many entries they have', async () => {
    const entriesRead: unknown[] = [];
    const page: DayStore['page'] = (query) => {
      entriesRead.push(query);
      return sources.days.page(query);
    };
    const { result, cost } = await store.measure(() =>
      readPeriod({ ...sources, days: { page } }, { from: START, to: at(DAYS - 1), now: NOW }),
    );
    expect(result.kind).toBe('report');
    expect(entriesRead).toEqual([]);
    // Progress, months of days, the closing before and after, the users of months and of single days.
    expect(cost.calls.length).toBeLessThan(16);
  });

  test('beyond what is rolled up says so instead of guessing', async () => {
    const outcome = await readPeriod(sources, {
      from: START,
      to: at(DAYS + 20),
      now: at(DAYS + 20),
    });
    expect(outcome).toEqual({ kind: 'not_ready', rolledTo: first.progress.rolledTo });
  });
});

test('an export of everything has every entry once, and the sums of the report', async () => {
  const period = { from: START, to: at(DAYS) };
  const everything = { userId: null, creditType: null, type: null, actor: null };
  let csv = renderEntries.csv([], { header: true });
  let position: ExportPosition | null = { from: START, after: null };
  while (position) {
    const batch: EntryBatch = await readEntries(
      sources.days,
      { ...everything, ...period },
      position,
    );
    csv += renderEntries.csv(batch.entries, { header: false });
    position = batch.next;
  }
  const rows = z.array(exportedRow).parse(parse(csv, { columns: true }));
  expect(rows.map(({ transaction_id: id }) => id).toSorted()).toEqual(
    entries.map(({ id }) => id).toSorted(),
  );
  const { closing, opening, total } = await read(period);
  expect(opening).toEqual([]);
  for (const { creditType, balance } of closing) {
    const own = rows.filter((row) => row.credit_type === creditType);
    expect(sum(own.map(({ amount }) => amount))).toBe(balance);
    const { movements = [] } = total.creditTypes.find((row) => row.creditType === creditType) ?? {};
    for (const type of unique(own.map((row) => row.type))) {
      const moved = movements.filter((row) => row.type === type);
      const exported = own.filter((row) => row.type === type).map(({ amount }) => amount);
      expect(sum(exported)).toBe(sum(moved.map((row) => row.creditsIn - row.creditsOut)));
    }
  }
});

test('an entry that the index shows late is in the rollups after their check, and is reported', async () => {
  const own = await openTestLedger();
  const its = sourcesOf(own);
  const life = { users: 3, from: START, days: 1, commands: 160, random: randomFrom(7) };
  await liveOn(own.ledger, life);
  const hidden = new Set<string>();
  const days = {
    page: async (query: Parameters<typeof its.days.page>[0]) => {
      const page = await its.days.page(query);
      return { ...page, entries: page.entries.filter(({ id }) => !hidden.has(id)) };
    },
  };
  // Somebody's last entry, in an hour that is over and not checked yet: no gap shows that it is missing.
  const last = (await own.ledger.loadEntries('user_1')).toSorted((a, b) =>
    a.createdAt < b.createdAt ? 1 : -1,
  );
  const newest = last.find(
    (entry) => !last.some((e) => e.creditType === entry.creditType && e.seq > entry.seq),
  );
  if (!newest) throw new Error('somebody did something');
  hidden.add(newest.id);
  const rolled = await rollUp({ ...its, days }, { now: at(1.02), hasTime: () => true });
  expect(rolled.progress.rolledTo).toBe(at(1));
  hidden.clear();
  const checked = await rollUp(its, { now: at(2), hasTime: () => true });
  expect(checked.drifted).toEqual([newest.createdAt.slice(0, 13)]);
  await own.close();
});

function sourcesOf(ledger: TestLedger) {
  return {
    store: ledger.ledger,
    days: createDayStore(ledger.table),
    money: createMoneyStore(ledger.table),
    rollups: createRollupStore(ledger.table),
  };
}

async function runAt(now: string): Promise<RolledUp> {
  return rollUp(sources, { now, hasTime: () => true });
}

async function read(period: { readonly from: string; readonly to: string }): Promise<PeriodReport> {
  const outcome = await readPeriod(sources, { ...period, now: NOW });
  if (outcome.kind !== 'report') throw new Error(`the report is ${outcome.kind}`);
  return outcome;
}

/** What a report says, and what the fold says, in one form. */
function viewOf(report: PeriodReport) {
  return {
    movements: report.total.creditTypes.flatMap(({ creditType, movements }) =>
      movements.map(
        (each) =>
          `${creditType} ${each.type} ${each.category} ${each.creditsIn} ${each.creditsOut}`,
      ),
    ),
    counts: report.total.creditTypes.flatMap(({ creditType, counts }) =>
      counts.map((each) => `${creditType} ${each.type} ${each.entries}`),
    ),
    users: [report.total, ...report.total.creditTypes].map(({ activeUsers }) => activeUsers),
    usersByDay: report.days
      .filter(({ activeUsers }) => activeUsers > 0)
      .map(({ period, activeUsers }) => `${period} ${activeUsers}`),
    sales: report.total.sales.map(
      (each) =>
        `${each.creditType} ${each.packageId ?? ''} ${each.currency} ${each.purchases} ${each.paidMinor} ${each.refundedMinor} ${each.disputedMinor}`,
    ),
    opening: report.opening.map(({ creditType, balance, debt, held }) => ({
      creditType,
      balance,
      debt,
      held,
    })),
    closing: report.closing.map(({ creditType, balance, debt, held }) => ({
      creditType,
      balance,
      debt,
      held,
    })),
  };
}

/** The same from the entries of the base table, the slow and simple way. */
function foldOf({ from, to }: { readonly from: string; readonly to: string }) {
  const end = to < NOW ? to : at(DAYS - 0.02 + 1 / DAY_MS);
  const own = entries.filter(({ createdAt }) => createdAt >= from && createdAt < end);
  const moved = money.filter((each) => each.at >= from && each.at < end);
  const active = own.filter(({ type }) =>
    ['purchase', 'usage', 'promo', 'transfer_out', 'hold'].includes(type),
  );
  const types = unique(own.map(({ creditType }) => creditType));
  const usersOf = (some: readonly Entry[]) => unique(some.map(({ userId }) => userId)).length;
  const drawn = own.flatMap((entry) =>
    entry.draws
      .filter(({ amount }) => amount !== 0)
      .map((draw) => ({
        name: `${entry.creditType} ${entry.type} ${draw.category}`,
        amount: draw.amount,
      })),
  );
  return {
    movements: unique(drawn.map(({ name }) => name)).map((name) => {
      const amounts = drawn.filter((each) => each.name === name).map(({ amount }) => amount);
      const credits = (sign: number) => sum(amounts.map((amount) => Math.max(0, sign * amount)));
      return `${name} ${credits(1)} ${credits(-1)}`;
    }),
    counts: unique(own.map((entry) => `${entry.creditType} ${entry.type}`)).map(
      (name) =>
        `${name} ${own.filter((entry) => `${entry.creditType} ${entry.type}` === name).length}`,
    ),
    users: [
      usersOf(active),
      ...types.map((type) => usersOf(active.filter((e) => e.creditType === type))),
    ],
    usersByDay: unique(active.map(({ createdAt }) => createdAt.slice(0, 10))).map(
      (day) => `${day} ${usersOf(active.filter(({ createdAt }) => createdAt.startsWith(day)))}`,
    ),
    sales: unique(moved.map((m) => `${m.creditType} ${m.packageId ?? ''} ${m.currency}`)).map(
      (name) => {
        const rows = moved.filter(
          (m) => `${m.creditType} ${m.packageId ?? ''} ${m.currency}` === name,
        );
        return `${name} ${sum(rows.map((m) => m.purchases))} ${sum(rows.map((m) => m.paidMinor))} ${sum(rows.map((m) => m.refundedMinor))} ${sum(rows.map((m) => m.disputedMinor))}`;
      },
    ),
    opening: outstandingAt(from),
    closing: outstandingAt(end),
  };
}

/** From each wallet's newest entry before an instant, and from nothing else. */
function outstandingAt(instant: string) {
  const before = entries.filter(({ createdAt }) => createdAt < instant);
  const newest = new Map(
    before.toSorted((a, b) => a.seq - b.seq).map((e) => [`${e.creditType} ${e.userId}`, e]),
  );
  return unique(before.map(({ creditType }) => creditType)).map((creditType) => {
    const heads = [...newest.values()].filter((each) => each.creditType === creditType);
    const draws = before
      .filter((each) => each.creditType === creditType)
      .flatMap(({ draws: all }) => all);
    return {
      creditType,
      balance: sum(heads.map(({ balanceAfter }) => balanceAfter)),
      debt: sum(heads.map(({ debt }) => debt)),
      held: sum(draws.map(({ held }) => held)),
    };
  });
}

async function allEntries(): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  // One after another: together they are more than the engine answers within a request's time.
  for (let user = 0; user < 2 * USERS; user += 1) {
    all.push(...(await store.ledger.loadEntries(`user_${user}`)));
  }
  return all;
}

async function allMoney(): Promise<readonly MoneyMovement[]> {
  const days = Array.from({ length: DAYS }, (_, day) =>
    sources.money.between({ from: at(day), to: at(day + 1) }),
  );
  return (await Promise.all(days)).flat();
}

const exportedRow = z.object({
  transaction_id: z.string(),
  credit_type: z.string(),
  type: z.string(),
  amount: z.coerce.number(),
});

const rollupItem = z.looseObject({
  pk: z.object({ S: z.string() }),
  sk: z.object({ S: z.string() }),
});

async function dump() {
  const items = z.array(rollupItem).parse(await store.dynamo.dump(store.table.name));
  return (
    items
      .filter(({ pk }) => pk.S.startsWith('ROLLUP'))
      // How often an item was written is no part of what it says.
      .map((item) => ({ ...item, version: null }))
  );
}

function at(day: number): string {
  return new Date(Date.parse(START) + Math.round(day * DAY_MS)).toISOString();
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
