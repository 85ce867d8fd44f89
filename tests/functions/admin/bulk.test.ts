import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { adminBulkRoutes } from '#lib/contract/routes/admin-bulk';
import type { LedgerStore } from '#lib/ports';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { type JobBench, openJobBench } from '#tests/jobs/job-bench';

const { getBulk, startBulk } = adminBulkRoutes;

/** `BULK_ROWS=10000` is the whole file of the acceptance; the ordinary run is shorter and otherwise the same. */
const ROWS = Number(process.env['BULK_ROWS'] ?? 250);
const HEADER = 'user_id,amount,credit_type,reason,expires_at,category';
const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const started = { answers: { 202: startBulk.answers[202] } };
const predicted = { answers: { 200: startBulk.answers[200] } };

let bench: JobBench;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  bench = await openJobBench();
  bench.setNow(NOW);
  office = openOffice(bench, { jobQueue: bench.queue });
});
afterAll(() => bench.close());

function open() {
  const csvHeaders = { 'content-type': 'text/csv; charset=utf-8' };
  return {
    post: (csv: string, { key = '', dryRun = false } = {}) =>
      office.call(startBulk, {
        body: csv,
        headers: { ...csvHeaders, ...(key !== '' && { 'idempotency-key': key }) },
        ...(dryRun && { query: 'dry_run=true' }),
      }),
    postRows: (rows: readonly object[], query = '') =>
      office.call(startBulk, { body: { rows }, query }),
    look: (jobId: string, query = '') => office.call(getBulk, { params: { job_id: jobId }, query }),
  };
}

/** A function that is cut off after so many commands: nothing of it reaches the table any more. */
function dyingAfter(commands: number): LedgerStore {
  let left = commands;
  const alive = () => {
    left -= 1;
    if (left < 0) throw new Error('cut off');
  };
  return {
    ...bench.ledger,
    run: async (work) => {
      alive();
      return bench.ledger.run(work);
    },
    write: async (writes) => {
      alive();
      return bench.ledger.write(writes);
    },
  };
}

const csvRow = z.object({
  row: z.string(),
  user_id: z.string(),
  amount: z.string(),
  outcome: z.string(),
  transaction_id: z.string(),
});

