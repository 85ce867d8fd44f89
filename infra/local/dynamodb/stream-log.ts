import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#infra/local/clock';
import type { Json } from '#infra/local/dynamodb/json';

const BUSY_TIMEOUT_MS = 5_000;
const RETENTION_S = 24 * 60 * 60;

/**
 * The engine's log of stream records, reached through its own file: what its API cannot do.
 *
 * It depends on a private table of the engine. When that table is not there as we know it, every
 * method does nothing and the stack runs on: slower streams, which keep every record.
 */
export interface StreamLog {
  /** Tells the log the stack's time, for the records that are written from now on. */
  followClock(): void;
  /** While `deletions` run, the removals of these items are the TTL service's own. */
  asExpiry<R>(keys: readonly ExpiringKey[], deletions: () => Promise<R>): Promise<R>;
  /** The number of the oldest record that is kept. */
  oldest(table: string): string | undefined;
  /** Drops what is older than 24 hours of the stack's clock, and was already there at the call before this one. */
  trim(): void;
  close(): void;
}

export interface ExpiringKey {
  readonly table: string;
  readonly key: Json;
}

/** Opens the log beside the running engine and gives it the index that keeps every write from scanning all of it. */
export function openStreamLog(options: {
  readonly file: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}): StreamLog {
  const database = new DatabaseSync(options.file);
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  try {
    prepare(database);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    database.close();
    options.log(`This DynamoDB engine keeps its streams in another way than expected (${reason}).`);
    return inert;
  }
  return preparedLog(database, options.clock);
}

/** All of it in one transaction: at each start of a test table this is most of the cost. */
function prepare(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE INDEX IF NOT EXISTS local_stream_sequence
      ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS local_stream_shard
      ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));
    CREATE TABLE IF NOT EXISTS local_clock (offset_s INTEGER NOT NULL);
    DELETE FROM local_clock;
    INSERT INTO local_clock VALUES (0);
    CREATE TABLE IF NOT EXISTS local_expiring (table_name TEXT NOT NULL, keys_json TEXT NOT NULL);
    DELETE FROM local_expiring;
    DROP TRIGGER IF EXISTS local_stream_time;
    CREATE TRIGGER local_stream_time AFTER INSERT ON _stream_records
      WHEN (SELECT offset_s FROM local_clock) <> 0
      BEGIN
        UPDATE _stream_records SET created_at = created_at + (SELECT offset_s FROM local_clock)
          WHERE id = NEW.id;
      END;
    DROP TRIGGER IF EXISTS local_stream_expiry;
    CREATE TRIGGER local_stream_expiry AFTER INSERT ON _stream_records
      WHEN NEW.event_name = 'REMOVE' AND EXISTS (
        SELECT 1 FROM local_expiring e WHERE e.table_name = NEW.table_name
          -- Attributes come in any order, so the keys are compared as sets of name and value.
          AND (SELECT group_concat(k || json(v), ',') FROM
                (SELECT key k, value v FROM json_each(e.keys_json) ORDER BY key)) =
              (SELECT group_concat(k || json(v), ',') FROM
                (SELECT key k, value v FROM json_each(NEW.keys_json) ORDER BY key)))
      BEGIN
        UPDATE _stream_records
          SET user_identity = '{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"}'
          WHERE id = NEW.id;
      END;
    COMMIT;
  `);
}

function preparedLog(database: DatabaseSync, clock: Clock): StreamLog {
  const offset = new Float64Array(clock.offset);
  const setOffset = database.prepare('UPDATE local_clock SET offset_s = ?');
  const addExpiring = database.prepare('INSERT INTO local_expiring VALUES (?, ?)');
  const clearExpiring = database.prepare('DELETE FROM local_expiring');
  const selectOldest = database.prepare(
    `SELECT sequence_number FROM _stream_records WHERE table_name = ?
     ORDER BY CAST(sequence_number AS INTEGER) LIMIT 1`,
  );
  const selectNewestId = database.prepare('SELECT COALESCE(MAX(id), 0) AS id FROM _stream_records');
  // The newest record of each table stays: the engine counts on from it.
  const deleteOld = database.prepare(
    `DELETE FROM _stream_records WHERE id <= ? AND created_at < ?
     AND id NOT IN (SELECT MAX(id) FROM _stream_records GROUP BY table_name)`,
  );
  let knownOffsetMs = 0;
  // A clock that jumps a day ahead must not take records that nobody has had the time to read.
  let readableUpToId = 0;
  return {
    followClock() {
      const offsetMs = offset[0] ?? 0;
      if (offsetMs === knownOffsetMs) return;
      setOffset.run(Math.round(offsetMs / 1000));
      knownOffsetMs = offsetMs;
    },
    async asExpiry(keys, deletions) {
      for (const { table, key } of keys) addExpiring.run(table, JSON.stringify(key));
      try {
        return await deletions();
      } finally {
        clearExpiring.run();
      }
    },
    oldest(table) {
      const number = selectOldest.get(table)?.['sequence_number'];
      return typeof number === 'string' ? number : undefined;
    },
    trim() {
      deleteOld.run(readableUpToId, Math.floor(clock.now().getTime() / 1000) - RETENTION_S);
      readableUpToId = Number(selectNewestId.get()?.['id'] ?? 0);
    },
    close: () => database.close(),
  };
}

const inert: StreamLog = {
  followClock: () => undefined,
  asExpiry: (_keys, deletions) => deletions(),
  oldest: () => undefined,
  trim: () => undefined,
  close: () => undefined,
};
