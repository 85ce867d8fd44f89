import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

import {
  type MessageAttributes,
  messageAttributesSchema,
} from '#infra/local/services/sqs-attributes';
import { openDatabase, runTransaction } from '#infra/local/state';

/** No visibility timeout or delay is longer (12 hours), so a later deadline is from another time. */
const DEADLINE_MS_MAX = 43_200_000;

export interface QueueRecord {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly created_at: number;
  readonly modified_at: number;
}

export interface NewMessage {
  readonly queue: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly delaySeconds: number;
}

export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sent_at: number;
  readonly receive_count: number;
  readonly first_received_at: number;
  readonly receipt: string;
  /** The queue in which the message failed, when this is a dead-letter queue. */
  readonly source: string | null;
}

export interface Counts {
  readonly visible: number;
  readonly in_flight: number;
  readonly delayed: number;
  /** When the next message that is not visible becomes so; milliseconds. */
  readonly next_visible_at: number | null;
}

export interface ReceiveRequest {
  readonly queue: string;
  readonly max: number;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly deadLetter: { readonly queue: string; readonly maxReceiveCount: number } | undefined;
}

/** Queues and messages on the disk. Every method is one transaction, done when it returns. */
export interface SqsStore {
  putQueue(queue: QueueRecord): void;
  getQueue(name: string): QueueRecord | undefined;
  listQueues(): QueueRecord[];
  deleteQueue(name: string): void;
  /** Stores all messages or none and answers their ids. */
  send(messages: readonly NewMessage[]): string[];
  /** Takes up to `max` visible messages; those received too often move to the dead-letter queue. */
  receive(request: ReceiveRequest): StoredMessage[];
  /** Removes the message of the newest receipt; an outdated receipt removes nothing. */
  remove(queue: string, receipt: string): void;
  /** False when the receipt is outdated or its message is not in flight. */
  changeVisibility(change: {
    readonly queue: string;
    readonly receipt: string;
    readonly seconds: number;
  }): boolean;
  purge(queue: string): void;
  counts(queue: string, retentionSeconds: number): Counts;
  /** Moves failed messages from a dead-letter queue back to where they failed, as new messages. */
  redrive(move: { readonly deadLetterQueue: string; readonly source?: string | undefined }): number;
  close(): void;
}

