import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createClient } from '#tests/support/stack';

const dataDir = mkdtempSync(join(tmpdir(), 'credit-ledger-restart-'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

/** `npm start` as its own process, up to its ready line. */
async function start(env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['infra/local/start.ts'], {
    env: { ...process.env, PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (http:\/\/\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { child, exited, client: createClient(url) };
  }
  throw new Error('the stack ended before it was ready');
}

const history = z.object({
  transactions: z.array(z.object({ transaction_id: z.string(), type: z.string() })),
  pagination: z.object({ next_cursor: z.string().nullable() }),
});

describe('kill -9 in the middle of 1,000 deducts', () => {
  test('every acknowledged deduct is there after the restart, none twice, and the ledger verifies', async () => {
    const { child, exited, client } = await start();
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
    await exited;
    expect(acknowledged.size).toBeGreaterThanOrEqual(200);

    const again = await start();
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

    again.child.kill('SIGINT');
    const [code] = z
      .tuple([z.number().nullable()])
      .rest(z.unknown())
      .parse(await again.exited);
    expect(code).toBe(0);
  });
});
