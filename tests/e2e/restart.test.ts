import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createClient, openDataDirectory } from '#tests/support/stack';
import { userDump } from '#tests/support/user-dump';

const data = openDataDirectory();
const started: { readonly child: ChildProcess; readonly exited: Promise<unknown> }[] = [];
afterAll(async () => {
  for (const { child, exited } of started) {
    child.kill('SIGKILL');
    await exited;
  }
  expect(data.close()).toBeGreaterThan(0);
});

/** `npm start` as its own process, up to its ready line. */
async function start(env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['infra/local/start.ts'], {
    env: { ...process.env, PORT: '0', DATA_DIR: data.path, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  started.push({ child, exited });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (http:\/\/\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { child, exited, client: createClient(url) };
  }
  throw new Error('the stack ended before it was ready');
}

type Running = Awaited<ReturnType<typeof start>>;

/** Ends it as the machine would, and begins again on what it left. */
async function restart({ child, exited }: Running): Promise<Running> {
  child.kill('SIGKILL');
  await exited;
  return start();
}

let running: Running;
beforeAll(async () => {
  running = await start();
});

const history = z.object({
  transactions: z.array(z.object({ transaction_id: z.string(), type: z.string() })),
  pagination: z.object({ next_cursor: z.string().nullable() }),
});

describe('kill -9 in the middle of 1,000 deducts', () => {
  test('every acknowledged deduct is there after the restart, none twice, and the ledger verifies', async () => {
    const { child, client } = running;
    const token = await client.token({ sub: 'app', client: 'service' });
    const post = (path: string, body: object, key?: string) =>
      client.send('POST', path, { token, body, ...(key !== undefined && { key }) });
    await post('/api/credits/dora/add', { amount: 1_000, description: 'Before the crash' });

    const acknowledged = new Map<string, string>();
    const keys = Array.from({ length: 1_000 }, (_, n) => `deduct-${n}`).values();
    const workers = Array.from({ length: 4 }, async () => {
      for (const key of keys) {
        const body = { amount: 1, description: 'One of many' };
        // A connection that breaks is what this test makes; such a deduct may or may not be there.
        const answer = await post('/api/credits/dora/deduct', body, key).catch(() => null);
        if (answer?.status === 201) {
          acknowledged.set(key, z.string().parse(answer.body['transaction_id']));
        }
        if (acknowledged.size >= 200 && !child.killed) child.kill('SIGKILL');
        if (answer === null) return;
      }
    });
    await Promise.all(workers);
    expect(acknowledged.size).toBeGreaterThanOrEqual(200);

    const again = await restart(running);
    running = again;
    const fresh = await again.client.token({ sub: 'app', client: 'service' });
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await again.client.send(
        'GET',
        `/api/credits/dora/history?type=usage&limit=100${page}`,
        { token: fresh },
      );
      const { transactions, pagination } = history.parse(answer.body);
      found.push(...transactions.map((transaction) => transaction.transaction_id));
      cursor = pagination.next_cursor;
    } while (cursor !== null);
    expect(new Set(found).size).toBe(found.length);
    expect([...acknowledged.values()].filter((id) => !found.includes(id))).toEqual([]);

    const [key, id] = [...acknowledged][0] ?? [];
    const replay = await again.client.send('POST', '/api/credits/dora/deduct', {
      token: fresh,
      key: key ?? '',
      body: { amount: 1, description: 'One of many' },
    });
    expect(replay).toMatchObject({ status: 201, body: { transaction_id: id } });

    const admin = await again.client.token({ sub: 'carol', client: 'admin', groups: ['admin'] });
    const proof = await again.client.send('GET', '/admin/credits/verify/dora', { token: admin });
    expect(proof.body).toMatchObject({ ok: true });
  });
});

const queueList = z.object({
  queues: z.array(z.object({ name: z.string(), visible: z.number(), in_flight: z.number() })),
});

/** A new user on the payment page; without an address, because a mail that is cut off is tried again and says so. */
async function beginCheckout({ client }: Running, sub: string) {
  const token = await client.token({ sub });
  const urls = { success_url: 'http://localhost:3000/a', cancel_url: 'http://localhost:3000/b' };
  const checkout = await client.send('POST', '/credits/checkout', {
    token,
    body: { package_id: 'starter', ...urls },
  });
  const session = z.string().parse(checkout.body['session_id']);
  return {
    pay: () =>
      client.send('POST', `/local/stripe/sessions/${session}/pay`, {
        body: { outcome: 'success' },
      }),
    balance: async () =>
      (await client.send('GET', '/credits/balance', { token })).body['credits_balance'],
  };
}

describe('kill -9 while payments are in flight', () => {
  test('one cut off before its commit and one after it end as one that nothing happened to', async () => {
    const { client } = running;
    const [lucky, after, before] = [
      await beginCheckout(running, 'lucky'),
      await beginCheckout(running, 'cut-after'),
      await beginCheckout(running, 'cut-before'),
    ];
    const fault = (body: object) => client.send('POST', '/local/faults', { body });
    const inFlight = async () => {
      const { body } = await client.send('GET', '/local/queues');
      const { queues } = queueList.parse(body);
      return queues.find(({ name }) => name.endsWith('-fulfillment'))?.in_flight ?? 0;
    };
    await lucky.pay();
    await client.settle();
    const dump = await userDump(client, 'lucky');
    expect(await lucky.balance()).toBe(100);

    // Committed, and never taken off the queue.
    await fault({
      service: 'sqs',
      kind: 'unavailable',
      operation: 'DeleteMessageBatch',
      times: 9_999,
    });
    await after.pay();
    await expect.poll(after.balance, { timeout: 20_000 }).toBe(100);
    const committed = await inFlight();
    expect(committed).toBeGreaterThan(0);
    // Received, and about to be committed.
    await fault({ service: 'dynamodb', hold_transactions_ms: 60_000 });
    await before.pay();
    await expect.poll(inFlight, { timeout: 20_000 }).toBeGreaterThan(committed);
    expect(await before.balance()).toBe(0);

    running = await restart(running);
    const again = running.client;
    expect(await userDump(again, 'cut-before')).not.toContain('"type":{"S":"purchase"}');
    await again.advance('PT4M');
    await again.settle();
    expect(await userDump(again, 'cut-after')).toBe(dump);
    expect(await userDump(again, 'cut-before')).toBe(dump);
    const { body } = await again.send('GET', '/local/queues');
    const left = queueList
      .parse(body)
      .queues.filter((queue) => queue.visible + queue.in_flight > 0);
    expect(left).toEqual([]);
  });
});

test('a stack that is asked to stop ends well', async () => {
  running.child.kill('SIGINT');
  const [code] = z
    .tuple([z.number().nullable()])
    .rest(z.unknown())
    .parse(await running.exited);
  expect(code).toBe(0);
});
