import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { AwsError } from '#infra/local/services/aws-error';
import { jsonListener, parseInput } from '#infra/local/services/aws-http';
import { createFaults, type Faults } from '#infra/local/services/faults';
import type { StateStore } from '#infra/local/state';

/** How many events `GET /local/events` can look back. */
const EVENTS_KEPT = 1_000;
/** Quotas of PutEvents. */
const ENTRIES_MAX = 10;
const REQUEST_BYTES_MAX = 1_048_576;

const eventSchema = z.object({
  version: z.literal('0'),
  id: z.string(),
  'detail-type': z.string(),
  source: z.string(),
  account: z.string(),
  time: z.string(),
  region: z.string(),
  resources: z.array(z.string()),
  detail: z.record(z.string(), z.unknown()),
});
/** An event as a rule's target receives it. */
export type BusEvent = z.infer<typeof eventSchema>;

const recordSchema = z.object({ bus: z.string(), event: eventSchema, delivered: z.boolean() });
export type EventRecord = z.infer<typeof recordSchema>;

/** Brings one event to the targets of the rules that match; resolves when they have it. */
export type DeliverEvent = (delivery: {
  readonly bus: string;
  readonly event: BusEvent;
}) => void | Promise<void>;

/** The event bus: what was put is stored, then handed to `deliver`, at least once. */
export interface Events {
  readonly listener: RequestListener;
  readonly faults: Faults;
  /** The newest events, newest last. */
  list(): EventRecord[];
  /** Hands over what a crash left undelivered; for the start, when the targets are up. */
  deliverPending(): Promise<void>;
  /** Whether no event is on its way to its targets. */
  idle(): boolean;
}

/** `buses` are the names that exist; an event for another is refused, so that a typo shows. */
export function createEvents(options: {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly buses: readonly string[];
  readonly deliver: DeliverEvent;
  readonly log: (message: string) => void;
  readonly region?: string;
  readonly accountId?: string;
}): Events {
  const { state, clock, deliver, log } = options;
  const { region = 'us-east-1', accountId: account = '000000000000' } = options;
  const stored = state.collection('events', recordSchema);
  const buses = new Set(['default', ...options.buses]);
  const faults = createFaults();
  let kept = stored.list().map(({ event, delivered }) => ({ id: event.id, delivered }));

  let underWay = 0;
  const handOver = async (record: EventRecord): Promise<void> => {
    underWay += 1;
    try {
      await deliver({ bus: record.bus, event: record.event });
    } catch (error) {
      // Targets keep their own retries; what they throw at us is a mistake of the stack.
      log(`Event ${record.event.id} was not delivered: ${String(error)}`);
      return;
    } finally {
      underWay -= 1;
    }
    stored.put(record.event.id, { ...record, delivered: true });
    kept = kept.map((entry) =>
      entry.id === record.event.id ? { ...entry, delivered: true } : entry,
    );
  };
  const trim = (): void => {
    const excess = kept.slice(0, Math.max(0, kept.length - EVENTS_KEPT));
    const done = new Set(excess.filter(({ delivered }) => delivered).map(({ id }) => id));
    for (const id of done) stored.delete(id);
    kept = kept.filter(({ id }) => !done.has(id));
  };
  const toRecord = (entry: Entry): EventRecord | Refusal => {
    const refusal = refuse(entry, buses);
    if (refusal !== undefined) return refusal;
    const event = {
      version: '0' as const,
      id: randomUUID(),
      'detail-type': entry.DetailType ?? '',
      source: entry.Source ?? '',
      account,
      // To the second, as EventBridge has it.
      time: new Date(entry.Time === undefined ? clock.now() : entry.Time * 1_000)
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
      region,
      resources: entry.Resources ?? [],
      detail: parseDetail(entry.Detail) ?? {},
    };
    return { bus: busName(entry), event, delivered: false };
  };

  const putEvents = (input: unknown) => {
    const { Entries } = parseInput(putEventsSchema, input, 'ValidationException');
    const size = Entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    if (size > REQUEST_BYTES_MAX) {
      throw new AwsError('ValidationException', 'Total size of the entries exceeds the limit.');
    }
    const results = Entries.map(toRecord);
    const records = results.filter((result) => 'event' in result);
    state.transaction(() => {
      for (const record of records) stored.put(record.event.id, record);
      trim();
    });
    kept = [...kept, ...records.map(({ event }) => ({ id: event.id, delivered: false }))];
    for (const record of records) void handOver(record);
    return {
      FailedEntryCount: results.length - records.length,
      Entries: results.map((result) => ('event' in result ? { EventId: result.event.id } : result)),
    };
  };

  return {
    faults,
    listener: jsonListener({
      contentType: 'application/x-amz-json-1.1',
      operations: { PutEvents: putEvents },
      faults,
      log,
    }),
    list: () => stored.list(),
    deliverPending: async () => {
      for (const record of stored.list()) if (!record.delivered) await handOver(record);
    },
    idle: () => underWay === 0,
  };
}

const entrySchema = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  /** Seconds since 1970, as timestamps travel in this protocol. */
  Time: z.number().optional(),
});
type Entry = z.infer<typeof entrySchema>;
const putEventsSchema = z.object({ Entries: z.array(entrySchema).min(1).max(ENTRIES_MAX) });

interface Refusal {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

/** Why EventBridge would not take one entry; the others of the request are not concerned. */
function refuse(entry: Entry, buses: ReadonlySet<string>): Refusal | undefined {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name] === undefined || entry[name] === '') {
      const ErrorMessage = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
      return { ErrorCode: 'InvalidArgument', ErrorMessage };
    }
  }
  if (entry.Source?.startsWith('aws.') === true) {
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: 'Not authorized for the source.',
    };
  }
  if (parseDetail(entry.Detail) === undefined) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  if (!buses.has(busName(entry))) {
    const ErrorMessage = `Event bus ${busName(entry)} does not exist.`;
    return { ErrorCode: 'ResourceNotFoundException', ErrorMessage };
  }
  return undefined;
}

/** A bus is named by its name or its ARN. */
function busName(entry: Entry): string {
  return entry.EventBusName?.split('/').at(-1) ?? 'default';
}

function parseDetail(detail: string | undefined): Record<string, unknown> | undefined {
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(detail ?? '')).data;
  } catch {
    // Text that is not JSON is one of the ways to be malformed.
    return undefined;
  }
}

/** The size rule of PutEvents: 14 bytes for a time, and the UTF-8 bytes of every text. */
function entryBytes(entry: Entry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  return texts.reduce(
    (sum, text) => sum + Buffer.byteLength(text ?? ''),
    entry.Time === undefined ? 0 : 14,
  );
}
