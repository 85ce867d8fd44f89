import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiError, createClient } from '#lib/contract/client';
import { routes } from '#lib/contract/routes';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly token: string | undefined;
  readonly body: string;
}

/** What the server does with the next requests; afterwards it answers the last again. */
let script: readonly ('cut' | { readonly status: number; readonly body: object })[] = [];
let seen: Seen[] = [];
let server: Server;
let url = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, method } = request;
      const key = headers['idempotency-key'];
      seen.push({
        method,
        url: request.url,
        key: Array.isArray(key) ? key.join() : key,
        token: headers.authorization,
        body: Buffer.concat(chunks).toString(),
      });
      const step = script[Math.min(seen.length, script.length) - 1];
      if (step === undefined || step === 'cut') return request.socket.destroy();
      response.writeHead(step.status, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(step.body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => server.close());

const waits: number[] = [];
const client = () =>
  createClient({
    url,
    token: () => 'secret',
    sleep: async (ms) => waits.push(ms),
  });

function play(...steps: typeof script): void {
  script = steps;
  seen = [];
}

const busy = { status: 503, body: { code: 'CONTENTION' } };
const checked = {
  status: 200,
  body: {
    credit_type: 'general',
    has_sufficient: true,
    balance: 9,
    available: 9,
    required: 5,
    shortfall: 0,
    frozen: false,
  },
};

it('sends what the route takes, and answers what the route says', async () => {
  play(checked);
  const answer = await client()(routes.checkCredits, { query: { required: 5 } });
  expect(answer.has_sufficient).toBe(true);
  expect(seen).toEqual([
    {
      method: 'GET',
      url: '/credits/check?required=5',
      token: 'Bearer secret',
      body: '',
    },
  ]);
});

it('repeats a write whose answer was lost, and one that was told to come back, under one key', async () => {
  const refused = { code: 'INSUFFICIENT_CREDITS', detail: 'Too few.', shortfall: 3 };
  play('cut', busy, { status: 402, body: refused });
  const spent = client()(routes.deductCredits, {
    params: { userId: 'al/ice' },
    body: { amount: 5, description: 'Enrich a lead' },
  });
  await expect(spent).rejects.toThrow(ApiError);
  expect(seen).toHaveLength(3);
  expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
  expect(seen[0]?.key).toMatch(/^[\x21-\x7e]{1,255}$/);
  expect(seen[0]?.url).toBe('/api/credits/al%2Fice/deduct');
  expect(JSON.parse(seen[2]?.body ?? '')).toEqual({ amount: 5, description: 'Enrich a lead' });
});

it('tries a write without a key once, and any other at most five times', async () => {
  play(busy);
  await expect(
    client()(routes.changePackage, { params: { id: 'starter' }, body: { version: 1 } }),
  ).rejects.toMatchObject({ status: 503, code: 'UNKNOWN' });
  expect(seen).toHaveLength(1);
  play('cut');
  await expect(client()(routes.getHealth, {})).rejects.toThrow();
  expect(seen).toHaveLength(5);
});

it('refuses an answer that the contract does not know', async () => {
  play({ ...checked, body: { ...checked.body, balance: '9' } });
  await expect(client()(routes.checkCredits, { query: { required: 5 } })).rejects.toThrow();
});
