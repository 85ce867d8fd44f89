import { isDeepStrictEqual } from 'node:util';
import { isObject, listAt, objectAt, textAt, type Json } from '#infra/local/dynamodb/json';
import { contentOf, withContent, type Answer } from '#infra/local/dynamodb/wire';

/**
 * GetRecords as DynamoDB answers it: a write that changed nothing leaves no record. A page may thus
 * be empty while more follows, as DynamoDB's own pages may.
 */
export function withoutUnchanged(answer: Answer): Answer {
  const content = contentOf(answer);
  if (content === undefined) return answer;
  const records = listAt(content, 'Records');
  const changed = records.filter((record) => !isUnchanged(record));
  return changed.length === records.length
    ? answer
    : withContent(answer, { ...content, Records: changed });
}

function isUnchanged(record: unknown): boolean {
  const images = objectAt(record, 'dynamodb');
  return (
    textAt(record, 'eventName') === 'MODIFY' &&
    objectAt(images, 'OldImage') !== undefined &&
    isDeepStrictEqual(images?.['OldImage'], images?.['NewImage'])
  );
}

/**
 * DescribeStream with the one shard open, as it is: the engine gives it an end, and compares numbers
 * as text when it looks for the first.
 */
export function withOpenShard(
  answer: Answer,
  oldest: (table: string) => string | undefined,
): Answer {
  const content = contentOf(answer);
  const description = objectAt(content, 'StreamDescription');
  if (content === undefined || description === undefined) return answer;
  const start = oldest(textAt(description, 'TableName') ?? '');
  const shards = listAt(description, 'Shards').map((shard) => openShard(shard, start));
  return withContent(answer, { ...content, StreamDescription: { ...description, Shards: shards } });
}

function openShard(shard: unknown, start: string | undefined): Json {
  const range = { ...objectAt(shard, 'SequenceNumberRange'), EndingSequenceNumber: undefined };
  const known = start === undefined ? range : { ...range, StartingSequenceNumber: start };
  return { ...(isObject(shard) ? shard : {}), SequenceNumberRange: known };
}
