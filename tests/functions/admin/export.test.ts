import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { adminExportRoutes } from '#lib/contract/routes/admin-export';
import { adjust } from '#lib/ledger/adjust';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { type JobBench, openJobBench } from '#tests/jobs/job-bench';
import { prove, readExported } from '#lib/exports/prove-export';

const { exportTransactions, getExport } = adminExportRoutes;
const started = { answers: { 202: exportTransactions.answers[202] } };

const names = [
  'plain',
  'a "quoted" name',
  'commas, and; semicolons',
  'two\nlines',
  'emoji 🎉 and é',
  '=HYPERLINK("https://evil.example","Refund")',
  '+1 goodwill',
  '-1 correction',
  '@SUM(A1:A9)',
  '\tindented',
  '  =1+1',
  '＝1+1',
];

const line = z.object({
  transaction_id: z.string(),
  user_id: z.string(),
  credit_type: z.string(),
  type: z.string(),
  amount: z.string().regex(/^-?\d+$/),
  description: z.string(),
  actor: z.string(),
  created_at: z.iso.datetime(),
});

type Line = z.output<typeof line>;

let bench: JobBench;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  bench = await openJobBench();
  bench.setNow(NOW);
  office = openOffice(bench, { jobQueue: bench.queue, files: bench.files });
  let made = 0;
  for (const [index, description] of names.entries()) {
    for (const amount of [100 + index, -index - 1]) {
      made += 1;
      const wallet = { userId: `user-${index % 3}`, creditType: index % 2 ? 'calling' : 'general' };
      const command = {
        now: new Date(Date.UTC(2026, 1, 1 + index, made)).toISOString(),
        cause: `made:${made}`,
        actor: index % 4 === 0 ? 'admin:ann' : 'admin:bob',
        description,
        amount,
        terms: { category: 'promotional', priority: 50, expiresAt: null } as const,
      };
      await bench.ledger.run({
        wallets: [wallet],
        cause: command.cause,
        fingerprint: null,
        decide: ({ heads: [head] }) => {
          const decision = adjust(head, command);
          return decision.ok ? { ok: true, decisions: [decision] } : decision;
        },
      });
    }
  }
});
afterAll(() => bench.close());

const ask = (query: string) => office.call(exportTransactions, { query });

function linesOf(csv: string) {
  return z.array(line).parse(parse(csv, { columns: true, record_delimiter: '\r\n' }));
}

async function balances(): Promise<number> {
  const users = await Promise.all([0, 1, 2].map((n) => bench.ledger.loadHeads(`user-${n}`)));
  return users.flat().reduce((sum, head) => sum + head.balance, 0);
}

const sum = (lines: readonly Line[]) =>
  lines.reduce((total, { amount }) => total + Number(amount), 0);

