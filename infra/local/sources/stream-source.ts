import { setTimeout as pause } from 'node:timers/promises';
import type {
  DynamoDBStreamsClient,
  _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import type { InvocationResult } from '#infra/local/lambda/function-pool';
import { arnOf, type Invoker } from '#infra/local/lambda/invoker';
import { failedItems } from '#infra/local/sources/batch-failures';
import { compilePattern } from '#infra/local/sources/event-pattern';
import type { EventSource } from '#infra/local/sources/queue-source';
import { toStreamEvent } from '#infra/local/sources/stream-event';
import { listShards, openShard, type ShardReader } from '#infra/local/sources/stream-reader';
import type { Collection, StateStore } from '#infra/local/state';
import type { StreamSourceModel } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

export interface StreamSource extends EventSource {
  /** Somebody wrote to the table: reads now instead of at the next turn. */
  wake(): void;
  /** Resolves when everything that is in the stream at the time of the call is handled. */
  drained(): Promise<void>;
}

export interface StreamSourceOptions {
  readonly source: StreamSourceModel;
  readonly streamArn: string;
  readonly client: DynamoDBStreamsClient;
  readonly queueClient: SQSClient;
  /** Where the failure queue is, when the mapping names one. */
  readonly onFailureUrl?: string;
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly state: StateStore;
  readonly place: Place;
  readonly log: (line: string) => void;
}

/** The stream is asked this often when nobody wakes the source. */
const POLL_MS = 1_000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1_000;
/** Pages may be empty while more follows (writes that changed nothing leave no record). */
const EMPTY_READS_AT_END = 2;

const checkpointSchema = z.object({ sequence_number: z.string() });

interface Batch {
  readonly records: readonly StreamRecord[];
  readonly attempts: number;
}

/**
 * Lambda's poller of a table's stream: records in order, a failing batch halved until the bad record
 * is alone, which goes to the failure queue after its retries. The place in the stream is stored
 * after each handled batch, so a kill makes records come twice and never lets one go missing.
 */
export async function startStreamSource(options: StreamSourceOptions): Promise<StreamSource> {
  const checkpoints = options.state.collection('stream_checkpoints', checkpointSchema);
  const shards = await listShards(options.client, options.streamArn);
  const pollers = shards.map((shard) => {
    const shardId = shard.ShardId ?? '';
    const key = `${options.source.functionName}/${options.streamArn}/${shardId}`;
    const after = checkpoints.get(key)?.sequence_number;
    const reader = openShard({ ...options, shardId, after });
    return startShardPoller({ ...options, reader, checkpoints, key });
  });
  return {
    idle: () => pollers.every((poller) => poller.idle()),
    wake: () => {
      for (const poller of pollers) poller.wake();
    },
    drained: async () => {
      await Promise.all(pollers.map((poller) => poller.drained()));
    },
    close: async () => {
      await Promise.all(pollers.map((poller) => poller.close()));
    },
  };
}

interface ShardOptions extends StreamSourceOptions {
  readonly reader: ShardReader;
  readonly checkpoints: Collection<z.infer<typeof checkpointSchema>>;
  readonly key: string;
}

function startShardPoller(options: ShardOptions): StreamSource {
  const { checkpoints, key, reader, source } = options;
  const stop = new AbortController();
  const isStopped = (): boolean => stop.signal.aborted;
  let handling = false;
  let wakeUp = Promise.withResolvers<undefined>();
  /** Those who wait for the end of the stream, with the empty reads that are still missing. */
  const waiters = new Set<{ readonly done: () => void; emptyReads: number }>();

  const turn = async (): Promise<void> => {
    // Only a read that begins after the question can answer it.
    const asked = [...waiters];
    const records = await reader.read(source.batchSize);
    if (records.length > 0) {
      handling = true;
      await handleBatches({ ...options, isStopped, signal: stop.signal, records });
      handling = false;
      for (const waiter of asked) waiter.emptyReads = EMPTY_READS_AT_END;
    } else if (waiters.size > 0) {
      for (const waiter of asked) {
        waiter.emptyReads -= 1;
        if (waiter.emptyReads > 0) continue;
        waiters.delete(waiter);
        waiter.done();
      }
    } else {
      await Promise.race([wakeUp.promise, rest(POLL_MS, stop.signal)]);
      wakeUp = Promise.withResolvers<undefined>();
    }
  };
  const poll = async (): Promise<void> => {
    while (!isStopped()) {
      try {
        await turn();
      } catch (error) {
        handling = false;
        if (isStopped()) break;
        options.log(`Stream of ${source.tableName}: ${String(error)}`);
        // What was read and not handled is read again.
        reader.seek(checkpoints.get(key)?.sequence_number);
        await rest(BACKOFF_MAX_MS, stop.signal);
      }
    }
  };
  const polling = poll();

  return {
    idle: () => !handling,
    wake: () => {
      wakeUp.resolve(undefined);
    },
    drained: () =>
      new Promise<void>((done) => {
        waiters.add({ done, emptyReads: EMPTY_READS_AT_END });
        wakeUp.resolve(undefined);
      }),
    close: async () => {
      stop.abort();
      await polling;
      for (const { done } of waiters) done();
    },
  };
}

/** Waits, but not beyond the end of the source. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

interface Handling extends ShardOptions {
  readonly signal: AbortSignal;
  readonly isStopped: () => boolean;
}

async function handleBatches(
  handling: Handling & { readonly records: readonly StreamRecord[] },
): Promise<void> {
  const { isStopped, signal, source } = handling;
  const accepts = recordFilter(source);
  let batches: readonly Batch[] = [{ records: handling.records, attempts: 0 }];
  let backoffMs = BACKOFF_MIN_MS;
  while (batches.length > 0 && !isStopped()) {
    const [batch, ...later] = batches;
    if (batch === undefined) return;
    const wanted = batch.records.filter(accepts);
    const result = await invoke(handling, wanted);
    // Stopped in the middle: the checkpoint stays, and the next start delivers the batch again.
    if (isStopped()) return;
    const failedAt = firstFailure({ handling, result, batch, wanted });
    saveCheckpoint(handling, batch.records.slice(0, failedAt));
    if (failedAt === batch.records.length) {
      batches = later;
      backoffMs = BACKOFF_MIN_MS;
      continue;
    }
    const left = { ...batch, records: batch.records.slice(failedAt) };
    const isSame = failedAt === 0;
    const next = await retryOf(handling, isSame ? left : { ...left, attempts: 0 }, result);
    batches = [...next, ...later];
    await rest(backoffMs, signal);
    backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
  }
}

/** What to try next instead of a batch that has failed at its first record. */
async function retryOf(
  handling: Handling,
  batch: Batch,
  result: InvocationResult | undefined,
): Promise<readonly Batch[]> {
  const { source } = handling;
  const { attempts, records } = batch;
  if (source.bisectOnError && records.length > 1) {
    // Splitting does not count as a try.
    const middle = Math.ceil(records.length / 2);
    return [records.slice(0, middle), records.slice(middle)].map((half) => ({
      records: half,
      attempts,
    }));
  }
  const exhausted = source.maximumRetryAttempts >= 0 && attempts >= source.maximumRetryAttempts;
  if (!exhausted && !isTooOld(handling, records)) return [{ records, attempts: attempts + 1 }];
  const condition = exhausted ? 'RetryAttemptsExhausted' : 'RecordAgeExceeded';
  await giveUp(handling, { records, attempts: attempts + 1, condition, result });
  saveCheckpoint(handling, records);
  return [];
}

async function invoke(
  { invoker, source, streamArn }: Handling,
  records: readonly StreamRecord[],
): Promise<InvocationResult | undefined> {
  if (records.length === 0) return undefined;
  return invoker.invoke(source.functionName, {
    Records: records.map((record) => toStreamEvent(record, streamArn)),
  });
}

/** The position of the first record that was not handled; the batch's length when all were. */
function firstFailure(outcome: {
  readonly handling: Handling;
  readonly result: InvocationResult | undefined;
  readonly batch: Batch;
  readonly wanted: readonly StreamRecord[];
}): number {
  const { batch, handling, result, wanted } = outcome;
  if (result === undefined) return batch.records.length;
  const failed = failedItems(result, {
    ids: wanted.map(sequenceNumber),
    reportsItems: handling.source.reportBatchItemFailures,
  });
  const position = batch.records.findIndex((record) => failed.has(sequenceNumber(record)));
  return position === -1 ? batch.records.length : position;
}

function isTooOld({ clock, source }: Handling, records: readonly StreamRecord[]): boolean {
  const created = records[0]?.dynamodb?.ApproximateCreationDateTime;
  if (source.maximumRecordAgeMs < 0 || created === undefined) return false;
  return clock.now().getTime() - created.getTime() > source.maximumRecordAgeMs;
}

/** The failure queue gets where the records are, not what they are, as from Lambda. */
async function giveUp(
  handling: Handling,
  failure: {
    readonly records: readonly StreamRecord[];
    readonly attempts: number;
    readonly condition: string;
    readonly result: InvocationResult | undefined;
  },
): Promise<void> {
  const { clock, log, onFailureUrl, place, queueClient, reader, source, streamArn } = handling;
  const { attempts, condition, records, result } = failure;
  log(`${source.functionName} could not handle ${records.length} stream records: ${condition}.`);
  if (onFailureUrl === undefined) return;
  const arrivals = records.map((record) => record.dynamodb?.ApproximateCreationDateTime);
  const body = {
    requestContext: {
      requestId: result?.requestId,
      functionArn: arnOf(place, source.functionName),
      condition,
      approximateInvokeCount: attempts,
    },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: result?.ok === false ? 'Unhandled' : null,
    },
    version: '1.0',
    timestamp: clock.now().toISOString(),
    DDBStreamBatchInfo: {
      shardId: reader.shardId,
      startSequenceNumber: records[0] && sequenceNumber(records[0]),
      endSequenceNumber: records.at(-1)?.dynamodb?.SequenceNumber,
      approximateArrivalOfFirstRecord: arrivals[0]?.toISOString(),
      approximateArrivalOfLastRecord: arrivals.at(-1)?.toISOString(),
      batchSize: records.length,
      streamArn,
    },
  };
  await queueClient.send(
    new SendMessageCommand({ QueueUrl: onFailureUrl, MessageBody: JSON.stringify(body) }),
  );
}

function saveCheckpoint(handling: Handling, handled: readonly StreamRecord[]): void {
  const last = handled.at(-1);
  if (last === undefined) return;
  handling.checkpoints.put(handling.key, { sequence_number: sequenceNumber(last) });
}

function recordFilter({ filters }: StreamSourceModel): (record: StreamRecord) => boolean {
  if (filters.length === 0) return () => true;
  const matchers = filters.map(compilePattern);
  return (record) => matchers.some((matches) => matches(toStreamEvent(record, '')));
}

function sequenceNumber(record: StreamRecord): string {
  return record.dynamodb?.SequenceNumber ?? '';
}
