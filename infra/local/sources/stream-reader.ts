import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
  TrimmedDataAccessException,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';

/** Reads one shard of a stream from where it stopped. */
export interface ShardReader {
  readonly shardId: string;
  /** The next records in order; none when there are none yet. */
  read(limit: number): Promise<readonly StreamRecord[]>;
  /** Continues behind that record, or at the oldest that is kept. */
  seek(after: string | undefined): void;
}

/** The shards of a stream, parents before children. */
export async function listShards(
  client: DynamoDBStreamsClient,
  streamArn: string,
): Promise<readonly Shard[]> {
  const shards: Shard[] = [];
  let start: string | undefined;
  do {
    const page = await client.send(
      new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: start }),
    );
    shards.push(...(page.StreamDescription?.Shards ?? []));
    start = page.StreamDescription?.LastEvaluatedShardId;
  } while (start !== undefined);
  return shards;
}

/** Opens a shard behind the record of that sequence number. */
export function openShard(options: {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  readonly shardId: string;
  readonly after: string | undefined;
}): ShardReader {
  const { client, shardId, streamArn } = options;
  let { after } = options;
  let iterator: string | undefined;

  const openIterator = async (): Promise<string | undefined> => {
    const place = { StreamArn: streamArn, ShardId: shardId };
    const oldest = { ...place, ShardIteratorType: 'TRIM_HORIZON' as const };
    if (after === undefined) {
      return (await client.send(new GetShardIteratorCommand(oldest))).ShardIterator;
    }
    try {
      const behind = {
        ...place,
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const,
        SequenceNumber: after,
      };
      return (await client.send(new GetShardIteratorCommand(behind))).ShardIterator;
    } catch (error) {
      // The record is older than a day, so everything that is left is newer than it.
      if (!(error instanceof TrimmedDataAccessException)) throw error;
      return (await client.send(new GetShardIteratorCommand(oldest))).ShardIterator;
    }
  };

  return {
    shardId,
    read: async (limit) => {
      iterator ??= await openIterator();
      if (iterator === undefined) return [];
      try {
        const page = await client.send(
          new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }),
        );
        iterator = page.NextShardIterator;
        return page.Records ?? [];
      } catch (error) {
        iterator = undefined;
        if (
          error instanceof ExpiredIteratorException ||
          error instanceof TrimmedDataAccessException
        ) {
          return [];
        }
        throw error;
      }
    },
    seek: (position) => {
      after = position;
      iterator = undefined;
    },
  };
}
