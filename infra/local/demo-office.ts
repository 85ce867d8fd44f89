import * as z from 'zod';
import type { Narrator } from '#infra/local/demo-narrator';
import { tokenOf } from '#infra/local/demo-stage';

/*
 * The second part of `npm run demo`: what the people do who run the app. It goes on with the users of the first part,
 * and is the operator's chapter of the README.
 */

const versioned = z.object({ version: z.number() });
const catalog = z.object({
  packages: z.array(versioned.extend({ package_id: z.string() })),
});
const jobAnswer = z.object({ job_id: z.string() });

const FILE = `user_id,amount,credit_type,reason
alice,25,general,Sorry for Tuesday
bob,25,general,Sorry for Tuesday
bob,-500,general,Counted twice
`;

/** Whoever tells it: Carol may do everything, Eve answers questions. */
interface Office {
  readonly narrator: Narrator;
  readonly carol: string;
  readonly eve: string;
}

export async function tellOffice(narrator: Narrator): Promise<void> {
  const { call } = narrator;
  const office = {
    narrator,
    carol: await tokenOf(call, { sub: 'carol', client: 'admin', groups: ['admin'] }),
    eve: await tokenOf(call, { sub: 'eve', client: 'admin', groups: ['support'] }),
  };
  await correctBalances(office);
  await sell(office);
  await cancelProject(office);
  await freezeUser(office);
  await lookThingsUp(office);
  await report(office);
}

async function correctBalances({ carol, narrator: { call, say } }: Office): Promise<void> {
  say('Adjust: 15 credits for Alice, with the reason. A negative amount takes away.');
  await call('POST', '/admin/credits/adjust', {
    token: carol,
    key: 'case-311',
    body: { user_id: 'alice', amount: 15, reason: 'Import of 14 November failed' },
    fields: ['transaction_id', 'balance'],
  });

  say(
    'Bulk: a file of corrections. The dry run tells what each row would do, and changes nothing.',
  );
  await call('POST', '/admin/credits/bulk?dry_run=true', {
    token: carol,
    csv: FILE,
    fields: ['totals', 'results'],
    columns: ['row', 'user_id', 'amount', 'outcome', 'code', 'balance'],
  });

  say('The run is a job. Each row is done once, however often the file is sent with this key.');
  const { job_id: id } = jobAnswer.parse(
    await call('POST', '/admin/credits/bulk', {
      token: carol,
      key: 'sorry-for-tuesday',
      csv: FILE,
      fields: ['job_id', 'state'],
    }),
  );
  await call('POST', '/local/settle', { quiet: true });
  await call('GET', `/admin/credits/bulk/${id}`, {
    token: carol,
    fields: ['job.state', 'job.progress', 'results'],
    columns: ['row', 'user_id', 'amount', 'outcome', 'code', 'balance'],
  });
}

async function sell({ carol, narrator: { call, say } }: Office): Promise<void> {
  say('Settings: change those you name, at the version that you have looked at.');
  const settings = '/admin/credits/settings';
  const { version } = versioned.parse(await call('GET', settings, { token: carol, quiet: true }));
  await call('PUT', settings, {
    token: carol,
    body: { version, settings: { signup_bonus: 5 }, reason: 'Autumn campaign' },
    fields: ['version', 'changed_by', 'changes'],
  });

  say('Packages: a new price holds for the next purchase. One that was begun keeps its own.');
  const packages = '/admin/credits/packages';
  const offered = catalog.parse(await call('GET', packages, { token: carol, quiet: true }));
  const starter = offered.packages.find((each) => each.package_id === 'starter');
  await call('PATCH', `${packages}/starter`, {
    token: carol,
    body: { version: starter?.version, prices: [{ currency: 'USD', amount: 900 }] },
    fields: ['package_id', 'prices', 'active', 'version'],
  });

  say('Promotional codes: ten uses, credits for thirty days. Alice redeems it, in small letters.');
  const codes = '/admin/credits/promo-codes';
  await call('POST', codes, {
    token: carol,
    body: { code: 'AUTUMN', credits: 20, max_uses: 10, credits_expire_after_days: 30 },
    fields: ['code', 'credits', 'max_uses', 'uses', 'active'],
  });
  const alice = await tokenOf(call, { sub: 'alice' });
  await call('POST', '/credits/redeem', {
    token: alice,
    body: { code: 'autumn' },
    fields: ['credits_added', 'balance', 'credits_expire_at'],
  });
  await call('GET', `${codes}/AUTUMN/redemptions`, { token: carol, fields: ['redemptions'] });
}

