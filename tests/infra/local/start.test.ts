import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { listen, stopListening } from '#infra/local/listen';
import { temporaryFolder } from '#tests/infra/local/fixture-function';

const projectRoot = join(import.meta.dirname, '../../..');

interface Run {
  readonly code: number | null;
  readonly said: string;
}

/** `npm start` without npm; `onReady` gets the address of the ready line. */
function runStart(
  given: { readonly env?: Record<string, string>; readonly args?: readonly string[] },
  onReady: (url: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Run> {
  const child = spawn(process.execPath, ['infra/local/start.ts', ...(given.args ?? [])], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: temporaryFolder(), ...given.env },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /^ready (\S+)$/m.exec(text)?.[1];
      if (url !== undefined) onReady(url, (signal) => child.kill(signal));
    });
  }
  return new Promise((done) => {
    child.once('close', (code) => {
      done({ code, said });
    });
  });
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('ends a ready stack, its table engine included, with exit code 0', async () => {
    const dataDir = temporaryFolder();
    let served: Promise<number> | undefined;
    let engine = '';
    const { code, said } = await runStart({ env: { DATA_DIR: dataDir } }, (url, kill) => {
      served = fetch(`${url}/health`).then((response) => {
        engine = readFileSync(join(dataDir, 'table.db.pid'), 'utf8').split(' ')[0] ?? '';
        kill(signal);
        return response.status;
      });
    });
    expect(await served).toBe(200);
    expect(code, said).toBe(0);
    expect(said.match(/^ready /gm)).toHaveLength(1);
    expect(() => process.kill(Number(engine), 0)).toThrow(/ESRCH/);
  });
});

describe('says in one sentence why it cannot start, and exits with 1', () => {
  const sentence = (text: string): string => text.trim();

  test('the port is taken', async () => {
    const server = createServer();
    const port = await listen(server);
    const { code, said } = await runStart({ env: { PORT: String(port) } });
    await stopListening(server);
    expect([code, sentence(said)]).toEqual([
      1,
      `Port ${port} is taken by another program: end it, or choose another port with PORT=...`,
    ]);
  });

  test.each([
    ['the port is none', { env: { PORT: 'http' } }, 'PORT is "http", which is no port'],
    [
      'the flag is unknown',
      { args: ['--rest'] },
      '"--rest" is not known: the only flag is --reset.',
    ],
    ['the key is a live one', { env: { STRIPE_API_KEY: 'sk_live_1' } }, 'is not a test key'],
  ])('%s', async (_, given, text) => {
    const { code, said } = await runStart(given);
    expect(code).toBe(1);
    expect(sentence(said)).toContain(text);
    expect(sentence(said).split('\n')).toHaveLength(1);
  });

  test('the data directory cannot be written', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { code, said } = await runStart({ env: { DATA_DIR: join(file, 'data') } });
    expect(code).toBe(1);
    expect(sentence(said)).toBe(
      `The data directory ${join(file, 'data')} cannot be written: choose another with DATA_DIR=...`,
    );
  });
});
