import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { analytics, report, transactionList } from '#lib/contract/reports';
import type { Route } from '#lib/contract/route';
import { adminReportRoutes } from '#lib/contract/routes/admin-reports';
import type { Entry } from '#lib/ledger/entry';
import { rebuildRollups, rollUp } from '#lib/reports/roll-up';
import { createDayStore } from '#lib/store/day-store';
import { createMoneyStore } from '#lib/store/money-store';
import { createRollupStore } from '#lib/store/rollup-store';
import { openOffice } from '#tests/functions/admin/office';
import { NOW } from '#tests/http/events';
import { codeOf } from '#tests/functions/purchases/shop';
import { liveOn } from '#tests/reports/busy-ledger';
import { randomFrom } from '#tests/support/random';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const USERS = 6;
const START = '2026-02-27T09:00:00.000Z';
const { listTransactions, getAnalytics, getReport } = adminReportRoutes;

let store: TestLedger;
let office: ReturnType<typeof openOffice>;
let entries: readonly Entry[];
beforeAll(async () => {
  store = await openTestLedger();
  office = openOffice(store);
  const random = randomFrom(20_261_120);
  // The last hours are not rolled up yet.
  await liveOn(store.ledger, { users: USERS, from: START, days: 2.1, commands: 300, random });
  const sources = {
    store: store.ledger,
    days: createDayStore(store.table),
    money: createMoneyStore(store.table),
    rollups: createRollupStore(store.table),
  };
  await rebuildRollups(sources, { from: START });
  await rollUp(sources, { now: NOW, hasTime: () => true });
  const users = Array.from({ length: 2 * USERS }, (_, user) => `user_${user}`);
  const all = await Promise.all(users.map((user) => store.ledger.loadEntries(user)));
  entries = all.flat().toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
}, 60_000);
afterAll(() => store.close());

describe('GET /admin/credits/transactions', () => {
  const someone = { user_id: 'user_1' };
  const filters = [
    {},
    { type: 'refund' },
    { credit_type: 'calling', type: 'usage' },
    { actor: 'stripe' },
    { from: '2026-02-27T20:00:00Z', to: '2026-02-28T03:30:00Z' },
    { actor: 'admin:nobody' },
    someone,
    { ...someone, credit_type: 'general' },
    { ...someone, type: 'usage', from: '2026-02-28' },
    { ...someone, actor: 'stripe' },
    { user_id: 'nobody' },
  ];
  test.each(filters)(
    '%j shows every match once, newest first, through its cursors',
    async (filter) => {
      const expected = entries.filter((entry) => matches(entry, filter));
      for (const limit of [7, 100]) {
        const shown = await allPages({ ...filter, limit: String(limit) });
        expect(shown.map(({ transaction_id }) => transaction_id).toSorted()).toEqual(
          expected.map(({ id }) => id).toSorted(),
        );
        expect(shown.map(({ created_at }) => created_at)).toEqual(
          expected.map(({ createdAt }) => createdAt),
        );
      }
    },
  );

  test('a page with a rare filter costs no more reads than any, however old the ledger is', async () => {
    const query = { actor: 'admin:nobody', limit: '1' };
    const { cost } = await store.measure(() => ask(listTransactions, query));
    expect(cost.calls.length).toBeLessThan(40 * 8 + 2);
  });

  test('of one user reads that user’s own histories', async () => {
    const { cost } = await store.measure(() =>
      ask(listTransactions, { user_id: 'user_1', credit_type: 'general', limit: '5' }),
    );
    expect(cost.calls.length).toBeLessThan(4);
  });

  test('support may look, and nobody goes on from a cursor of another list or a place of their own', async () => {
    const support = openOffice(store, { group: 'support' });
    const query = new URLSearchParams({ limit: '1' }).toString();
    const first = await support.call(listTransactions, { query });
    expect(first.statusCode).toBe(200);
    const { pagination } = transactionList.parse(JSON.parse(String(first.body)));
    const cursor = pagination.next_cursor ?? '';
    const other = new URLSearchParams({ cursor, type: 'usage' }).toString();
    expect((await support.call(listTransactions, { query: other })).statusCode).toBe(400);
    const forged = z.looseObject({}).parse(fromBase64(cursor));
    forged['p'] = { day: '2026-02-28', after: '0' };
    const place = Buffer.from(JSON.stringify(forged)).toString('base64url');
    const answered = await support.call(listTransactions, {
      query: new URLSearchParams({ cursor: place }).toString(),
    });
    expect(answered.statusCode).toBe(200);
    const denied = await support.call(getReport, { query: '' });
    expect(denied.statusCode).toBe(403);
  });
});