async function cancelProject({ carol, narrator: { call, say } }: Office): Promise<void> {
  say('Applications: Bob applies to a project, which costs a credit. The project is cancelled.');
  const bob = await tokenOf(call, { sub: 'bob' });
  await call('POST', '/applied-projects', {
    token: bob,
    body: { project_id: 'website-7' },
    fields: ['application_id', 'credits_balance'],
  });
  const refund = '/admin/credits/refund-project/website-7';
  await call('POST', refund, {
    token: carol,
    body: { reason: 'Client withdrew' },
    fields: ['project_id', 'cancelled_by', 'job.state'],
  });
  await call('POST', '/local/settle', { quiet: true });
  await call('GET', refund, { token: carol, fields: ['job.state', 'job.progress'] });
  await call('GET', '/credits/refunds', {
    token: bob,
    fields: ['refunds'],
    columns: ['seq', 'type', 'amount', 'balance_after', 'description'],
  });
}

async function freezeUser({ carol, eve, narrator: { call, say } }: Office): Promise<void> {
  say('Freeze: nothing leaves the account, inflows still arrive. Eve of support may not do it.');
  const path = '/admin/credits/user/bob/freeze';
  const body = { reason: 'Card reported stolen' };
  await call('POST', path, { token: eve, body, fields: ['status', 'code'], expect: 403 });
  await call('POST', path, {
    token: carol,
    body,
    fields: ['frozen', 'transactions'],
    columns: ['credit_type', 'seq', 'type'],
  });
  const app = await tokenOf(call, { sub: 'app', client: 'service' });
  await call('POST', '/api/credits/bob/deduct', {
    token: app,
    body: { amount: 1, description: 'Enrich lead 44' },
    fields: ['status', 'code', 'detail'],
    expect: 403,
  });
}

async function lookThingsUp({ carol, eve, narrator: { call, say } }: Office): Promise<void> {
  say('Support: all about a user on one page; mails, holds, codes, subscription and proof too.');
  await call('GET', '/admin/credits/user/bob', {
    token: eve,
    fields: ['wallets', 'purchases', 'applications', 'audit', 'verification.result.ok'],
    columns: [
      ...['credit_type', 'credits_available', 'debt', 'frozen'],
      ...['purchase_id', 'status', 'amount', 'credits_granted', 'credits_reversed'],
      ...['project_id', 'actor', 'action', 'outcome', 'reason'],
    ],
  });

  say('Transactions: of everybody, or by user, type, credit type, actor and time.');
  await call('GET', '/admin/credits/transactions?user_id=alice&type=adjustment', {
    token: eve,
    fields: ['transactions'],
    columns: ['user_id', 'seq', 'type', 'amount', 'balance_after', 'description', 'actor'],
  });

  say('Export: the same as CSV. What is long becomes a job whose answer has a link to the file.');
  await call('GET', '/admin/credits/export?user_id=bob&type=purchase', { token: carol });

  say('Audit: who did what, when and why, and who was refused.');
  await call('GET', '/admin/credits/audit?user_id=bob', {
    token: carol,
    fields: ['records'],
    columns: ['actor', 'groups', 'action', 'outcome', 'code', 'reason', 'source_ip'],
  });
  await call('GET', '/admin/credits/audit?action=changeSettings', {
    token: carol,
    fields: ['records'],
    columns: ['actor', 'before', 'after', 'reason'],
  });
}

async function report({ carol, narrator: { call, say } }: Office): Promise<void> {
  say('Analytics: credits and money of a period, here of the last 30 days.');
  await call('GET', '/admin/credits/analytics', {
    token: carol,
    fields: [
      ...['sold', 'granted', 'spent', 'refunded', 'expired', 'reversed'].map(ofTotals),
      ...['reinstated', 'adjusted', 'outstanding', 'active_users'].map(ofTotals),
      'revenue',
      'popular_packages',
    ],
    columns: [
      ...['currency', 'purchases', 'gross', 'refunds', 'disputes', 'net', 'refund_rate'],
      ...['package_id', 'name', 'credits'],
    ],
  });

  say(
    'Report: a statement of the same period. Opening and movements lead to closing, or it says by how much not.',
  );
  await call('GET', '/admin/credits/report?credit_type=general&format=csv', { token: carol });
}

function ofTotals(name: string): string {
  return `totals.${name}`;
}
