import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { listen, stopListening } from '#infra/local/listen';
import { LocalStackError } from '#infra/local/local-stack-error';

const START_ATTEMPTS_MAX = 5;
const READY_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 3_000;
const LAST_WORDS_MAX = 2_000;

export interface Engine {
  readonly port: number;
  readonly pid: number;
  close(): Promise<void>;
}

interface EngineOptions {
  /** The database file; its folder is made when it is absent. */
  readonly file: string;
  /** Called once when the engine ends without having been asked to, with a sentence for the log. */
  readonly onExit: (reason: string) => void;
}

/**
 * Starts the table engine on loopback and resolves when it answers.
 *
 * Only one engine may hold a file. One left behind by a killed stack is ended first; one that belongs
 * to a stack that still runs is a LocalStackError.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const binary = findBinary();
  const file = resolve(options.file);
  mkdirSync(dirname(file), { recursive: true });
  await endLeftover(file);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const started = await tryStart({ binary, file, port });
    if (typeof started !== 'string') return supervise({ ...started, file, port }, options.onExit);
    // Another process may have taken the port between our look and the engine's; nothing else is worth a retry.
    if (attempt === START_ATTEMPTS_MAX || !/address (already )?in use/i.test(started)) {
      throw new LocalStackError(`The DynamoDB engine did not start on ${file}: ${started}`);
    }
  }
}

/** The engine's program: the package for this platform, else `dynoxide` on PATH. */
export function findBinary(
  path = process.env['PATH'] ?? '',
  packageName = platformPackage(),
): string {
  const candidates = path.split(delimiter).map((folder) => join(folder, 'dynoxide'));
  try {
    candidates.unshift(createRequire(import.meta.url).resolve(`${packageName}/dynoxide`));
  } catch {
    // The package is optional and made for one platform only; PATH is the way for the others.
  }
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    throw new LocalStackError(
      `The DynamoDB engine is missing for ${process.platform}-${process.arch}: run npm install without --omit=optional, or put dynoxide 1.2.1 on PATH (https://github.com/nubo-db/dynoxide).`,
    );
  }
  return found;
}

function platformPackage(): string {
  return `@dynoxide/${process.platform}-${process.arch}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly watcher: ChildProcess;
  readonly pid: number;
  readonly lastWords: () => string;
}

/** Resolves with the running engine, or with the words it left when it ended instead. */
async function tryStart(at: {
  binary: string;
  file: string;
  port: number;
}): Promise<Running | string> {
  // Its own process group: Ctrl+C must reach us, and only then, after the stack has drained, the engine.
  const child = spawn(at.binary, ['serve', '--port', String(at.port), '--db-path', at.file], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  const ready = Promise.withResolvers<string | undefined>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS_MAX);
    if (words.includes('listening on')) ready.resolve(undefined);
  });
  child.once('error', (error) => ready.resolve(error.message));
  child.once('exit', (code, signal) =>
    ready.resolve(`${words.trim()} (exit ${code ?? signal ?? 'unknown'})`),
  );
  const watcher = child.pid === undefined ? undefined : watchParent(child.pid);
  const timer = setTimeout(() => ready.resolve('it said nothing in time'), READY_TIMEOUT_MS);
  const failure = await ready.promise;
  clearTimeout(timer);
  if (failure === undefined && child.pid !== undefined && watcher !== undefined) {
    return { child, watcher, pid: child.pid, lastWords: () => words.trim() };
  }
  child.kill('SIGKILL');
  watcher?.kill('SIGKILL');
  return failure ?? 'it has no process id';
}

/**
 * Ends the engine when this process dies in any way, kill -9 included: the shell's standard input is a
 * pipe from us, which the kernel closes with us, and then `read` returns.
 */
function watchParent(enginePid: number): ChildProcess {
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0"', String(enginePid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => undefined); // Without a shell the pid file alone protects the next start.
  watcher.unref();
  return watcher;
}

function supervise(
  engine: Running & { file: string; port: number },
  onExit: (reason: string) => void,
): Engine {
  const { child, watcher, pid, file, port } = engine;
  writeFileSync(pidFile(file), `${pid} ${process.pid}\n`);
  let closing = false;
  const ended = new Promise<void>((done) => {
    child.once('exit', (code, signal) => {
      watcher.kill('SIGKILL');
      rmSync(pidFile(file), { force: true });
      done();
      if (!closing) {
        onExit(
          `The DynamoDB engine ended unexpectedly (${code ?? signal ?? 'unknown'}): ${engine.lastWords()}`,
        );
      }
    });
  });
  // A test process that forgets to close must still be able to end; the watcher then ends the engine.
  child.unref();
  return {
    port,
    pid,
    async close() {
      closing = true;
      child.ref();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(timer);
    },
  };
}

function pidFile(file: string): string {
  return `${file}.pid`;
}

/** Ends an engine whose stack is gone, so that the file has one writer again. */
async function endLeftover(file: string): Promise<void> {
  const [enginePid, ownerPid] = readPids(file);
  if (enginePid === undefined || !holdsFile(enginePid, file)) return;
  if (ownerPid !== undefined && isAlive(ownerPid)) {
    throw new LocalStackError(
      `Another local stack (process ${ownerPid}) is using ${file}: stop it, or choose another DATA_DIR.`,
    );
  }
  process.kill(enginePid, 'SIGKILL');
  for (let waitedMs = 0; isAlive(enginePid) && waitedMs < STOP_TIMEOUT_MS; waitedMs += 10) {
    await pause(10);
  }
}

function readPids(file: string): (number | undefined)[] {
  try {
    return readFileSync(pidFile(file), 'utf8').trim().split(' ').map(Number);
  } catch {
    return []; // No file: no engine was left.
  }
}

/** A process id may belong to somebody else by now: only a process started for this very file is ours. */
function holdsFile(pid: number, file: string): boolean {
  return commandOf(pid).includes(`--db-path ${file}`);
}

function isAlive(pid: number): boolean {
  return commandOf(pid) !== '';
}

/** The command line of a process, empty when there is none or when it is dead and only waits to be reaped. */
function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return '';
    }
  }
  const listed = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  return listed.error === undefined ? listed.stdout.trim() : '';
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await stopListening(server);
  return port;
}
