import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { keyOf, sampleOf, setting } from '#tests/bench/variants/sample';

/*
 * The usual way: an idempotency record around the business call. The record is put before it and updated with the
 * answer after it; in between the wallet is read, and wallet and transaction are written together. Four round trips, and
 * between any two of them a crash leaves a record that says "in progress". The table's own work only, as in `bare-sdk`.
 */

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = setting('TABLE_NAME');
const entry = unmarshall(sampleOf('BENCH_ENTRY'));
const head = unmarshall(sampleOf('BENCH_HEAD'));
const LIFE_S = 24 * 60 * 60;
let calls = 0;

export async function spend(): Promise<void> {
  calls += 1;
  const id = `${process.pid}-${calls}`;
  const record = { pk: `IDEMPOTENCY#${id}`, sk: 'IDEMPOTENCY' };
  const wallet = { pk: 'USER#wrapped', sk: 'WALLET#general' };
  const now = Math.floor(Date.now() / 1000);
  await client.send(
    new PutCommand({
      TableName,
      Item: { ...record, state: 'IN_PROGRESS', ttl: now + LIFE_S },
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );
  const { Item } = await client.send(
    new GetCommand({ TableName, Key: wallet, ConsistentRead: true }),
  );
  const version = Number(Item?.['version'] ?? 0);
  await client.send(
    new TransactWriteCommand({
      TransactItems: [
        {
          Put: {
            TableName,
            Item: { ...head, ...wallet, version: version + 1 },
            ConditionExpression: 'attribute_not_exists(pk) OR version = :version',
            ExpressionAttributeValues: { ':version': version },
          },
        },
        {
          Put: {
            TableName,
            Item: { ...entry, ...unmarshall(keyOf('wrapped', id)) },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
    }),
  );
  await client.send(
    new UpdateCommand({
      TableName,
      Key: record,
      UpdateExpression: 'SET #state = :done, answer = :answer',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':done': 'COMPLETED', ':answer': JSON.stringify(entry) },
    }),
  );
}