describe('a file', () => {
  test(`of ${ROWS} rows, cut off twice and posted again, does every row exactly once`, async () => {
    const { look, post } = open();
    const users = Array.from({ length: Math.ceil(ROWS / 4) }, (_, n) => `many-${n}`);
    await bench.register(users);
    const amountOf = (index: number) => (index % 7 === 6 ? -3 : (index % 50) + 1);
    const lines = Array.from(
      { length: ROWS },
      (_, index) =>
        `${users[index % users.length]},${amountOf(index)},general,"Refund, row ""${index + 1}""",,`,
    );
    const file = [HEADER, ...lines].join('\r\n');
    const job = bodyOf(started, 202, await post(file, { key: 'many' }));
    for (const commands of [Math.floor(ROWS / 3), Math.floor(ROWS / 2)]) {
      const [message = ''] = bench.messages;
      expect(await bench.deliver({ ledger: dyingAfter(commands) })).toBe(false);
      bench.messages.push(message);
      const { progress } = bodyOf(getBulk, 200, await look(job.job_id)).job;
      expect(progress).toMatchObject({ total: ROWS });
      expect(progress.done).toBeLessThan(ROWS);
    }
    const again = await post(file, { key: 'many' });
    expect(bodyOf(started, 202, again).job_id).toBe(job.job_id);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(codeOf(await post(`${file}\r\n`.replace(',1,', ',2,'), { key: 'many' }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    await bench.drain();
    bench.messages.push(JSON.stringify({ job_id: job.job_id }));
    await bench.drain();

    const done = bodyOf(getBulk, 200, await look(job.job_id, 'limit=3&page=2'));
    expect(done.job).toMatchObject({ state: 'done', progress: { total: ROWS, done: ROWS } });
    expect(done.results.map(({ row }) => row)).toEqual([4, 5, 6]);
    const download = await look(job.job_id, 'format=csv');
    expect(download.headers).toMatchObject({
      'content-disposition': `attachment; filename="bulk-${job.job_id}.csv"`,
    });
    const rows = z.array(csvRow).parse(parse(download.body ?? '', { columns: true }));
    expect(rows.map(({ row, amount }) => [Number(row), Number(amount)])).toEqual(
      lines.map((_, index) => [index + 1, amountOf(index)]),
    );
    const applied = rows.filter(({ outcome }) => outcome === 'applied');
    expect(done.job.progress.refused).toBe(ROWS - applied.length);
    const written: string[] = [];
    let balances = 0;
    for (const userId of users) {
      written.push(...(await bench.ledger.loadEntries(userId)).map(({ id }) => id));
      balances += (await bench.ledger.loadHead({ userId, creditType: 'general' })).balance;
    }
    expect(written.toSorted()).toEqual(applied.map(({ transaction_id: id }) => id).toSorted());
    expect(balances).toBe(applied.reduce((sum, { amount }) => sum + Number(amount), 0));
    for (const user of users.slice(0, 20)) {
      expect((await verifyWallets(bench.ledger, user)).flatMap(({ problems }) => problems)).toEqual(
        [],
      );
    }
  }, 600_000);

  test('is what Excel writes, too: with a byte order mark and CRLF', async () => {
    await bench.register(['excel']);
    const { post } = open();
    const file = `\ufeff${HEADER}\r\nexcel,5,,Goodwill,2026-12-31T00:00:00Z,paid\r\n`;
    const { results, totals } = bodyOf(predicted, 200, await post(file, { dryRun: true }));
    expect(totals).toEqual({
      rows: 1,
      applied: 1,
      refused: 0,
      credits_added: 5,
      credits_taken: 0,
    });
    expect(results[0]).toMatchObject({ credit_type: 'general', balance: 5, transaction_id: null });
  });
});

test('a dry run changes nothing and predicts exactly', async () => {
  let runs = 0;
  const row = fc.record({
    user: fc.integer({ min: 0, max: 3 }),
    type: fc.constantFrom('general', 'calling'),
    amount: fc.integer({ min: -40, max: 30 }).map((amount) => amount || 1_000_000_000),
    // More expiries than a head has places for grants.
    day: fc.integer({ min: 0, max: 90 }),
  });
  const fortyFiveExpiries = Array.from({ length: 45 }, (_, day) => ({
    user: 0,
    type: 'general',
    amount: 5,
    day,
  }));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 90 }), async (drawn) => {
      const name = `predicted-${(runs += 1)}`;
      // User 3 is one whom nobody knows.
      await bench.register([0, 1, 2].map((user) => `${name}-${user}`));
      const rows = drawn.map(({ user, type, amount, day }) => ({
        user_id: `${name}-${user}`,
        amount,
        credit_type: type,
        reason: 'Goodwill',
        ...(amount > 0 && { expires_at: new Date(Date.UTC(2027, 0, 1 + day)).toISOString() }),
      }));
      const { look, post, postRows } = open();
      const promised = bodyOf(predicted, 200, await postRows(rows, 'dry_run=true'));
      for (const user of [0, 1, 2, 3]) {
        expect(await bench.ledger.loadHeads(`${name}-${user}`)).toEqual([]);
      }
      expect(bench.messages).toEqual([]);
      const lines = rows.map((each) =>
        [
          each.user_id,
          each.amount,
          each.credit_type,
          each.reason,
          each.expires_at ?? '',
          '',
        ].join(),
      );
      const job = bodyOf(started, 202, await post([HEADER, ...lines].join('\n')));
      await bench.drain();
      const real = bodyOf(getBulk, 200, await look(job.job_id, 'limit=100'));
      expect(real.results.map((result) => ({ ...result, transaction_id: null }))).toEqual(
        promised.results,
      );
      expect(real.job.progress).toMatchObject({ refused: promised.totals.refused });
    }),
    { numRuns: Number(process.env['BULK_RUNS'] ?? 6), examples: [[fortyFiveExpiries]], ...SEED },
  );
}, 120_000);

