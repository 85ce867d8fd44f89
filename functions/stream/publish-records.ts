import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { factsOf } from '#functions/stream/facts';
import {
  type Failure,
  followChanges,
  type TimedChange,
  type Told,
  wakeTopUps,
} from '#functions/stream/follow-changes';
import type { Log } from '#lib/http/log';
import { invariant } from '#lib/invariant';
import { type BusEvent, type EventBus, EVENTS_MAX } from '#lib/messaging/event-bus';
import type { WalletRef } from '#lib/ledger/wallet';
import type { Queue } from '#lib/messaging/queue';
import { emailRequestsOf, toMessage } from '#lib/notifications/email-request';
import type { LedgerStore } from '#lib/ports';
import { changeOfStreamRecord } from '#lib/store/stream-image';
import type { TopUpQueue } from '#lib/topups/top-up-queue';
import { topUpToLookAt } from '#lib/topups/wanted-top-ups';

export interface StreamDependencies {
  readonly bus: EventBus;
  /** E-mail requests. */
  readonly notifications: Queue;
  /** The alerts of wallets: what the stream notes there comes back through it, to be told. */
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  /** Wallets that may have to be topped up. */
  readonly topUps: TopUpQueue;
  readonly log: Log;
}

/** The first record of the batch failed: Lambda halves the batch until that record is alone, and then gives up on it. */
class StreamRecordError extends Error {
  override readonly name = 'StreamRecordError';
}

/**
 * Tells the bus and the notifications what the records say, at least once, and stops at the first record that cannot
 * be told: Lambda comes back with it and with all that follow.
 *
 * Where that is the first one, the batch fails as a whole. To name it would make Lambda try the same batch until the
 * retries are used up, and then throw away the good records behind the bad one; after an error it halves the batch
 * (Lambda developer guide, Configuring partial batch response with DynamoDB).
 */
export async function publishRecords(
  deps: StreamDependencies,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> {
  const failure = await publishUntilFailure(deps, records);
  if (!failure) return { batchItemFailures: [] };
  const sequenceNumber = records[failure.index]?.dynamodb?.SequenceNumber;
  deps.log.error('stream record not published', {
    ...(sequenceNumber !== undefined && { event_id: sequenceNumber }),
    count: failure.index,
    error: failure.cause,
  });
  if (failure.index === 0) {
    throw new StreamRecordError('the first record could not be published', failure);
  }
  invariant(sequenceNumber !== undefined, 'a stream record has a sequence number');
  return { batchItemFailures: [{ itemIdentifier: sequenceNumber }] };
}

async function publishUntilFailure(
  deps: StreamDependencies,
  records: readonly DynamoDBRecord[],
): Promise<Failure | null> {
  const events: Told<BusEvent>[] = [];
  const messages: Told<string>[] = [];
  const wallets: Told<TimedChange>[] = [];
  const topUps: Told<WalletRef>[] = [];
  let failure: Failure | null = null;
  for (const [index, record] of records.entries()) {
    try {
      const change = changeOfStreamRecord(record);
      const at = timeOf(record);
      events.push(...factsOf(change, at).map((value) => ({ index, value })));
      if (change.kind === 'wallet_changed') wallets.push({ index, value: { ...change, at } });
      const topUp = topUpToLookAt(change);
      if (topUp) topUps.push({ index, value: topUp });
      messages.push(...emailRequestsOf(change).map((each) => ({ index, value: toMessage(each) })));
    } catch (cause) {
      // Nobody can read this record; those before it do not have to wait for it.
      failure = { index, cause };
      break;
    }
  }
  failure = (await publish(deps.bus, events)) ?? failure;
  failure = (await send(deps.notifications, upTo(failure, messages))) ?? failure;
  failure = (await followChanges(deps, upTo(failure, wallets))) ?? failure;
  return (await wakeTopUps(deps.topUps, upTo(failure, topUps))) ?? failure;
}

/** What may be told although a later record failed. */
function upTo<T>(failure: Failure | null, told: readonly Told<T>[]): readonly Told<T>[] {
  return failure ? told.filter(({ index }) => index < failure.index) : told;
}

async function send(queue: Queue, messages: readonly Told<string>[]): Promise<Failure | null> {
  for (const { index, value } of messages) {
    try {
      await queue.send(value);
    } catch (cause) {
      return { index, cause };
    }
  }
  return null;
}

async function publish(bus: EventBus, events: readonly Told<BusEvent>[]): Promise<Failure | null> {
  for (let start = 0; start < events.length; start += EVENTS_MAX) {
    const batch = events.slice(start, start + EVENTS_MAX);
    try {
      const published = await bus.publish(batch.map(({ value }) => value));
      for (const [place, outcome] of published.entries()) {
        if (!outcome.ok) return { index: batch[place]?.index ?? 0, cause: refusal(outcome.reason) };
      }
    } catch (cause) {
      // The bus could not be asked, whatever the reason: perhaps it has some of them, and it will get them again.
      return { index: batch[0]?.index ?? 0, cause };
    }
  }
  return null;
}

function refusal(reason: string): Error {
  return new Error(`the bus refused an event: ${reason}`);
}

/** When the table was written. */
function timeOf(record: DynamoDBRecord): Date {
  const seconds = record.dynamodb?.ApproximateCreationDateTime;
  invariant(seconds !== undefined, 'a stream record says when it was made');
  return new Date(seconds * 1_000);
}
