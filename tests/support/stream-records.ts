import { DynamoDBStreamsClient, ListStreamsCommand } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import { toStreamEvent } from '#infra/local/sources/stream-event';
import { listShards, openShard } from '#infra/local/sources/stream-reader';
import type { TestTable } from '#tests/support/table';

/** Everything in the table's stream so far, or since a record of it, as Lambda hands it over. */
export async function streamRecordsOf(
  table: Pick<TestTable, 'config' | 'tableName'>,
  after?: string,
): Promise<readonly DynamoDBRecord[]> {
  const client = new DynamoDBStreamsClient(table.config);
  const { Streams } = await client.send(new ListStreamsCommand({ TableName: table.tableName }));
  const streamArn = Streams?.[0]?.StreamArn ?? '';
  const found: DynamoDBRecord[] = [];
  for (const { ShardId } of await listShards(client, streamArn)) {
    const shard = openShard({ client, streamArn, shardId: ShardId ?? '', after });
    for (let empty = 0; empty < 2;) {
      const page = await shard.read(100);
      empty = page.length === 0 ? empty + 1 : 0;
      found.push(...page.map((record) => toStreamEvent(record, streamArn)));
    }
  }
  return found;
}
