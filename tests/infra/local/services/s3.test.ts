import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createObjectStore } from '#lib/files/object-store';
import type { FileStore } from '#lib/ports';
import {
  openTestObjectStore,
  TEST_BUCKET,
  type TestObjectStore,
} from '#tests/support/object-store';

const PART = 'x'.repeat(5 * 1024 * 1024);

let nowMs = Date.now();
let s3: TestObjectStore;
let files: FileStore;
beforeAll(async () => {
  s3 = await openTestObjectStore({ now: () => new Date(nowMs) });
  files = createObjectStore(TEST_BUCKET, s3.config);
});
afterAll(() => s3.close());
beforeEach(() => {
  nowMs = Date.now();
});

async function fetchText(url: string, method = 'GET') {
  const answer = await fetch(url, { method });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

test('what was put is there again, also after a restart', async () => {
  await files.put('exports/a b/é.txt', 'Grüße 🎉\r\n');
  await s3.restart();
  expect(await files.get('exports/a b/é.txt')).toBe('Grüße 🎉\r\n');
  await expect(files.get('exports/none')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('an object of another bucket is not found, and nobody comes in without a signature', async () => {
  const other = createObjectStore('other', s3.config);
  await expect(other.get('exports/none')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  const address = new URL(await files.link({ key: 'exports/a', expiresInSeconds: 60 }));
  address.search = '';
  expect((await fetchText(address.href)).status).toBe(403);
});

const csvFile = (name: string) => ({ name, contentType: 'text/csv; charset=utf-8' });

test('parts become one file in their order, whatever order and however often they came', async () => {
  const key = 'exports/whole.csv';
  const uploadId = await files.beginUpload(key, csvFile('whole.csv'));
  const part = (number: number, text: string) => files.putPart({ key, uploadId, number, text });
  const last = await part(2, 'the end');
  await part(1, PART);
  const first = await part(1, PART);
  await files.finishUpload({ key, uploadId, etags: [first, last] });
  // The answer was lost: it is asked for again.
  await files.finishUpload({ key, uploadId, etags: [first, last] });
  expect(await files.get(key)).toBe(`${PART}the end`);
});

test('an upload with a part that is missing, too small or never begun is refused', async () => {
  const key = 'exports/refused.csv';
  const uploadId = await files.beginUpload(key, csvFile('refused.csv'));
  const small = await files.putPart({ key, uploadId, number: 1, text: 'small' });
  const end = await files.putPart({ key, uploadId, number: 2, text: 'end' });
  const finish = (etags: readonly string[]) => files.finishUpload({ key, uploadId, etags });
  await expect(finish([small, end])).rejects.toMatchObject({ name: 'EntityTooSmall' });
  await expect(finish(['"0"'])).rejects.toMatchObject({ name: 'InvalidPart' });
  const never = { key, uploadId: 'never', etags: [small] };
  await expect(files.finishUpload(never)).rejects.toMatchObject({ name: 'NotFound' });
});

test('a link opens its file as a download until it expires, and nothing that was changed in it', async () => {
  const key = 'exports/linked.csv';
  const uploadId = await files.beginUpload(key, csvFile('linked.csv'));
  const etag = await files.putPart({ key, uploadId, number: 1, text: 'a,b\r\n' });
  await files.finishUpload({ key, uploadId, etags: [etag] });
  await files.put('exports/secret.csv', 'secret');
  const link = await files.link({ key, expiresInSeconds: 60 });
  const opened = await fetchText(link);
  expect(opened).toMatchObject({ status: 200, text: 'a,b\r\n' });
  expect(opened.headers.get('content-disposition')).toBe('attachment; filename="linked.csv"');
  for (const changed of [
    link.replace('linked', 'secret'),
    link.replace('Expires=60', 'Expires=600'),
    link.replace(/Signature=../, 'Signature=00'),
    `${link}&more=1`,
  ]) {
    expect((await fetchText(changed)).status, changed).toBe(403);
  }
  expect((await fetchText(link, 'PUT')).status).toBe(403);
  nowMs += 59_000;
  expect((await fetchText(link)).status).toBe(200);
  nowMs += 1_000;
  expect(await fetchText(link)).toMatchObject({ status: 403 });
});
