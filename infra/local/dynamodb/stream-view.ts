import { isDeepStrictEqual } from 'node:util';
import { canonical } from '#infra/local/dynamodb/canonical';
import { isObject, listAt, objectAt, textAt, type Json } from '#infra/local/dynamodb/json';
import { contentOf, withContent, type Answer, type Call } from '#infra/local/dynamodb/wire';

/**
 * GetRecords as DynamoDB answers it: a write that changed nothing leaves no record (a page may thus be
 * empty while more follows, as DynamoDB's own may), the region is the caller's, and the identity of
 * a deletion by TTL has the API's member names; the lower-case ones are those of Lambda's event.
 */
export function asStreamRecords(answer: Answer, call: Call): Answer {
  const content = contentOf(answer);
  if (content === undefined) return answer;
  const awsRegion = regionOf(call);
  const records = listAt(content, 'Records')
    .filter(isObject)
    .filter((record) => !isUnchanged(record))
    .map((record) => ({ ...record, awsRegion, userIdentity: identityOf(record) }));
  return withContent(answer, { ...content, Records: records });
}

function isUnchanged(record: Json): boolean {
  const images = objectAt(record, 'dynamodb');
  const old = objectAt(images, 'OldImage');
  return (
    textAt(record, 'eventName') === 'MODIFY' &&
    old !== undefined &&
    isDeepStrictEqual(canonical(old), canonical(images?.['NewImage']))
  );
}

function identityOf(record: Json): Json | undefined {
  const identity = objectAt(record, 'userIdentity');
  return identity && { Type: identity['type'], PrincipalId: identity['principalId'] };
}

/** The region that the caller signed for: `Credential=key/date/region/service/aws4_request`. */
function regionOf(call: Call): string {
  return call.headers.authorization?.split('/')[2] ?? 'us-east-1';
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