describe('GET /admin/credits/analytics', () => {
  test('says what the entries say, in all, by credit type and by day', async () => {
    const answer = analytics.parse(
      await ask(getAnalytics, { from: '2026-02-27', to: '2026-03-01' }),
    );
    const sumOf = (types: readonly string[]) =>
      entries
        .filter(({ type }) => types.includes(type))
        .reduce((sum, { amount }) => sum + Math.abs(amount), 0);
    expect(answer.totals).toMatchObject({
      sold: sumOf(['purchase']),
      granted: sumOf(['bonus', 'promo', 'subscription']),
      spent: sumOf(['usage']),
      refunded: sumOf(['refund']),
      expired: sumOf(['expiry']),
      reversed: sumOf(['reversal']),
      transferred: sumOf(['transfer_in']),
    });
    for (const name of ['sold', 'spent', 'refunded', 'expired'] as const) {
      const parts = [answer.by_day, answer.by_credit_type].map((rows) =>
        rows.reduce((sum, row) => sum + row[name], 0),
      );
      expect(parts).toEqual([answer.totals[name], answer.totals[name]]);
    }
    const credits = answer.totals.outstanding_by_category.map((row) => row.credits);
    expect(credits.reduce((sum, each) => sum + each, 0)).toBe(answer.totals.outstanding);
    expect(answer.revenue.map(({ currency }) => currency)).toEqual(['INR', 'USD']);
    for (const { gross, refunds, disputes, net } of answer.revenue) {
      expect(net).toBe(gross - refunds - disputes);
    }
    const bought = answer.popular_packages.map(({ purchases }) => purchases);
    expect(bought).toEqual(bought.toSorted((a, b) => b - a));
  });

  test('of one credit type leaves the others out', async () => {
    const period = { from: '2026-02-27', to: '2026-03-01' };
    const all = analytics.parse(await ask(getAnalytics, period));
    const one = analytics.parse(await ask(getAnalytics, { ...period, credit_type: 'calling' }));
    expect(one.by_credit_type).toEqual(
      all.by_credit_type.filter(({ credit_type }) => credit_type === 'calling'),
    );
    expect(one.totals.spent).toBe(one.by_credit_type[0]?.spent);
  });

  test.each([
    [{ from: '2026-02-28', to: '2026-02-27' }, 400, 'VALIDATION_FAILED'],
    [{ from: '2024-01-01', to: '2026-02-27' }, 400, 'VALIDATION_FAILED'],
    [{ from: '2027-01-01', to: '2027-01-02' }, 400, 'VALIDATION_FAILED'],
  ])('%j is refused', async (query, status, code) => {
    const answer = await office.call(getAnalytics, {
      query: new URLSearchParams(query).toString(),
    });
    expect([answer.statusCode, codeOf(answer)]).toEqual([status, code]);
  });
});

describe('GET /admin/credits/report', () => {
  const periods = [
    {},
    { from: '2026-02-27T22:13:07Z', to: '2026-02-28T17:44:59Z' },
    { from: '2026-03-01T11:15:00Z' },
    { credit_type: 'enrichment' },
  ];
  test.each(periods)('%j ties out, as JSON and as a sheet', async (query) => {
    const { statements } = report.parse(await ask(getReport, query));
    expect(statements.map(({ difference }) => difference)).toEqual(statements.map(() => 0));
    expect(statements.length).toBeGreaterThan(0);
    const sheet = z
      .array(
        z.object({
          credit_type: z.string(),
          line: z.string(),
          category: z.string(),
          credits: z.string(),
        }),
      )
      .parse(parse(String(await ask(getReport, { ...query, format: 'csv' })), { columns: true }));
    for (const { credit_type, closing } of statements) {
      const own = sheet.filter((row) => row.credit_type === credit_type && row.line !== 'debt');
      const sum = (rows: typeof own) =>
        rows.reduce((total, { credits }) => total + Number(credits), 0);
      const moved = own.filter(({ line }) => !['opening', 'closing', 'difference'].includes(line));
      const opening = own.filter(
        ({ line, category }) => line === 'opening' && category === 'total',
      );
      expect(sum([...opening, ...moved])).toBe(closing.balance);
    }
  });

  test('of a time before the ledger is empty, and a sheet of it is a header', async () => {
    const query = { from: '2026-01-01', to: '2026-01-31' };
    expect(report.parse(await ask(getReport, query)).statements).toEqual([]);
    const sheet = String(await ask(getReport, { ...query, format: 'csv' }));
    expect(sheet.split('\r\n')).toHaveLength(2);
  });
});

test('what is too far beyond the closed hours to be summed up is not ready, and ends there until it is', async () => {
  const late = openOffice(store);
  late.at('2026-03-20T12:00:00.000Z');
  const from = '2026-02-27T00:00:00.000Z';
  for (const route of [getAnalytics, getReport]) {
    const refused = await late.call(route, { query: new URLSearchParams({ from }).toString() });
    expect([refused.statusCode, codeOf(refused)]).toEqual([503, 'REPORT_NOT_READY']);
    expect(refused.headers?.['retry-after']).toBe('900');
    const { closed_until: to } = notReady.parse(JSON.parse(String(refused.body)));
    const query = new URLSearchParams({ from, to }).toString();
    expect((await late.call(route, { query })).statusCode).toBe(200);
  }
});

const notReady = z.looseObject({ closed_until: z.iso.datetime() });

function fromBase64(text: string): unknown {
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
}

async function ask(route: Route, query: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await office.call(route, { query: new URLSearchParams(query).toString() });
  if (answer.statusCode !== 200) throw new Error(String(answer.body));
  const isJson = String(answer.headers?.['content-type']).startsWith('application/json');
  return isJson ? JSON.parse(String(answer.body)) : answer.body;
}

async function allPages(query: Readonly<Record<string, string>>) {
  const shown: z.output<typeof transactionList>['transactions'] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 200; page += 1) {
    const answer = await ask(listTransactions, { ...query, ...(cursor !== null && { cursor }) });
    const { transactions, pagination } = transactionList.parse(answer);
    shown.push(...transactions);
    cursor = pagination.next_cursor;
    if (cursor === null) return shown;
  }
  throw new Error('the list does not end');
}

function matches(entry: Entry, filter: Readonly<Record<string, string>>): boolean {
  const { user_id, type, credit_type, actor, from = '', to = '~' } = filter;
  return (
    (user_id === undefined || entry.userId === user_id) &&
    (type === undefined || entry.type === type) &&
    (credit_type === undefined || entry.creditType === credit_type) &&
    (actor === undefined || entry.actor === actor) &&
    entry.createdAt >= from &&
    entry.createdAt < to
  );
}

function placeOf(entry: Entry): string {
  return `${entry.createdAt}#${entry.id}`;
}