describe('what is not a file of rows is refused as a whole, with row and column', () => {
  const good = 'bad,1,general,Fine,,';
  const tooMany = Array.from({ length: 10_001 }, () => good);
  const cases: readonly (readonly [string, string, object])[] = [
    ['an empty file', '', { field: '' }],
    ['a header alone', HEADER, { field: '' }],
    ['no header', good, { field: 'header' }],
    ['another header', `user,amount,credit_type,reason\n${good}`, { field: 'header' }],
    ['a column twice', `${HEADER},reason\n${good},x`, { field: 'header' }],
    ['semicolons', `${HEADER}\n${good}`.replaceAll(',', ';'), { field: 'header' }],
    ['10,001 rows', [HEADER, ...tooMany].join('\n'), { row: 10_001 }],
    ['an open quote', `${HEADER}\n${good}\nbad,1,general,"Fine,,`, { row: 2 }],
    ['a quote in a cell', `${HEADER}\nbad,1,general,Fi"ne,,`, { row: 1 }],
    ['text after a quote', `${HEADER}\nbad,1,general,"Fi"ne,,`, { row: 1 }],
    ['a missing cell', `${HEADER}\n${good}\nbad,1,general,Fine`, { row: 2 }],
    ['a line without cells', `${HEADER}\n${good}\n\n${good}`, { row: 2 }],
    ['bare carriage returns', `${HEADER}\r${good}`, { field: 'header' }],
    ['a thousands separator', `${HEADER}\nbad,"1,000",general,x,,`, { row: 1, field: 'amount' }],
    ['a formula as amount', `${HEADER}\nbad,=1+1,general,x,,`, { row: 1, field: 'amount' }],
    ['an amount with a plus', `${HEADER}\nbad,+5,general,x,,`, { row: 1, field: 'amount' }],
    ['a fraction', `${HEADER}\nbad,1.5,general,x,,`, { row: 1, field: 'amount' }],
    ['nothing', `${HEADER}\nbad,0,general,x,,`, { row: 1, field: 'amount' }],
    ['too much', `${HEADER}\nbad,1000000001,general,x,,`, { row: 1, field: 'amount' }],
    ['spaces', `${HEADER}\nbad, 5,general,x,,`, { row: 1, field: 'amount' }],
    [
      'a formula as reason',
      `${HEADER}\nbad,5,general,"=HYPERLINK(""x"")",,`,
      { row: 1, field: 'reason' },
    ],
    ['no reason', `${HEADER}\n${good}\nbad,5,general,,,`, { row: 2, field: 'reason' }],
    ['a bad user id', `${HEADER}\na#b,5,general,x,,`, { row: 1, field: 'user_id' }],
    ['an unknown credit type', `${HEADER}\nbad,5,gold,x,,`, { row: 1, field: 'credit_type' }],
    [
      'a past expiry',
      `${HEADER}\nbad,5,general,x,2020-01-01T00:00:00Z,`,
      { row: 1, field: 'expires_at' },
    ],
    [
      'an expiry of nothing',
      `${HEADER}\nbad,-5,general,x,2030-01-01T00:00:00Z,`,
      { row: 1, field: 'expires_at' },
    ],
    ['an unknown category', `${HEADER}\nbad,5,general,x,,gift`, { row: 1, field: 'category' }],
  ];
  beforeAll(() => bench.register(['bad']));
  test.each(cases)('%s', async (_, file, error) => {
    const { post } = open();
    const answer = await post(file);
    const document = z
      .object({ code: z.string(), errors: z.array(z.looseObject({})) })
      .parse(JSON.parse(answer.body ?? ''));
    expect(document.code).toBe('VALIDATION_FAILED');
    expect(document.errors[0]).toMatchObject(error);
    expect(bench.messages).toEqual([]);
    expect(await bench.ledger.loadHeads('bad')).toEqual([]);
  });

  test('a body of more than 4 MiB, or of another type', async () => {
    const { post } = open();
    expect(codeOf(await post(`${HEADER}\n${'x'.repeat(4 * 1024 * 1024)}`))).toBe(
      'PAYLOAD_TOO_LARGE',
    );
    const body = `${HEADER}\n${good}`;
    const excel = { 'content-type': 'application/vnd.ms-excel' };
    expect(codeOf(await office.call(startBulk, { body, headers: excel }))).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });
});
