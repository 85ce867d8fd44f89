import * as z from 'zod';
import type { Narrator } from '#infra/local/demo-narrator';
import { quietly, tokenOf } from '#infra/local/demo-stage';

/*
 * The third part of `npm run demo`: what an app's backend does beyond adding and deducting, and what it hears. It is the
 * transcript of the README's "Use the API", with users of its own.
 */

const held = z.object({ hold: z.object({ hold_id: z.string() }) });
const session = z.object({ session_id: z.string() });
const spent = z.object({ transaction: z.object({ created_at: z.string() }) });
const mails = z.object({ emails: z.array(z.object({ text: z.string() })) });
const whose = { user_id: z.string().optional() };
const told = z.object({
  events: z.array(
    z.object({
      event: z.object({
        'detail-type': z.string(),
        detail: z.object({
          ...whose,
          seq: z.int().optional(),
          purchase: z.object(whose).optional(),
          transaction: z
            .object({ ...whose, seq: z.int(), type: z.string(), amount: z.int() })
            .optional(),
        }),
      }),
    }),
  ),
});

/** Dora is who it happens to. */
interface Backend {
  readonly narrator: Narrator;
  readonly app: string;
  readonly dora: string;
}

const MOVED = ['balance', 'hold.state', 'hold.amount', 'hold.captured'];

export async function tellBackend(narrator: Narrator): Promise<void> {
  const { call } = narrator;
  const app = await tokenOf(call, { sub: 'app', client: 'service' });
  const backend = { narrator, app, dora: await tokenOf(call, { sub: 'dora' }) };
  for (const [userId, amount] of [
    ['dora', 95],
    ['eli', 1],
  ] as const) {
    const account = { user_id: userId, email: `${userId}@example.com` };
    await call('POST', '/api/accounts', { token: app, body: account, quiet: true });
    const body = { amount, description: 'Trial' };
    await call('POST', `/api/credits/${userId}/add`, { token: app, body, quiet: true });
  }
  const capturedAt = await holdAndCapture(backend);
  await moveAndBatch(backend);
  await hearOfLowBalance(backend);
  await topUp(backend);
  await lookBack(backend, capturedAt);
}

/** Answers when it was captured. */
async function holdAndCapture({ app, narrator: { call, say } }: Backend): Promise<string> {
  say('Hold: 40 credits set aside before an import. Nobody else can spend them for ten minutes.');
  const { hold } = held.parse(
    await call('POST', '/api/credits/dora/holds', {
      token: app,
      key: 'import-7',
      body: { amount: 40, description: 'Import of 1,000 leads', expires_in: 600 },
      fields: ['hold.hold_id', ...MOVED],
    }),
  );
  say('Capture: it cost 25, and the rest is free again. A hold ends once.');
  const path = `/api/credits/dora/holds/${hold.hold_id}`;
  const capture = { token: app, key: 'import-7-done', body: { amount: 25 } };
  const captured = spent.parse(
    await call('POST', `${path}/capture`, { ...capture, fields: MOVED }),
  );
  await call('POST', `${path}/release`, {
    token: app,
    fields: ['status', 'code'],
    expect: 409,
  });
  return captured.transaction.created_at;
}

async function moveAndBatch({ app, narrator: { call, say } }: Backend): Promise<void> {
  say('Transfer: Dora gives Eli 20 credits. They keep category, priority and expiry.');
  await call('POST', '/api/credits/dora/transfer', {
    token: app,
    key: 'gift-1',
    body: { to_user_id: 'eli', amount: 20 },
    fields: ['balance', 'to_user_id', 'to_transaction_id'],
  });

  say('Batch: up to 40 spends of one wallet in one transaction; here those that fit.');
  const spends = [5, 900, 3].map((amount, index) => ({
    amount,
    description: `Enrich lead ${index + 45}`,
    idempotency_key: `lead-${index + 45}`,
  }));
  await call('POST', '/api/credits/dora/deduct-batch', {
    token: app,
    key: 'night-1',
    body: { partial: true, spends },
    fields: ['balance', 'credits_spent', 'results'],
    columns: ['idempotency_key', 'status', 'refusal'],
  });
}

async function hearOfLowBalance(backend: Backend): Promise<void> {
  const { app, dora } = backend;
  const { call, say, show } = backend.narrator;
  say('Alerts: Dora wants to hear when less than 40 credits are left.');
  await call('PUT', '/credits/alerts', {
    token: dora,
    body: { threshold: 40 },
    fields: ['threshold', 'own_threshold', 'available', 'low'],
  });
  await call('POST', '/api/credits/dora/deduct', {
    token: app,
    body: { amount: 15, description: 'Enrich lead 48' },
    fields: ['balance'],
  });
  await call('POST', '/local/settle', { quiet: true });
  const inbox = '/local/emails?to=dora@example.com';
  const { emails } = mails.parse(await call('GET', inbox, { quiet: true }));
  show('The mail that she gets', emails.at(-1)?.text ?? 'no e-mail');
}

async function topUp({ app, dora, narrator: { call, say } }: Backend): Promise<void> {
  say('Automatic top-up: a package whenever less than 40 are left, and a card saved for it.');
  await call('PUT', '/credits/auto-topup', {
    token: dora,
    body: {
      enabled: true,
      threshold: 40,
      package_id: 'starter',
      currency: 'USD',
      max_per_month: 3,
      max_amount_per_month: 5_000,
    },
    fields: ['enabled', 'state'],
  });
  const page = session.parse(
    await call('POST', '/credits/auto-topup/setup', {
      token: dora,
      body: {
        success_url: 'http://localhost:3000/saved',
        cancel_url: 'http://localhost:3000/settings',
      },
      fields: ['setup_url'],
    }),
  );
  await quietly(call, `/local/stripe/sessions/${page.session_id}/pay`, { outcome: 'success' });
  await call('GET', '/credits/auto-topup', {
    token: dora,
    fields: ['state', 'available', 'purchases_this_month', 'amount_this_month', 'last_purchase'],
  });
  await call('GET', '/api/credits/dora/balance', {
    token: app,
    fields: ['credits_balance', 'total_purchased', 'version'],
  });
}

async function lookBack(backend: Backend, capturedAt: string): Promise<void> {
  const { app } = backend;
  const { call, say, show } = backend.narrator;
  say('Balance of a past instant: what Dora had after the import, grant by grant.');
  await call('GET', `/api/credits/dora/balance?at=${capturedAt}`, {
    token: app,
    fields: ['credits_balance', 'version', 'grants'],
    columns: ['category', 'priority', 'remaining', 'held', 'expires_at'],
  });

  say(
    'Events: other systems follow all of it on the bus. A number that is missing is still to come.',
  );
  const { events } = told.parse(await call('GET', '/local/events', { quiet: true }));
  const lines = events.flatMap(({ event: { detail, 'detail-type': type } }) => {
    const { purchase, transaction } = detail;
    if ((transaction ?? purchase ?? detail).user_id !== 'dora') return [];
    const { seq } = transaction ?? detail;
    const moved = transaction ? `  type "${transaction.type}"  amount ${transaction.amount}` : '';
    return seq === undefined ? `-  ${type}` : `seq ${seq}  ${type}${moved}`;
  });
  // They come at least once and in any order: consumers sort them, too.
  show("Dora's, from GET /local/events", [...new Set(lines)].toSorted().join('\n'));
}