const queueRowSchema = z.object({
  name: z.string(),
  attributes: z.string(),
  created_at: z.number(),
  modified_at: z.number(),
});
const messageRowSchema = z.object({
  position: z.number(),
  id: z.string(),
  body: z.string(),
  attributes: z.string(),
  sent_at: z.number(),
  receive_count: z.number(),
  first_received_at: z.number().nullable(),
  source: z.string().nullable(),
});
const positionSchema = z.object({ position: z.number() });
const countsSchema = z.object({
  visible: z.number(),
  in_flight: z.number(),
  delayed: z.number(),
  next_visible_at: z.number().nullable(),
});
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS queues (
    name TEXT PRIMARY KEY, attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, attributes TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    -- 0 for a message that nothing holds back, so that setting the clock back cannot hide it.
    visible_at INTEGER NOT NULL,
    receipt TEXT, receive_count INTEGER NOT NULL DEFAULT 0, first_received_at INTEGER, source TEXT
  );
  CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, position);
  CREATE UNIQUE INDEX IF NOT EXISTS messages_by_receipt ON messages (receipt)`;

/** A deadline beyond the longest possible one was set before the clock was set back. */
const VISIBLE = `(visible_at <= :now OR visible_at > :now + ${DEADLINE_MS_MAX})`;

/** Opens `queues.sqlite` in `dataDir` (`:memory:` keeps nothing). Throws `LocalStackError`. */
export function openSqsStore(dataDir: string, now: () => number): SqsStore {
  const file = dataDir === ':memory:' ? dataDir : join(dataDir, 'queues.sqlite');
  const database = openDatabase({ file, what: 'queue', synchronous: 'NORMAL' });
  database.exec(SCHEMA);
  const sql = prepareStatements(database);
  const oldest = (retentionSeconds: number): number => now() - retentionSeconds * 1_000;
  const atomically = <R>(run: () => R): R => runTransaction(database, run);

  const buryFailed = ({ queue, deadLetter }: ReceiveRequest): void => {
    if (deadLetter === undefined) return;
    const rows = sql.exhausted.all({ queue, now: now(), max_receive: deadLetter.maxReceiveCount });
    for (const row of rows) sql.bury.run({ to: deadLetter.queue, ...positionSchema.parse(row) });
  };
  const take = (request: ReceiveRequest, row: z.infer<typeof messageRowSchema>): StoredMessage => {
    const receipt = Buffer.from(`${row.id}:${randomUUID()}`).toString('base64url');
    const time = now();
    const seconds = request.visibilitySeconds;
    const visibleAt = seconds === 0 ? 0 : time + seconds * 1_000;
    sql.take.run({ receipt, visible_at: visibleAt, now: time, position: row.position });
    return {
      ...row,
      attributes: messageAttributesSchema.parse(JSON.parse(row.attributes)),
      receive_count: row.receive_count + 1,
      first_received_at: row.first_received_at ?? time,
      receipt,
    };
  };

  return {
    putQueue: (queue) => {
      sql.putQueue.run({ ...queue, attributes: JSON.stringify(queue.attributes) });
    },
    getQueue: (name) => {
      const row = sql.getQueue.get(name);
      return row === undefined ? undefined : readQueue(row);
    },
    listQueues: () => sql.listQueues.all().map(readQueue),
    deleteQueue: (name) => {
      atomically(() => {
        sql.purge.run(name);
        sql.deleteQueue.run(name);
      });
    },
    send: (messages) =>
      atomically(() =>
        messages.map((message) => {
          const id = randomUUID();
          sql.insert.run({
            queue: message.queue,
            id,
            body: message.body,
            attributes: JSON.stringify(message.attributes),
            sent_at: now(),
            visible_at: message.delaySeconds === 0 ? 0 : now() + message.delaySeconds * 1_000,
          });
          return id;
        }),
      ),
    receive: (request) => {
      const { queue, max } = request;
      // Looked at before the transaction: an idle poller must not write to the disk.
      const available = sql.candidates.get({ queue, now: now(), max: 1 });
      if (available === undefined) return [];
      return atomically(() => {
        sql.expire.run({ queue, oldest: oldest(request.retentionSeconds) });
        buryFailed(request);
        const rows = sql.candidates.all({ queue, now: now(), max });
        return rows.map((row) => take(request, messageRowSchema.parse(row)));
      });
    },
    remove: (queue, receipt) => {
      sql.remove.run({ queue, receipt });
    },
    changeVisibility: ({ queue, receipt, seconds }) => {
      const time = now();
      const visibleAt = seconds === 0 ? 0 : time + seconds * 1_000;
      const done = sql.changeVisibility.run({ queue, receipt, visible_at: visibleAt, now: time });
      return Number(done.changes) === 1;
    },
    purge: (queue) => {
      sql.purge.run(queue);
    },
    counts: (queue, retentionSeconds) =>
      countsSchema.parse(sql.counts.get({ queue, now: now(), oldest: oldest(retentionSeconds) })),
    redrive: ({ deadLetterQueue, source }) =>
      atomically(() => {
        const rows = sql.failed.all({ queue: deadLetterQueue, source: source ?? null, now: now() });
        for (const row of rows) {
          sql.redrive.run({ id: randomUUID(), now: now(), ...positionSchema.parse(row) });
        }
        return rows.length;
      }),
    close: () => {
      database.close();
    },
  };
}

function prepareStatements(database: DatabaseSync) {
  return {
    putQueue: database.prepare(
      `INSERT INTO queues VALUES (:name, :attributes, :created_at, :modified_at) ON CONFLICT (name)
       DO UPDATE SET attributes = excluded.attributes, modified_at = excluded.modified_at`,
    ),
    getQueue: database.prepare('SELECT * FROM queues WHERE name = ?'),
    listQueues: database.prepare('SELECT * FROM queues ORDER BY name'),
    deleteQueue: database.prepare('DELETE FROM queues WHERE name = ?'),
    insert: database.prepare(
      `INSERT INTO messages (queue, id, body, attributes, sent_at, visible_at)
       VALUES (:queue, :id, :body, :attributes, :sent_at, :visible_at)`,
    ),
    expire: database.prepare('DELETE FROM messages WHERE queue = :queue AND sent_at < :oldest'),
    candidates: database.prepare(
      `SELECT * FROM messages WHERE queue = :queue AND ${VISIBLE} ORDER BY position LIMIT :max`,
    ),
    take: database.prepare(
      `UPDATE messages SET receipt = :receipt, visible_at = :visible_at,
         receive_count = receive_count + 1, first_received_at = coalesce(first_received_at, :now)
       WHERE position = :position`,
    ),
    exhausted: database.prepare(
      `SELECT position FROM messages WHERE queue = :queue AND ${VISIBLE}
         AND receive_count >= :max_receive ORDER BY position`,
    ),
    // A new position puts it behind what waits there already; its age and count stay, as in SQS.
    bury: database.prepare(
      `UPDATE messages SET queue = :to, source = queue, receipt = NULL, visible_at = 0,
         position = (SELECT max(position) + 1 FROM messages) WHERE position = :position`,
    ),
    remove: database.prepare('DELETE FROM messages WHERE queue = :queue AND receipt = :receipt'),
    changeVisibility: database.prepare(
      `UPDATE messages SET visible_at = :visible_at
       WHERE queue = :queue AND receipt = :receipt AND NOT ${VISIBLE}`,
    ),
    purge: database.prepare('DELETE FROM messages WHERE queue = ?'),
    counts: database.prepare(
      `SELECT count(*) FILTER (WHERE ${VISIBLE}) AS visible,
         count(*) FILTER (WHERE NOT ${VISIBLE} AND receipt IS NOT NULL) AS in_flight,
         count(*) FILTER (WHERE NOT ${VISIBLE} AND receipt IS NULL) AS delayed,
         min(visible_at) FILTER (WHERE NOT ${VISIBLE}) AS next_visible_at
       FROM messages WHERE queue = :queue AND sent_at >= :oldest`,
    ),
    failed: database.prepare(
      `SELECT position FROM messages WHERE queue = :queue AND source IN (SELECT name FROM queues)
         AND (:source IS NULL OR source = :source) AND ${VISIBLE} ORDER BY position`,
    ),
    redrive: database.prepare(
      `UPDATE messages SET queue = source, source = NULL, id = :id, sent_at = :now, visible_at = 0,
         receipt = NULL, receive_count = 0, first_received_at = NULL WHERE position = :position`,
    ),
  };
}

function readQueue(row: unknown): QueueRecord {
  const { attributes, ...queue } = queueRowSchema.parse(row);
  return { ...queue, attributes: z.record(z.string(), z.string()).parse(JSON.parse(attributes)) };
}
