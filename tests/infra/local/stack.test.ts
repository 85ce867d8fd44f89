import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { listen, stopListening } from '#infra/local/listen';
import { type Stack, startStack } from '#infra/local/stack';
import { temporaryFolder } from '#tests/infra/local/fixture-function';
import { writeFixtureTemplates } from '#tests/infra/local/fixture-stack';

let templates: string;
beforeAll(() => {
  templates = writeFixtureTemplates();
});

const silent = (): void => undefined;
const start = (dataDir = temporaryFolder(), more: object = {}): Promise<Stack> =>
  startStack({ port: 0, dataDir, templates, log: silent, ...more });

type Json = Record<string, unknown>;
const jsonSchema = z.record(z.string(), z.unknown());

async function call(url: string, method: string, path: string, body?: unknown): Promise<Json> {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const json = jsonSchema.parse(await response.json());
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(json)}`);
  return json;
}

const dumpSchema = z.object({
  items: z.array(
    z.object({
      pk: z.object({ S: z.string() }),
      times: z.object({ N: z.string() }).optional(),
      clock: z.object({ S: z.string() }).optional(),
    }),
  ),
});

/** What the functions noted under keys that begin so. */
async function noted(url: string, prefix: string) {
  const { items } = dumpSchema.parse(await call(url, 'GET', '/local/dump'));
  return items
    .filter(({ pk }) => pk.S.startsWith(prefix))
    .map(({ clock, pk, times }) => ({
      key: pk.S.slice(prefix.length),
      times: Number(times?.N ?? 1),
      clock: clock?.S,
    }));
}

const queuesSchema = z.object({
  queues: z.array(z.object({ name: z.string(), visible: z.number(), in_flight: z.number() })),
});
async function queue(url: string, name: string) {
  const { queues } = queuesSchema.parse(await call(url, 'GET', '/local/queues'));
  return queues.find((one) => one.name === name);
}

describe('a running stack', () => {
  let stack: Stack;
  let url: string;
  beforeAll(async () => {
    stack = await start();
    ({ url } = stack);
  });
  afterAll(() => stack.close());

  test('has run the functions of its deployment before it is ready', async () => {
    expect(await noted(url, 'DEFAULTS')).toHaveLength(1);
  });

  test('serves routes and function URLs', async () => {
    expect(await call(url, 'GET', '/now')).toHaveProperty('now');
    const response = await fetch(`${url}/webhooks/echo`, { method: 'POST', body: 'raw' });
    expect(response.status).toBe(202);
  });

  test('mints tokens that the authorizer takes, and signs a new user up once', async () => {
    const claims = { sub: 'u1', email: 'u1@example.com' };
    await call(url, 'POST', '/local/tokens', claims);
    const { access_token: token } = await call(url, 'POST', '/local/tokens', claims);
    const response = await fetch(`${url}/me`, {
      headers: { authorization: `Bearer ${String(token)}` },
    });
    expect(await response.json()).toMatchObject({ user: 'u1' });
    expect((await fetch(`${url}/me`)).status).toBe(401);
    expect(await noted(url, 'USER#')).toEqual([
      { key: 'u1@example.com', times: 1, clock: undefined },
    ]);
  });

  test('settles only when the stream has been read to its end', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `s${index}`);
    await call(url, 'POST', '/items', { ids });
    await call(url, 'POST', '/local/settle');
    expect(await noted(url, 'SEEN#ITEM#s')).toHaveLength(250);
  });

  test('puts a stream record that cannot be handled aside, and only that one', async () => {
    await call(url, 'POST', '/items', { ids: ['p1', 'p2', 'poison', 'p3', 'p4'] });
    await call(url, 'POST', '/local/settle');
    const seen = await noted(url, 'SEEN#ITEM#p');
    expect(seen.map(({ key }) => key)).toEqual(['1', '2', '3', '4']);
    expect(await queue(url, 'stream-failures')).toMatchObject({ visible: 1 });
  });

  test('retries a failed message when its time has come, then leaves it to the dead-letter queue', async () => {
    await call(url, 'POST', '/messages', { messages: ['good1', 'bad1', 'good2'] });
    const settled = await call(url, 'POST', '/local/settle');
    expect(settled).toMatchObject({ settled: true, waiting: [{ name: 'messages', in_flight: 1 }] });
    expect(await noted(url, 'MESSAGE#good')).toMatchObject([{ times: 1 }, { times: 1 }]);
    expect(await noted(url, 'MESSAGE#bad')).toMatchObject([{ times: 1 }]);
    await call(url, 'POST', '/local/clock', { advance: 'PT31S' });
    await call(url, 'POST', '/local/settle');
    expect(await noted(url, 'MESSAGE#bad')).toMatchObject([{ times: 2 }]);
    await call(url, 'POST', '/local/clock', { advance: 'PT31S' });
    await call(url, 'POST', '/local/settle');
    expect(await noted(url, 'MESSAGE#bad')).toMatchObject([{ times: 2 }]);
    expect(await queue(url, 'messages-dead')).toMatchObject({ visible: 1 });
    expect(await call(url, 'POST', '/local/queues/messages-dead/redrive')).toMatchObject({
      moved: 1,
    });
    await call(url, 'POST', '/local/settle');
    expect(await noted(url, 'MESSAGE#bad')).toMatchObject([{ times: 3 }]);
  });

  test('runs on the way through time what falls due, each at its own time', async () => {
    const before = stack.clock.now().getTime();
    await call(url, 'POST', '/local/clock', { advance: 'PT3H' });
    const ticks = await noted(url, 'TICK#');
    expect(ticks).toHaveLength(3);
    for (const { clock, key } of ticks) {
      expect(Math.abs(Date.parse(clock ?? '') - Date.parse(key))).toBeLessThan(10_000);
    }
    expect(Date.parse(ticks[2]?.key ?? '') - before).toBeLessThanOrEqual(3 * 3_600_000);
    const { now } = await call(url, 'GET', '/now');
    expect(Math.abs(Date.parse(String(now)) - before - 3 * 3_600_000)).toBeLessThan(60_000);
  });

  test('runs a schedule on demand', async () => {
    const run = await call(url, 'POST', '/local/schedules/Hourly/run');
    expect(run).toMatchObject({ name: 'Hourly', ok: true });
  });

  test.each([
    ['POST', '/local/clock', { advance: 'P1M' }, /not a duration/],
    ['POST', '/local/clock', { forward: 1 }, /400/],
    [
      'POST',
      '/local/tokens',
      { sub: 'u', client: 'nobody' },
      /no client .*nobody.*; there are app/,
    ],
    ['POST', '/local/tokens', {}, /sub.* names the user/],
    ['POST', '/local/schedules/none/run', {}, /no schedule .*none.*; there are: Hourly/],
    ['POST', '/local/queues/none/redrive', {}, /404/],
    ['POST', '/local/faults', { service: 'sqs', kind: 'nonsense' }, /400/],
    ['GET', '/local/nothing', undefined, /no such control route.*POST \/local\/clock/],
  ])('%s %s with %j says what is wrong', async (method, path, body, message) => {
    await expect(call(url, method, path, body)).rejects.toThrow(message);
  });

  test('answers the control API to this machine only', async () => {
    const response = await fetch(`${url}/local/tokens`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: '{"sub":"u"}',
    });
    expect(response.status).toBe(403);
  });
});

describe('what was stored', () => {
  const owners: ChildProcess[] = [];
  afterEach(() => {
    for (const owner of owners.splice(0)) owner.kill('SIGKILL');
  });

  async function startOwner(dataDir: string): Promise<{ owner: ChildProcess; url: string }> {
    const script = join(import.meta.dirname, 'stack-owner.ts');
    const owner = spawn(process.execPath, [script, templates, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    owners.push(owner);
    const url = await new Promise<string>((told) => {
      owner.stdout.setEncoding('utf8').once('data', (text: string) => {
        told(text.trim());
      });
    });
    return { owner, url };
  }

  test('outlives kill -9: no stream record and no message goes missing', async () => {
    const dataDir = temporaryFolder();
    const { owner, url } = await startOwner(dataDir);
    const ids = Array.from({ length: 100 }, (_, index) => `k${index}`);
    await call(url, 'POST', '/items', { ids });
    await call(url, 'POST', '/messages', { messages: ids.slice(0, 20) });
    await call(url, 'POST', '/local/tokens', { sub: 'u1', email: 'u1@example.com' });
    const ended = new Promise((done) => owner.once('exit', done));
    owner.kill('SIGKILL');
    await ended;

    const stack = await start(dataDir);
    try {
      // What the killed process had received comes back after its visibility timeout.
      await call(stack.url, 'POST', '/local/clock', { advance: 'PT31S' });
      await call(stack.url, 'POST', '/local/settle');
      expect(await noted(stack.url, 'SEEN#ITEM#k')).toHaveLength(100);
      expect(await noted(stack.url, 'MESSAGE#k')).toHaveLength(20);
      await call(stack.url, 'POST', '/local/tokens', { sub: 'u1', email: 'u1@example.com' });
      expect(await noted(stack.url, 'USER#')).toMatchObject([{ times: 1 }]);
    } finally {
      await stack.close();
    }
  });

  test('comes again when the stack was killed while a function had it', async () => {
    const dataDir = temporaryFolder();
    const { owner, url } = await startOwner(dataDir);
    await call(url, 'POST', '/items', { ids: ['slow'] });
    await expect.poll(() => noted(url, 'BEGUN#'), { timeout: 20_000 }).toHaveLength(1);
    const ended = new Promise((done) => owner.once('exit', done));
    owner.kill('SIGKILL');
    await ended;

    const stack = await start(dataDir);
    try {
      await call(stack.url, 'POST', '/local/settle');
      expect(await noted(stack.url, 'SEEN#ITEM#slow')).toHaveLength(1);
    } finally {
      await stack.close();
    }
  });

  test('is there after a restart, and gone after a reset, which leaves other files alone', async () => {
    const dataDir = temporaryFolder();
    const first = await start(dataDir);
    await call(first.url, 'POST', '/items', { ids: ['r1'] });
    await call(first.url, 'POST', '/local/clock', { advance: 'P1D' });
    await first.close();
    const second = await start(dataDir);
    expect(await noted(second.url, 'ITEM#')).toHaveLength(1);
    expect(second.clock.now().getTime() - Date.now()).toBeGreaterThan(86_000_000);
    await second.close();
    const third = await start(dataDir, { reset: true });
    expect(await noted(third.url, 'ITEM#')).toHaveLength(0);
    expect(Math.abs(third.clock.now().getTime() - Date.now())).toBeLessThan(60_000);
    await third.close();
  });

  test('belongs to one stack at a time', async () => {
    const dataDir = temporaryFolder();
    const stack = await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(/in use by another process/);
    await expect(start(dataDir, { reset: true })).rejects.toThrow(/in use by another process/);
    expect(await call(stack.url, 'GET', '/now')).toHaveProperty('now');
    await stack.close();
  });
});

describe('a start that cannot succeed says so in one sentence', () => {
  test('when the port is taken', async () => {
    const server = createServer();
    const port = await listen(server);
    await expect(start(temporaryFolder(), { port })).rejects.toThrow(`Port ${port} is taken`);
    await stopListening(server);
  });

  test('when the key of Stripe is a live one', async () => {
    const stripe = { apiKey: 'sk_live_x' };
    await expect(start(temporaryFolder(), { stripe })).rejects.toThrow(/never uses a live key/);
  });

  test('when the data directory cannot be made', async () => {
    await expect(start('/proc/nowhere')).rejects.toThrow(/cannot be written/);
  });
});
