import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

import { LocalStackError } from '#infra/local/local-stack-error';

/** Documents of one kind, by id. A document keeps its place in the list when it is put again. */
export interface Collection<T> {
  get(id: string): T | undefined;
  put(id: string, value: T): void;
  delete(id: string): void;
  /** All documents in the order in which they were first put. */
  list(): T[];
}

/**
 * What the local stack's stand-ins remember between starts. A write that returned is on the disk:
 * it survives `kill -9` of the process.
 */
export interface StateStore {
  /** The documents of one name, checked against their schema whenever they are read. */
  collection<T>(name: string, schema: z.ZodType<T>): Collection<T>;
  /** Runs all writes of `run` or, when it throws, none of them. May be nested. */
  transaction<R>(run: () => R): R;
  close(): void;
}

/**
 * Opens (or makes) a state file, readable by its owner only because signing keys live in it.
 * `:memory:` keeps nothing and is for tests.
 *
 * Throws `LocalStackError` when the file is damaged or another process holds it.
 */
export function openState(file: string): StateStore {
  const database = openDatabase({ file, what: 'state', synchronous: 'FULL' });
  database.exec(
    `CREATE TABLE IF NOT EXISTS documents (
       position INTEGER PRIMARY KEY AUTOINCREMENT,
       collection TEXT NOT NULL,
       id TEXT NOT NULL,
       value TEXT NOT NULL,
       UNIQUE (collection, id)
     )`,
  );
  return {
    collection: (name, schema) => openCollection({ database, file, name, schema }),
    transaction: (run) => runTransaction(database, run),
    close: () => {
      database.close();
    },
  };
}

/**
 * Opens a SQLite file for this process alone: two stacks on one data directory would each deliver
 * the same messages. A committed write survives `kill -9`; with `FULL` also a power cut, at the
 * price of one disk flush (2 to 5 ms, in which the whole stack waits) for every write.
 */
export function openDatabase(options: {
  readonly file: string;
  readonly what: string;
  readonly synchronous: 'FULL' | 'NORMAL';
}): DatabaseSync {
  const { file, what, synchronous } = options;
  let database: DatabaseSync | undefined;
  try {
    if (file !== ':memory:') prepareFile(file);
    database = new DatabaseSync(file);
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA synchronous = ${synchronous}`);
    // Taking the lock now makes a second stack fail at its start and not at its first write.
    database.exec('BEGIN IMMEDIATE; COMMIT');
    const check = z
      .object({ quick_check: z.string() })
      .parse(database.prepare('PRAGMA quick_check').get());
    if (check.quick_check !== 'ok') throw new Error(check.quick_check);
    return database;
  } catch (error) {
    database?.close();
    throw explain({ error, file, what });
  }
}

/** Runs all writes of `run` or none; inside a running transaction it becomes a part of it. */
export function runTransaction<R>(database: DatabaseSync, run: () => R): R {
  const nested = database.isTransaction;
  database.exec(nested ? 'SAVEPOINT part' : 'BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec(nested ? 'RELEASE part' : 'COMMIT');
    return result;
  } catch (error) {
    database.exec(nested ? 'ROLLBACK TO part; RELEASE part' : 'ROLLBACK');
    throw error;
  }
}

function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives its side files the mode of the main file, so it has to be right before the open.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function explain(problem: {
  readonly error: unknown;
  readonly file: string;
  readonly what: string;
}): LocalStackError {
  const { error, file, what } = problem;
  const reason = error instanceof Error ? error.message : String(error);
  const message = reason.includes('locked')
    ? `The local stack's ${what} file ${file} is in use by another process: end that stack, or start this one with another DATA_DIR.`
    : `The local stack's ${what} file ${file} cannot be used (${reason}): restore it, or start with --reset to begin anew.`;
  return new LocalStackError(message, { cause: error });
}

const rowSchema = z.object({ id: z.string(), value: z.string() });

function openCollection<T>(source: {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly name: string;
  readonly schema: z.ZodType<T>;
}): Collection<T> {
  const { database, file, name, schema } = source;
  const select = database.prepare(
    'SELECT id, value FROM documents WHERE collection = ? AND id = ?',
  );
  const selectAll = database.prepare(
    'SELECT id, value FROM documents WHERE collection = ? ORDER BY position',
  );
  const upsert = database.prepare(
    `INSERT INTO documents (collection, id, value) VALUES (?, ?, ?)
     ON CONFLICT (collection, id) DO UPDATE SET value = excluded.value`,
  );
  const remove = database.prepare('DELETE FROM documents WHERE collection = ? AND id = ?');

  const read = (row: unknown): T => {
    const { id, value } = rowSchema.parse(row);
    try {
      return schema.parse(JSON.parse(value));
    } catch (cause) {
      throw new LocalStackError(
        `The local stack's state file ${file} holds a record "${name}/${id}" that this version cannot read: restore it, or start with --reset to begin anew.`,
        { cause },
      );
    }
  };
  return {
    get: (id) => {
      const row = select.get(name, id);
      return row === undefined ? undefined : read(row);
    },
    put: (id, value) => {
      upsert.run(name, id, JSON.stringify(value));
    },
    delete: (id) => {
      remove.run(name, id);
    },
    list: () => selectAll.all(name).map(read),
  };
}
