import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { FULFILLMENT_PUTS, keyOf, sampleOf, setting } from '#tests/bench/variants/sample';

/*
 * The least that an application of the SDK does: the one call to the table, with items as they go over the wire, and
 * nothing before or after it. No token, no validation, no decision, no answer; and nothing left out of the SDK.
 */

const client = new DynamoDBClient({});
const TableName = setting('TABLE_NAME');
const head = sampleOf('BENCH_HEAD');
const entry = sampleOf('BENCH_ENTRY');
let calls = 0;

/** One transaction of two puts. */
export async function spend(): Promise<void> {
  await client.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        newPut({ ...entry, ...nextKey() }),
        { Put: { TableName, Item: { ...head, pk: { S: 'USER#bare' } } } },
      ],
    }),
  );
}

export async function balance(): Promise<void> {
  const Key = { pk: head['pk'] ?? { S: '' }, sk: head['sk'] ?? { S: '' } };
  await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
}

export async function history(): Promise<void> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'gsi1',
      KeyConditionExpression: 'gsi1pk = :wallet',
      ExpressionAttributeValues: { ':wallet': entry['gsi1pk'] ?? { S: '' } },
      ScanIndexForward: false,
      Limit: 20,
    }),
  );
  Items.forEach((item) => unmarshall(item));
}

/** One transaction of as many puts as a fulfilled purchase is. */
export async function fulfill(): Promise<void> {
  const TransactItems = Array.from({ length: FULFILLMENT_PUTS }, () =>
    newPut({ ...entry, ...nextKey() }),
  );
  await client.send(new TransactWriteItemsCommand({ TransactItems }));
}

function newPut(Item: Record<string, AttributeValue>) {
  return { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
}

function nextKey() {
  calls += 1;
  return keyOf('bare', `${process.pid}-${calls}`);
}
