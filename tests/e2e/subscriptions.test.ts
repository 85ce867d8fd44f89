import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { quotas as quotasContract, subscription as contract } from '#lib/contract/subscriptions';
import { openTestStack, type SendOptions, type TestStack } from '#tests/support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
}, 60_000);
afterAll(async () => {
  await stack.close();
});

const PATH = '/api/subscriptions/ada';
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const mailbox = z.object({ emails: z.array(z.object({ subject: z.string() })) });

it('a plan from FREE over PRO and PREMIUM to its end: every step is as the table in the README says', async () => {
  // Months pass here, and a token lives for an hour.
  const user = () => stack.token({ sub: 'ada', email: 'ada@example.com' });
  const ask = async (method: string, path: string, options: SendOptions = {}) => {
    const answer = await stack.send(method, path, options);
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.body;
  };
  const change = async (what: string, body: object = {}) =>
    ask('POST', `${PATH}/${what}`, { token: await user(), body });
  const table: string[] = [];
  let mails = 0;
  /** Does a step, and writes down how everything stands afterwards. */
  const step = async (name: string, act: () => Promise<unknown>) => {
    await act();
    await stack.settle();
    const token = await user();
    const [subscription, balance, quotas, inbox] = await Promise.all([
      ask('GET', PATH, { token }),
      ask('GET', '/credits/balance', { token }),
      ask('GET', `${PATH}/quotas`, { token }),
      ask('GET', '/local/emails'),
    ]);
    const shown = contract.parse(subscription);
    const { emails } = mailbox.parse(inbox);
    const waiting = shown.cancel_at_period_end
      ? 'ends'
      : shown.pending_change && `to ${shown.pending_change.tier}`;
    table.push(
      row([
        name,
        shown.tier + (waiting === null ? '' : `, ${waiting}`),
        shown.plan_credits.map(({ granted, remaining }) => `${remaining} of ${granted}`).join(),
        String(balance['credits_balance']),
        monthOf(quotas),
        mailsIn(emails.slice(mails)),
      ]),
    );
    mails = emails.length;
  };
  const service = () => stack.token({ client: 'service', scope: 'credits/write' });

  await step('signs up', user);
  await step('upgrade to PRO, paid on the page', async () => {
    const urls = { success_url: `${stack.url}/thanks`, cancel_url: `${stack.url}/plans` };
    const { session_id } = await change('upgrade', { tier: 'PRO', ...urls });
    await ask('POST', `/local/stripe/sessions/${String(session_id)}/pay`, { body: {} });
  });
  await step('spends 400', async () => {
    const token = await service();
    const spend = { amount: 400, description: 'Enrich leads' };
    await ask('POST', '/api/credits/ada/deduct', { token, body: spend });
  });
  await step('renewal: 100 are carried over', () => stack.advance('P31DT2H'));
  await step('renewal: 250 are, which is the cap', () => stack.advance('P31D'));
  await step('renewal', () => stack.advance('P31D'));
  await step('10 days later: upgrade to PREMIUM', async () => {
    await stack.advance('P10D');
    await change('upgrade', { tier: 'PREMIUM' });
  });
  await step('downgrade to PRO', () => change('downgrade', { tier: 'PRO' }));
  await step('renewal, as PRO: all is carried over', () => stack.advance('P21D'));
  await step('cancel', () => change('cancel', { reason: 'too dear' }));
  await step('resume', () => change('resume'));
  await step('cancel', () => change('cancel'));
  await step('the period ends', () => stack.advance('P32D'));

  expect(tableInReadme()).toEqual(table);
  const admin = await stack.token({ sub: 'carol', client: 'admin', groups: ['admin'] });
  const { body } = await stack.send('GET', '/admin/credits/verify/ada', { token: admin });
  expect(body).toMatchObject({ ok: true });
}, 240_000);

function monthOf(answer: unknown): string {
  const feature = quotasContract
    .parse(answer)
    .features.find((each) => each.feature === 'enrichment');
  const month = feature?.quotas.find(({ period }) => period === 'month');
  return `${month?.limit ?? 'any number'}`;
}

/** Whether a renewal's payment comes before or after the sweep of what has expired, and tells a low balance, is chance. */
function mailsIn(emails: z.output<typeof mailbox>['emails']): string {
  // A jump of the clock ages what is in flight, so that a mail may be tried again; other suites count mails.
  const subjects = new Set(emails.map(({ subject }) => subject));
  return [...subjects]
    .filter((subject) => !subject.startsWith('Your balance is low'))
    .toSorted()
    .join(', ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Its rows as they are, without the padding that the formatter adds. */
function tableInReadme(): readonly string[] {
  const [, rest = ''] = readme.split('<!-- plans -->');
  const lines = rest.split('<!-- /plans -->')[0]?.trim().split('\n') ?? [];
  return lines.slice(2).map((line) =>
    row(
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
  );
}
