import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClock } from '#infra/local/clock';
import { findBinary, startEngine } from '#infra/local/dynamodb/engine';
import { startDynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import { listen, stopListening } from '#infra/local/listen';
import { LocalStackError } from '#infra/local/local-stack-error';
import { openState } from '#infra/local/state';
import { testClientConfig } from '#tests/support/table';

const DEAD_PID = 4_194_304; // Above the highest id that Linux gives.

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-engine-'));
  file = join(folder, 'data', 'table.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const unexpected = (reason: string) => {
  throw new Error(reason);
};

/** A second stack, in a process of its own, on the same file. */
async function startOwner(): Promise<{ owner: ChildProcess; url: string }> {
  const script = join(import.meta.dirname, 'engine-owner.ts');
  const owner = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((told) => {
    owner.stdout.setEncoding('utf8').once('data', (text: string) => told(text.trim()));
  });
  return { owner, url };
}

function recordedEnginePid(): number {
  return Number(readFileSync(`${file}.pid`, 'utf8').split(' ')[0]);
}

/** Resolves when the process is gone; an orphan's end cannot be waited for by its id alone. */
async function ended(pid: number): Promise<void> {
  const isRunning = () => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    } catch {
      return false;
    }
  };
  await expect.poll(isRunning, { timeout: 10_000, interval: 5 }).toBe(false);
}

const dump = async () => {
  const clock = createClock(openState(':memory:'));
  const dynamo = await startDynamoDb({ file, clock });
  const items = await dynamo.dump('ledger');
  await dynamo.close();
  return items;
};

describe.runIf(process.platform === 'linux')('the engine of a stack that is killed', () => {
  test('ends with it', async () => {
    const { owner } = await startOwner();
    const pid = recordedEnginePid();
    owner.kill('SIGKILL');
    await ended(pid);
  });

  test('has kept every acknowledged write, and the next start finds them at once', async () => {
    const { owner, url } = await startOwner();
    const client = new DynamoDBClient({ ...testClientConfig(url), maxAttempts: 1 });
    let acknowledged = 0;
    const writing = (async () => {
      for (;;) {
        const Item = { pk: { S: 'a' }, sk: { S: String(acknowledged).padStart(6, '0') } };
        await client.send(new PutItemCommand({ TableName: 'ledger', Item }));
        acknowledged += 1;
        if (acknowledged === 50) owner.kill('SIGKILL');
      }
    })();
    await expect(writing).rejects.toThrow();
    client.destroy();
    // One write more may have been committed without its answer having arrived.
    expect([acknowledged, acknowledged + 1]).toContain((await dump()).length);
  });

  test('is ended by the next start when it has survived', async () => {
    const first = await startEngine({ file, onExit: () => undefined });
    const leftover = first.pid;
    writeFileSync(`${file}.pid`, `${leftover} ${DEAD_PID}\n`);
    const second = await startEngine({ file, onExit: unexpected });
    await ended(leftover);
    expect(second.pid).not.toBe(leftover);
    await second.close();
  });
});

test('a second stack on the file of a running one is refused with a sentence', async () => {
  const { owner } = await startOwner();
  const start = startEngine({ file, onExit: unexpected });
  await expect(start).rejects.toThrow(LocalStackError);
  await expect(start).rejects.toThrow(`Another local stack (process ${owner.pid ?? 0}) is using`);
  owner.kill('SIGKILL');
});

test('a process that merely has the recorded id now is left alone', async () => {
  const engine = await startEngine({ file, onExit: unexpected });
  await engine.close();
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  writeFileSync(`${file}.pid`, `${bystander.pid ?? 0} ${DEAD_PID}\n`);
  const next = await startEngine({ file, onExit: unexpected });
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  await next.close();
  bystander.kill();
});

test('an engine that ends by itself is reported, one that is closed is not', async () => {
  const reports: string[] = [];
  const first = await startEngine({ file, onExit: (reason) => reports.push(reason) });
  await first.close();
  expect(reports).toEqual([]);
  expect(existsSync(`${file}.pid`)).toBe(false);
  const ending = Promise.withResolvers<string>();
  const second = await startEngine({ file, onExit: (reason) => ending.resolve(reason) });
  process.kill(second.pid, 'SIGKILL');
  expect(await ending.promise).toMatch(/ended unexpectedly \(SIGKILL\)/);
});

test('a machine without an engine gets one sentence that says what to do', () => {
  const find = () => findBinary(folder, '@dynoxide/plan9-mips');
  expect(find).toThrow(LocalStackError);
  expect(find).toThrow(/^The DynamoDB engine is missing for .*put dynoxide .* on PATH/);
});

test('an engine on PATH serves where there is no package', () => {
  const binary = join(folder, 'dynoxide');
  writeFileSync(binary, '', { mode: 0o755 });
  expect(findBinary(`/nowhere:${folder}`, '@dynoxide/plan9-mips')).toBe(binary);
});

test('a file that is not a database is reported with the words of the engine', async () => {
  const damaged = join(folder, 'damaged.db');
  writeFileSync(damaged, 'not a database'.repeat(1000));
  await expect(startEngine({ file: damaged, onExit: unexpected })).rejects.toThrow(
    /did not start on .*damaged\.db/,
  );
});

test('a port that is taken is reported with words, and leaves no engine behind', async () => {
  const taken = createServer();
  const port = await listen(taken);
  const clock = createClock(openState(':memory:'));
  await expect(startDynamoDb({ file, clock, port })).rejects.toThrow(LocalStackError);
  expect(existsSync(`${file}.pid`)).toBe(false);
  await stopListening(taken);
});
