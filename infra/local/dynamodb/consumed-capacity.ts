import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { isObject, textAt, type Json } from '#infra/local/dynamodb/json';
import { contentOf, withContent, type Answer, type Call } from '#infra/local/dynamodb/wire';

const measured = new Set([
  ...['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'],
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'],
]);

/** The same call with the capacity of every index asked for, so that a listener can count what the caller did not ask. */
export function withCapacityAsked(call: Call, request: Json): Call {
  if (!measured.has(call.operation)) return call;
  const body = Buffer.from(JSON.stringify({ ...request, ReturnConsumedCapacity: 'INDEXES' }));
  return { ...call, body };
}

/** What a call consumed, one element per table; empty for a refused call, which DynamoDB does not report. */
export function consumedBy(answer: Answer): readonly ConsumedCapacity[] {
  const consumed: unknown = contentOf(answer)?.['ConsumedCapacity'];
  const list: readonly unknown[] = Array.isArray(consumed) ? consumed : [consumed];
  return list.filter((each): each is ConsumedCapacity => isObject(each));
}

/** The answer as the caller asked for it: without the detail, or without any capacity. */
export function withCapacityAs(answer: Answer, request: Json): Answer {
  const asked = textAt(request, 'ReturnConsumedCapacity') ?? 'NONE';
  const content = contentOf(answer);
  if (asked === 'INDEXES' || content?.['ConsumedCapacity'] === undefined) return answer;
  const { ConsumedCapacity: consumed, ...rest } = content;
  if (asked === 'NONE') return withContent(answer, rest);
  const totals = Array.isArray(consumed) ? consumed.map(total) : total(consumed);
  return withContent(answer, { ...rest, ConsumedCapacity: totals });
}

function total(consumed: unknown): Json {
  const detail = {
    Table: undefined,
    GlobalSecondaryIndexes: undefined,
    LocalSecondaryIndexes: undefined,
  };
  return isObject(consumed) ? { ...consumed, ...detail } : {};
}
