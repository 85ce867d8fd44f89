import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import { createInvoker, type Invoker } from '#infra/local/lambda/invoker';
import { listen } from '#infra/local/listen';
import type { FunctionModel } from '#infra/local/template/model';
import { fixtureFunction, temporaryFolder } from '#tests/infra/local/fixture-function';

const started: Invoker[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((invoker) => invoker.close()));
});

function startInvoker(
  functions: readonly FunctionModel[],
  given: { offset?: SharedArrayBuffer; redirects?: Record<string, number>; logs?: string } = {},
): Invoker {
  const invoker = createInvoker({
    functions,
    place: { region: 'us-east-1', accountId: '000000000000' },
    environment: { AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' },
    offset: given.offset ?? new SharedArrayBuffer(8),
    redirects: given.redirects ?? {},
    logDirectory: given.logs ?? temporaryFolder(),
  });
  started.push(invoker);
  return invoker;
}

async function answer(invoker: Invoker, event: unknown, name = 'fixture'): Promise<unknown> {
  const result = await invoker.invoke(name, event);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return JSON.parse(result.payload);
}

function field(answered: unknown, name: string): unknown {
  return typeof answered === 'object' && answered !== null
    ? Reflect.get(answered, name)
    : undefined;
}

test('a function gets its event and answers with JSON', async () => {
  const model = fixtureFunction(
    `export const handler = async (event, context) => ({ ...event, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0 });`,
  );
  const result = await startInvoker([model]).invoke('fixture', { a: 1 });
  expect(result.ok).toBe(true);
  expect(JSON.parse(result.ok ? result.payload : '')).toEqual({
    a: 1,
    id: result.requestId,
    left: true,
  });
});

test('a function sees only its own environment', async () => {
  process.env['NOT_FOR_FUNCTIONS'] = 'secret';
  const model = fixtureFunction(`export const handler = async () => process.env;`, {
    environment: { TABLE_NAME: 'ledger' },
  });
  const seen = await answer(startInvoker([model]), {});
  expect(seen).toMatchObject({
    TABLE_NAME: 'ledger',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1',
  });
  expect(seen).not.toHaveProperty('NOT_FOR_FUNCTIONS');
  expect(seen).not.toHaveProperty('PATH');
});

test('an environment handles one event at a time, and more of them come under load', async () => {
  const model = fixtureFunction(`
    let busy = 0;
    let handled = 0;
    export const handler = async () => {
      busy += 1;
      handled += 1;
      await new Promise((resolve) => setImmediate(resolve));
      const seen = busy;
      busy -= 1;
      return { seen, handled };
    };`);
  const invoker = startInvoker([model]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => answer(invoker, {})));
  expect(new Set(answers.map((one) => field(one, 'seen')))).toEqual(new Set([1]));
  const first = answers.filter((one) => field(one, 'handled') === 1);
  expect(first.length).toBeGreaterThan(1);
  expect(first.length).toBeLessThan(20);
});

test('beyond its reserved concurrency a function is throttled', async () => {
  const model = fixtureFunction(
    `export const handler = async () => { await new Promise((resolve) => setTimeout(resolve, 50)); };`,
    { reservedConcurrency: 2 },
  );
  const invoker = startInvoker([model]);
  const results = await Promise.all([1, 2, 3].map(() => invoker.invoke('fixture', {})));
  expect(results.map((result) => (result.ok ? 'ok' : result.reason))).toEqual([
    'ok',
    'ok',
    'throttled',
  ]);
});

test('an event that takes longer than the timeout ends its environment, and the next gets a fresh one', async () => {
  const model = fixtureFunction(
    `let events = 0;
     export const handler = async (event) => { events += 1; if (event.hang) for (;;) {} return events; };`,
    { timeoutMs: 200 },
  );
  const invoker = startInvoker([model]);
  const hung = await invoker.invoke('fixture', { hang: true });
  expect(hung).toMatchObject({
    ok: false,
    reason: 'timeout',
    error: { errorType: 'Sandbox.Timedout' },
  });
  expect(await answer(invoker, {})).toBe(1);
});

