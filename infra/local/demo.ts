import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { createNarrator, type Narrator } from '#infra/local/demo-narrator';
import { LocalStackError } from '#infra/local/local-stack-error';
import { startStack } from '#infra/local/stack';

/*
 * `npm run demo`: the life of some credits, played against a stack of its own with the very requests that an app would
 * send. It ends with exit code 0 only when every step did what the text says.
 */

const tokenAnswer = z.object({ access_token: z.string() });
const packageList = z.object({ packages: z.array(z.object({ package_id: z.string() })) });
const checkout = z.object({ session_id: z.string(), purchase_id: z.string() });
const movement = z.object({ transaction_id: z.string(), balance: z.number() });
const emails = z.object({ emails: z.array(z.object({ text: z.string() })) });

async function tell({ say, call, show }: Narrator): Promise<void> {
  const tokenOf = async (claims: object): Promise<string> =>
    tokenAnswer.parse(await call('POST', '/local/tokens', { body: claims, quiet: true }))
      .access_token;

  say('Alice signs up. Her account starts with a bonus of 1 credit.');
  const alice = await tokenOf({ sub: 'alice', email: 'alice@example.com' });
  await call('GET', '/credits/balance', { token: alice, fields: ['credits_balance', 'version'] });

  say('She looks at what is for sale, and starts a checkout for 100 credits.');
  const { packages } = packageList.parse(
    await call('GET', '/credits/packages?currency=USD', {
      fields: ['packages'],
      columns: ['package_id', 'credits', 'price', 'currency', 'price_per_credit'],
    }),
  );
  const [starter] = packages;
  const body = {
    package_id: starter?.package_id,
    success_url: 'http://localhost:3000/success',
    cancel_url: 'http://localhost:3000/cancel',
  };
  const { session_id: session } = checkout.parse(
    await call('POST', '/credits/checkout', { token: alice, body }),
  );

  say(
    'She pays on the hosted page. Stripe calls the webhook; the queue, the ledger and the mailer do the rest.',
  );
  await call('POST', `/local/stripe/sessions/${session}/pay`, {
    body: { outcome: 'success' },
    quiet: true,
  });
  await call('POST', '/local/settle', { quiet: true });
  await call('GET', '/credits/balance', {
    token: alice,
    fields: ['credits_balance', 'total_purchased', 'total_granted', 'version'],
  });
  const mails = emails.parse(await call('GET', '/local/emails', { quiet: true })).emails;
  show('The receipt in her inbox', mails.at(-1)?.text ?? 'no e-mail');

  say(
    "The app's backend spends 30 credits for her, with a key that makes the request safe to repeat.",
  );
  const app = await tokenOf({ sub: 'app', client: 'service' });
  const spend = {
    token: app,
    key: 'enrich-lead-42',
    body: { amount: 30, description: 'Enrich lead 42' },
    fields: ['success', 'transaction_id', 'balance'],
  } as const;
  const spent = movement.parse(await call('POST', '/api/credits/alice/deduct', spend));

  say('The answer got lost, so the backend sends it again: the same answer, nothing spent twice.');
  await call('POST', '/api/credits/alice/deduct', spend);

  say('The same key with another amount is a mistake, and so is spending more than there is.');
  await call('POST', '/api/credits/alice/deduct', {
    ...spend,
    body: { amount: 31, description: 'Enrich lead 42' },
    fields: ['status', 'code', 'detail'],
    expect: 422,
  });
  await call('POST', '/api/credits/alice/deduct', {
    token: app,
    body: { amount: 500, description: 'Enrich everything' },
    fields: ['status', 'code', 'required', 'available', 'shortfall'],
    expect: 402,
  });

  say('Enriching gave only part of the data: 10 credits go back to the grant they came from.');
  await call('POST', '/api/credits/alice/refund', {
    token: app,
    body: { transaction_id: spent.transaction_id, amount: 10 },
    fields: ['success', 'balance'],
  });

  say(
    '50 promotional credits expire tomorrow, so they burn before the bought ones. Two days later they are gone.',
  );
  const expiry = { category: 'promotional', expires_at: await tomorrow(call) };
  await call('POST', '/api/credits/alice/add', {
    token: app,
    body: { amount: 50, description: 'Launch week', ...expiry },
    fields: ['success', 'balance'],
  });
  await call('POST', '/api/credits/alice/deduct', {
    token: app,
    body: { amount: 20, description: 'Enrich lead 43' },
    fields: ['success', 'balance'],
  });
  await call('POST', '/local/clock', { body: { advance: 'P2D' }, quiet: true });
  const later = await tokenOf({ sub: 'alice' });
  await call('GET', '/credits/balance', { token: later, fields: ['credits_balance', 'version'] });

  say(
    'Everything is in her history, and anyone can prove it from the entries: numbers, balances, hashes.',
  );
  await call('GET', '/credits/history?limit=10', {
    token: later,
    fields: ['transactions'],
    columns: ['seq', 'type', 'amount', 'balance_after', 'description'],
  });
  const admin = await tokenOf({ sub: 'carol', client: 'admin', groups: ['admin'] });
  await call('GET', '/admin/credits/verify/alice', { token: admin });
}

async function tomorrow(call: Narrator['call']): Promise<string> {
  const { now } = z
    .object({ now: z.string() })
    .parse(await call('GET', '/local/info', { quiet: true }));
  return new Date(Date.parse(now) + 24 * 60 * 60 * 1_000).toISOString();
}

const dataDir = mkdtempSync(join(tmpdir(), 'credit-ledger-demo-'));
try {
  const stack = await startStack({ port: 0, dataDir, log: () => undefined });
  try {
    await tell(createNarrator({ url: stack.url, write: (text) => process.stdout.write(text) }));
  } finally {
    await stack.close();
  }
} catch (error) {
  if (!(error instanceof LocalStackError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
