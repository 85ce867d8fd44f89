import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { bundling } from '#infra/bundle/build-functions';
import { leftOut } from '#infra/bundle/left-out';
import { openTestTable, testClientConfig, type TestTable } from '#tests/support/table';
import * as sdkProbe from '#tests/infra/bundle/sdk-probe';

const folder = mkdtempSync(join(tmpdir(), 'left-out-'));
const isProbe = z.custom<typeof sdkProbe>((loaded) => typeof loaded === 'object');
let probe: typeof sdkProbe;
let table: TestTable;
beforeAll(async () => {
  const outfile = join(folder, 'probe.cjs');
  await build({ ...bundling, entryPoints: ['tests/infra/bundle/sdk-probe.ts'], outfile });
  const loaded: unknown = createRequire(import.meta.url)(outfile);
  probe = isProbe.parse(loaded);
  table = await openTestTable();
});
afterAll(async () => {
  await table.close();
  rmSync(folder, { recursive: true });
});

test('a bundle reads, writes and hears of lost races as the whole SDK does', async () => {
  const { written, ...seen } = await probe.useTable(table.config, table.tableName);
  expect(seen).toMatchObject({
    read: [written],
    listed: [written],
    lost: [{ Code: 'ConditionalCheckFailed', Item: { balance: { N: '12' } } }],
    refused: { name: 'ConditionalCheckFailedException', $metadata: { httpStatusCode: 400 } },
  });
});

test.each([
  { kind: 'a stream of Node', body: () => Readable.from(['some ', 'text']) },
  { kind: 'a web stream', body: () => new Blob(['some text']).stream() },
  { kind: 'a blob', body: () => new Blob(['some text']) },
])('$kind is read to its end', async ({ body }) => {
  expect(await probe.collect(body())).toBe('some text');
});

test.each(['BackupInUseException', 'InvalidEndpointException', 'NeverHeardOfException'])(
  'an error that no item operation has still arrives by its name: %s',
  async (name) => {
    const server = createServer((_, response) => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb#${name}`, message: 'busy' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const error = await probe.failToList(testClientConfig(`http://127.0.0.1:${String(port)}`));
    server.close();
    expect(error).toMatchObject({ name, message: 'busy', $fault: 'client' });
  },
);

test('what is left out says so when it is asked for after all', async () => {
  vi.stubEnv('AWS_REGION', undefined);
  const sentence = /left out of the bundles \(infra\/bundle\/left-out\.ts\)/;
  expect(String(await probe.retryAdaptively(table.config))).toMatch(sentence);
  expect(String(await probe.useNoRegion(table.config))).toMatch(sentence);
  expect(String(await probe.checkFormatByMethod())).toMatch(sentence);
  expect(() => probe.endpointIn('us-east-1', true)).toThrow(sentence);
});

test.each([
  'us-east-1',
  'eu-central-1',
  'mx-central-1',
  'cn-north-1',
  'us-gov-west-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'aws-global',
])('the table of %s is found where the whole SDK finds it', (region) => {
  expect(probe.endpointIn(region)).toBe(sdkProbe.endpointIn(region));
});

test('formats of zod that are asked for by function are there', () => {
  expect(probe.checkFormat('ann@example.com')).toBe(true);
  expect(probe.checkFormat('ann')).toBe(false);
});

test('no file is changed by two entries, of which only the first would count', () => {
  expect(leftOut.map(({ file }) => file)).toEqual([...new Set(leftOut.map(({ file }) => file))]);
});

test.each(leftOut.map(({ file }) => file))('%s is still where it was', (file) => {
  expect(existsSync(join('node_modules', file))).toBe(true);
});