test('a thrown error comes back as a Lambda error payload and is in the log', async () => {
  const logs = temporaryFolder();
  const model = fixtureFunction(
    `export const handler = async () => { console.log('about to fail'); throw new RangeError('too far'); };`,
  );
  const invoker = startInvoker([model], { logs });
  const result = await invoker.invoke('fixture', {});
  expect(result).toMatchObject({
    ok: false,
    reason: 'error',
    error: { errorType: 'RangeError', errorMessage: 'too far' },
  });
  await invoker.close();
  const log = readFileSync(join(logs, 'fixture.log'), 'utf8');
  expect(log).toContain('about to fail');
  expect(log).toContain('too far');
});

test('a function that ends its process or throws while loading fails its event only', async () => {
  const exits = fixtureFunction(`export const handler = async () => process.exit(3);`, {
    name: 'exits',
  });
  const broken = fixtureFunction(`throw new Error('cannot load'); export const handler = 1;`, {
    name: 'broken',
  });
  const invoker = startInvoker([exits, broken]);
  expect(await invoker.invoke('exits', {})).toMatchObject({
    error: { errorType: 'Runtime.ExitError' },
  });
  expect(await invoker.invoke('broken', {})).toMatchObject({
    error: { errorMessage: 'cannot load' },
  });
  expect(invoker.idle()).toBe(true);
});

test('every way to ask for the present follows the shared clock while it moves', async () => {
  const offset = new SharedArrayBuffer(8);
  const model = fixtureFunction(`
    class Later extends Date {}
    export const handler = async () => ({
      now: Date.now(), date: new Date().getTime(), text: Date(), subclass: new Later().getTime(),
      format: new Intl.DateTimeFormat('en', { year: 'numeric' }).format(),
      parts: new Intl.DateTimeFormat('en', { year: 'numeric' }).formatToParts()[0].value,
      fixed: new Date(0).toISOString(), instance: new Date() instanceof Date, same: new Date().constructor === Date,
    });`);
  const invoker = startInvoker([model], { offset });
  await answer(invoker, {});
  const target = Date.UTC(2099, 5, 1);
  new Float64Array(offset)[0] = target - Date.now();
  const seen = await answer(invoker, {});
  for (const key of ['now', 'date', 'subclass']) {
    expect(Math.abs(Number(field(seen, key)) - target)).toBeLessThan(60_000);
  }
  expect(field(seen, 'text')).toContain('2099');
  expect(seen).toMatchObject({
    format: '2099',
    parts: '2099',
    fixed: '1970-01-01T00:00:00.000Z',
    instance: true,
    same: true,
  });
});

test("a provider SDK's HTTPS requests reach the stand-in on this machine, body and host included", async () => {
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      seen.push({ host: request.headers.host, method: request.method, url: request.url, body });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ id: 'cus_1', object: 'customer' }));
    });
  });
  const port = await listen(server);
  const model = fixtureFunction(`
    import Stripe from 'stripe';
    import https from 'node:https';
    const stripe = new Stripe('sk_test_x', { maxNetworkRetries: 0 });
    const get = (url) => new Promise((resolve, reject) => https.get(url, (r) => r.resume().on('end', () => resolve(r.statusCode))).on('error', reject));
    export const handler = async () => {
      const ids = [];
      for (const email of ['a@example.com', 'b@example.com']) ids.push((await stripe.customers.create({ email })).id);
      return { ids, status: await get('https://api.stripe.com/v1/ping'), other: await get('https://127.0.0.1:1/').catch((e) => e.code) };
    };`);
  const invoker = startInvoker([model], { redirects: { 'api.stripe.com': port } });
  expect(await answer(invoker, {})).toEqual({
    ids: ['cus_1', 'cus_1'],
    status: 200,
    other: 'ECONNREFUSED',
  });
  expect(seen).toEqual([
    { host: 'api.stripe.com', method: 'POST', url: '/v1/customers', body: 'email=a%40example.com' },
    { host: 'api.stripe.com', method: 'POST', url: '/v1/customers', body: 'email=b%40example.com' },
    { host: 'api.stripe.com', method: 'GET', url: '/v1/ping', body: '' },
  ]);
  server.close();
  server.closeAllConnections();
});
