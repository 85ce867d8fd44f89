import type { Clock } from '#infra/local/clock';
import { dumpTable, type DumpedItem } from '#infra/local/dynamodb/dump';
import { startEngine } from '#infra/local/dynamodb/engine';
import { sweepExpiredItems } from '#infra/local/dynamodb/expiry';
import { createFaults, type Faults } from '#infra/local/dynamodb/faults';
import { createFront, type CallListener } from '#infra/local/dynamodb/front';
import { createKeySchemas } from '#infra/local/dynamodb/item-keys';
import { openStreamLog } from '#infra/local/dynamodb/stream-log';
import { ensureTable, type TableTemplate } from '#infra/local/dynamodb/tables';
import { connectEngine } from '#infra/local/dynamodb/wire';
import { listen, stopListening } from '#infra/local/listen';

const SWEEP_INTERVAL_MS = 60_000;
/** A sweep reads the whole table: whoever has a big one gets a twentieth of its engine's time taken, and no more. */
const PAUSE_FACTOR = 20;

/** DynamoDB and DynamoDB Streams on loopback. */
export interface DynamoDb {
  /** The endpoint for both SDK clients. */
  readonly url: string;
  /** What can be made to go wrong. */
  readonly faults: Faults;
  /** Makes a template's table, or brings the stored one up to it. Throws LocalStackError when it cannot. */
  createTable(template: TableTemplate): Promise<void>;
  /** Hears of every call after its answer, with what it consumed; the returned function ends that. */
  onCall(listener: CallListener): () => void;
  /**
   * Deletes what has expired by the stack's clock and gives the number. It also happens by itself: each minute, in a big
   * table more rarely.
   */
  sweepExpired(): Promise<number>;
  /** All items of a table in one canonical order and form. */
  dump(table: string): Promise<readonly DumpedItem[]>;
  close(): Promise<void>;
}

interface DynamoDbOptions {
  /** Where the data are kept; made when absent. */
  readonly file: string;
  readonly clock: Clock;
  /** 0 or absent: any free port. */
  readonly port?: number;
  readonly log?: (line: string) => void;
  /** The engine has ended by itself: nothing works any more. The sentence is for people. */
  readonly onExit?: (reason: string) => void;
}

/**
 * Starts the engine and the front before it (DESIGN 10). Throws LocalStackError, with a message for
 * people, when there is no engine for this machine or its file is in use.
 */
export async function startDynamoDb(options: DynamoDbOptions): Promise<DynamoDb> {
  const { clock, file } = options;
  const log = options.log ?? (() => undefined);
  const engineProcess = await startEngine({
    file,
    onExit: options.onExit ?? log,
  });
  const engine = connectEngine(engineProcess.port);
  const schemas = createKeySchemas(engine);
  const streamLog = openStreamLog({ file, clock, log });
  const faults = createFaults();
  const listeners = new Set<CallListener>();
  const front = createFront({ engine, streamLog, faults, listeners, log });
  let port: number;
  try {
    port = await listen(front, options.port);
  } catch (error) {
    streamLog.close();
    await engineProcess.close();
    throw error;
  }

  let sweep = Promise.resolve(0);
  const sweepExpired = (): Promise<number> => {
    // One at a time: two sweeps would take each other's deletions for their own.
    sweep = sweep
      .catch(() => 0)
      .then(() => {
        streamLog.followClock();
        return sweepExpiredItems({ engine, schemas, clock, streamLog });
      });
    return sweep;
  };
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const sweepIn = (ms: number): void => {
    if (isClosed) return;
    timer = setTimeout(() => void sweepByItself(), ms);
    timer.unref();
  };
  const sweepByItself = async (): Promise<void> => {
    const began = performance.now();
    streamLog.trim();
    await sweepExpired().catch((error: unknown) => log(`TTL sweep: ${String(error)}`));
    sweepIn(pauseAfter(performance.now() - began));
  };
  sweepIn(SWEEP_INTERVAL_MS);

  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    createTable: (template) => ensureTable(engine, template),
    onCall(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    sweepExpired,
    dump: async (name) => dumpTable(engine, { name, keys: (await schemas.of(name)) ?? [] }),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await sweep.catch(() => 0);
      await stopListening(front);
      engine.close();
      streamLog.close();
      await engineProcess.close();
    },
  };
}

/** How long nothing is swept after a sweep that took so long, in milliseconds. */
export function pauseAfter(tookMs: number): number {
  return Math.max(SWEEP_INTERVAL_MS, PAUSE_FACTOR * tookMs);
}