test('a short export comes at once, safe for a spreadsheet and with the sums of the ledger', async () => {
  const answer = await ask('from=2026-02-01&to=2026-02-13');
  expect(answer).toMatchObject({
    statusCode: 200,
    headers: { 'content-type': 'text/csv; charset=utf-8; header=present' },
  });
  const lines = linesOf(answer.body ?? '');
  expect(lines).toHaveLength(2 * names.length);
  // What a reader gets back is what was written, behind an apostrophe where it would be a formula.
  expect(lines.map(({ description }) => description.replace(/^'/, ''))).toEqual(
    names.flatMap((name) => [name, name]),
  );
  for (const cell of lines.flatMap((each) => Object.values({ ...each, amount: '' }))) {
    expect(cell).not.toMatch(/^\s*[=+\-@＝＋－＠]|^[\t\r\n]/);
  }
  expect(sum(lines)).toBe(await balances());
});

test.each([
  ['a user', 'user_id=user-1', (each: Line) => each.user_id === 'user-1'],
  ['a credit type', 'credit_type=calling', (each: Line) => each.credit_type === 'calling'],
  ['an actor', 'actor=admin:ann', (each: Line) => each.actor === 'admin:ann'],
  [
    'a period',
    'from=2026-02-05&to=2026-02-06',
    (each: Line) => /^2026-02-0[56]/.test(each.created_at),
  ],
] as const)('an export of %s has those transactions and no others', async (_, query, fits) => {
  const all = linesOf((await ask('from=2026-02-01&to=2026-02-13')).body ?? '');
  const some = linesOf(
    (await ask(query.includes('from') ? query : `from=2026-02-01&to=2026-02-13&${query}`)).body ??
      '',
  );
  expect(some.length).toBeGreaterThan(0);
  expect(some).toEqual(all.filter(fits));
});

test('an export of a period in which nothing happened is a header line', async () => {
  const answer = await ask('from=2026-01-01&to=2026-01-10');
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toMatch(/^transaction_id,user_id,credit_type,[a-z_,]+\r\n$/);
  expect((await ask('type=purchase&from=2026-02-01&to=2026-02-13')).body).toBe(answer.body);
});

test('as JSON lines, an export proves itself: every entry whole, with its hash', async () => {
  const answer = await ask('from=2026-02-01&to=2026-02-13&format=jsonl');
  expect(answer).toMatchObject({
    statusCode: 200,
    headers: {
      'content-type': 'application/jsonl; charset=utf-8',
      'content-disposition': 'attachment; filename="transactions-2026-02-01.jsonl"',
    },
  });
  const lines = (answer.body ?? '').split('\n');
  expect(lines.pop()).toBe('');
  const proof = prove(lines.map(readExported));
  expect(proof).toEqual({
    wallets: 6,
    entries: 2 * names.length,
    credits: await balances(),
    problems: [],
  });
  expect((await ask('from=2026-01-01&to=2026-01-10&format=jsonl')).body).toBe('');
  expect(codeOf(await ask('format=xlsx'))).toBe('VALIDATION_FAILED');
});

test('a period that ends before it begins, or is longer than ten years, is refused', async () => {
  expect(codeOf(await ask('from=2026-02-02&to=2026-02-01'))).toBe('VALIDATION_FAILED');
  expect(codeOf(await ask('from=2010-01-01'))).toBe('VALIDATION_FAILED');
});

const long = 'from=2026-01-02&to=2026-02-13';
test.each([
  { query: long, same: 'from=2026-02-01&to=2026-02-13' },
  { query: `${long}&format=jsonl`, same: 'from=2026-02-01&to=2026-02-13&format=jsonl' },
])(
  'a long export is a job: asked for again it is the same, and its link opens the whole file: $query',
  async ({ query, same }) => {
    const job = bodyOf(started, 202, await ask(query));
    const look = () => office.call(getExport, { params: { job_id: job.job_id } });
    expect(bodyOf(getExport, 200, await look())).toMatchObject({
      job: { state: 'queued' },
      url: null,
    });
    expect(bodyOf(started, 202, await ask(query)).job_id).toBe(job.job_id);
    // One page after the other is cut off: each run is killed before it has stored its progress.
    const [message = ''] = bench.messages;
    const dead = { ...bench.ledger, write: () => Promise.reject(new Error('cut off')) };
    expect(await bench.deliver({ ledger: dead })).toBe(false);
    bench.messages.push(message);
    await bench.drain();
    const done = bodyOf(getExport, 200, await look());
    expect(done.job).toMatchObject({ state: 'done', progress: { total: 24, done: 24 } });
    const file = await fetch(done.url ?? '');
    const answer = await ask(same);
    expect(file.headers.get('content-type')).toBe(answer.headers?.['content-type']);
    expect(await file.text()).toBe(answer.body);
  },
);

test('an id that names no export is not found', async () => {
  const unknown = await office.call(getExport, { params: { job_id: 'job_0' } });
  expect(codeOf(unknown)).toBe('NOT_FOUND');
});
