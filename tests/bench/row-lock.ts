import { execFile, spawn } from 'node:child_process';
import { chownSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { quantile } from '#tests/bench/contention';

/*
 * The design that prepaid credits usually begin with: one row per wallet in PostgreSQL, locked, changed, and a
 * transaction row beside it. Debian's own binaries, a cluster that lives as long as the bench, one unix socket.
 */

const SCHEMA = `
  CREATE TABLE wallets (user_id text PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
  CREATE TABLE transactions (
    id bigserial PRIMARY KEY, user_id text NOT NULL REFERENCES wallets, amount bigint NOT NULL,
    balance_after bigint NOT NULL, description text NOT NULL, created_at timestamptz NOT NULL);
  CREATE INDEX ON transactions (user_id, created_at DESC);
  INSERT INTO wallets VALUES ('hot', 1000000000);
`;
const SPEND = `
  BEGIN;
  SELECT balance FROM wallets WHERE user_id = 'hot' FOR UPDATE;
  UPDATE wallets SET balance = balance - 1 WHERE user_id = 'hot';
  INSERT INTO transactions (user_id, amount, balance_after, description, created_at)
    SELECT 'hot', -1, balance, 'Enrich a lead', now() FROM wallets WHERE user_id = 'hot';
  COMMIT;
`;
/** Begin, select, update, insert, commit: each is answered before the next is sent, with the row locked since the second. */
export const ROW_LOCK_ROUND_TRIPS = 5;

export interface RowLock {
  readonly writers: number;
  readonly spendsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Null where this machine has no PostgreSQL. */
export async function measureRowLock(
  writers: readonly number[],
  requestsEach: number,
): Promise<readonly RowLock[] | null> {
  const binaries = globSync('/usr/lib/postgresql/*/bin/pgbench').toSorted().at(-1);
  if (binaries === undefined) return null;
  const cluster = await startCluster(dirname(binaries));
  try {
    const measured: RowLock[] = [];
    for (const count of writers) measured.push(await cluster.bench(count, requestsEach));
    return measured;
  } finally {
    await cluster.close();
  }
}

async function startCluster(binaries: string) {
  const folder = mkdtempSync(join(tmpdir(), 'credit-ledger-row-lock-'));
  const owner = await ownerOf(folder);
  const run = async (name: string, parameters: readonly string[]): Promise<string> => {
    const options = { cwd: folder, ...owner };
    return (await promisify(execFile)(join(binaries, name), parameters, options)).stdout;
  };
  const data = join(folder, 'data');
  const server = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'max_connections=100'];
  await run('initdb', ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync']);
  const process_ = spawn(join(binaries, 'postgres'), server, {
    cwd: folder,
    stdio: 'ignore',
    ...owner,
  });
  const ended = new Promise((done) => process_.once('close', done));
  const connection = ['-h', folder, '-U', 'bench'];
  await untilReady(() => run('pg_isready', connection));
  await run('psql', [...connection, '-d', 'postgres', '-q', '-c', SCHEMA]);
  writeFileSync(join(folder, 'spend.sql'), SPEND);
  return {
    async bench(writers: number, requestsEach: number): Promise<RowLock> {
      const load = ['-n', '-c', String(writers), '-j', '2', '-t', String(requestsEach)];
      const log = ['-l', `--log-prefix=${join(folder, `writers-${writers}`)}`];
      const script = ['-f', join(folder, 'spend.sql'), 'postgres'];
      const said = await run('pgbench', [...connection, ...load, ...log, ...script]);
      const latencies = globSync(join(folder, `writers-${writers}.*`)).flatMap((file) =>
        readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => Number(line.split(' ')[2]) / 1_000),
      );
      return {
        writers,
        spendsPerSecond: Number(/tps = ([\d.]+)/.exec(said)?.[1]),
        p50Ms: quantile(latencies, 0.5),
        p99Ms: quantile(latencies, 0.99),
      };
    },
    async close(): Promise<void> {
      process_.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package has made. */
async function ownerOf(folder: string): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (userInfo().uid !== 0) return {};
  const id = async (which: string) =>
    Number((await promisify(execFile)('id', [which, 'postgres'])).stdout);
  const owner = { uid: await id('-u'), gid: await id('-g') };
  chownSync(folder, owner.uid, owner.gid);
  return owner;
}

const READY_TRIES_MAX = 200;
const READY_LOOK_MS = 50;

async function untilReady(look: () => Promise<unknown>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await look();
      return;
    } catch (error) {
      // It says so with its exit code for as long as it starts.
      if (tried === READY_TRIES_MAX) throw error;
      await new Promise((done) => setTimeout(done, READY_LOOK_MS));
    }
  }
}
