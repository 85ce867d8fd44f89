import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { tellBackend } from '#infra/local/demo-backend';
import { createNarrator, type Narrator } from '#infra/local/demo-narrator';
import { tellOffice } from '#infra/local/demo-office';
import { tellPlans } from '#infra/local/demo-plans';
import { quietly, tokenOf } from '#infra/local/demo-stage';
import { LocalStackError } from '#infra/local/local-stack-error';
import { startStack } from '#infra/local/stack';

/*
 * `npm run demo`: the life of some credits, played against a stack of its own with the very requests that an app would
 * send. It ends with exit code 0 only when every step did what the text says. With `--data-dir DIR`, an empty folder,
 * what the stack and its functions wrote stays there to be looked at.
 */

const packageList = z.object({ packages: z.array(z.object({ package_id: z.string() })) });
const checkout = z.object({ session_id: z.string(), purchase_id: z.string() });
const order = z.object({ order_id: z.string(), purchase_id: z.string() });
const paid = z.object({
  razorpay_payment_id: z.string(),
  razorpay_order_id: z.string(),
  razorpay_signature: z.string(),
});
const movement = z.object({ transaction_id: z.string(), balance: z.number() });
const emails = z.object({ emails: z.array(z.object({ text: z.string() })) });

async function tell(narrator: Narrator): Promise<void> {
  await aliceBuys(narrator);
  await theAppSpends(narrator);
  await bobPaysInRupees(narrator);
  await timePasses(narrator);
}

async function aliceBuys({ say, call, show }: Narrator): Promise<void> {
  say('Alice signs up. Her account starts with a bonus of 1 credit.');
  const alice = await tokenOf(call, { sub: 'alice', email: 'alice@example.com' });
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
  await quietly(call, `/local/stripe/sessions/${session}/pay`, { outcome: 'success' });
  await call('GET', '/credits/balance', {
    token: alice,
    fields: ['credits_balance', 'total_purchased', 'total_granted', 'version'],
  });
  const mails = emails.parse(await call('GET', '/local/emails', { quiet: true })).emails;
  show('The receipt in her inbox', mails.at(-1)?.text ?? 'no e-mail');
}

async function theAppSpends({ say, call }: Narrator): Promise<void> {
  say(
    "The app's backend spends 30 credits for her, with a key that makes the request safe to repeat.",
  );
  const app = await tokenOf(call, { sub: 'app', client: 'service' });
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
}

async function bobPaysInRupees({ say, call }: Narrator): Promise<void> {
  say(
    'Bob buys 100 credits with Razorpay, at the price per credit. The order is ours, so is the price.',
  );
  const bob = await tokenOf(call, { sub: 'bob' });
  const { order_id: orderId, purchase_id: purchaseId } = order.parse(
    await call('POST', '/credits/initiate-purchase', {
      token: bob,
      body: { credits: 100, credit_type: 'general' },
      fields: ['purchase_id', 'order_id', 'amount', 'currency', 'credits'],
    }),
  );

  say('He pays on the page. It hands the app a signature, and the app asks us to verify it.');
  const body = paid.parse(
    await call('POST', `/local/razorpay/orders/${orderId}/pay`, {
      body: { outcome: 'success' },
      quiet: true,
    }),
  );
  await call('POST', '/credits/verify-payment', {
    token: bob,
    body: {
      razorpay_payment_id: body.razorpay_payment_id,
      razorpay_order_id: body.razorpay_order_id,
      razorpay_signature: body.razorpay_signature,
    },
    fields: ['credits_added', 'credits_balance', 'transaction_id'],
  });
  await call('POST', '/local/settle', { quiet: true });

  const payment = `/local/razorpay/payments/${body.razorpay_payment_id}`;
  const look = async (): Promise<void> => {
    const fields = ['status', 'amount_refunded', 'credits_granted', 'credits_reversed'];
    await call('GET', `/credits/purchases/${purchaseId}`, { token: bob, fields });
    await call('GET', '/credits/balance', { token: bob, fields: ['credits_balance'] });
  };
  say('A quarter of his money goes back, and a quarter of the credits with it.');
  await quietly(call, `${payment}/refund`, { amount: 125_000 });
  await look();

  say(
    'His bank disputes the rest: what is disputed cannot be spent. The dispute is won, and all of it is back.',
  );
  await quietly(call, `${payment}/dispute`, { step: 'created' });
  await look();
  await quietly(call, `${payment}/dispute`, { step: 'won' });
  await look();
}

async function timePasses({ say, call }: Narrator): Promise<void> {
  say(
    '50 promotional credits expire tomorrow, so they burn before the bought ones. An hour after that they are gone.',
  );
  const app = await tokenOf(call, { sub: 'app', client: 'service' });
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
  await quietly(call, '/local/clock', { advance: 'PT25H' });
  const alice = await tokenOf(call, { sub: 'alice' });
  await call('GET', '/credits/balance', { token: alice, fields: ['credits_balance', 'version'] });

  say(
    'Everything is in the history, and anyone can prove it from the entries: numbers, balances, hashes.',
  );
  const columns = ['seq', 'type', 'amount', 'balance_after', 'description'];
  await call('GET', '/credits/history?limit=10', {
    token: alice,
    fields: ['transactions'],
    columns,
  });
  await call('GET', '/api/credits/bob/history?limit=10', {
    token: await tokenOf(call, { sub: 'app', client: 'service' }),
    fields: ['transactions'],
    columns,
  });
  const admin = await tokenOf(call, { sub: 'carol', client: 'admin', groups: ['admin'] });
  await call('GET', '/admin/credits/verify/alice', { token: admin });
  await call('GET', '/admin/credits/verify/bob', { token: admin });
}

async function tomorrow(call: Narrator['call']): Promise<string> {
  const info = await call('GET', '/local/info', { quiet: true });
  const { now } = z.object({ now: z.string() }).parse(info);
  return new Date(Date.parse(now) + 24 * 60 * 60 * 1_000).toISOString();
}

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } });
const kept = values['data-dir'];
const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'credit-ledger-demo-'));
try {
  const stack = await startStack({ port: 0, dataDir, log: () => undefined });
  try {
    const stage = { url: stack.url, write: (text: string) => process.stdout.write(text) };
    await tell(createNarrator(stage));
    stage.write('\nWhat operators do:\n');
    await tellOffice(createNarrator(stage));
    stage.write('\nWhat backends do beyond adding and deducting:\n');
    await tellBackend(createNarrator(stage));
    stage.write('\nWhat plans do:\n');
    await tellPlans(createNarrator(stage));
  } finally {
    await stack.close();
  }
} catch (error) {
  if (!(error instanceof LocalStackError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  if (kept === undefined) rmSync(dataDir, { recursive: true, force: true });
}
