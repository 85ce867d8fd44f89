import { expect, test } from 'vitest';
import * as z from 'zod';
import { tableSchema } from '#lib/store/schema';
import { ofType, synthesized } from '#tests/infra/synthesized';

const [table, ...others] = ofType(
  synthesized(),
  'AWS::DynamoDB::Table',
  z.record(z.string(), z.unknown()),
);

test('there is one table, and it outlives its stack', () => {
  expect(others).toEqual([]);
  expect(table?.deletionPolicy).toBe('Retain');
  expect(table?.updateReplacePolicy).toBe('Retain');
  expect(table?.properties).toMatchObject({
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    BillingMode: 'PAY_PER_REQUEST',
  });
});

test('the deployed table has the shape that the store writes to', () => {
  const keys = (partitionKey: string, sortKey: string) => [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    { AttributeName: sortKey, KeyType: 'RANGE' },
  ];
  expect(table?.properties).toMatchObject({
    KeySchema: keys(tableSchema.partitionKey, tableSchema.sortKey),
    StreamSpecification: { StreamViewType: tableSchema.stream },
    TimeToLiveSpecification: { AttributeName: tableSchema.ttlAttribute, Enabled: true },
    GlobalSecondaryIndexes: tableSchema.indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keys(index.partitionKey, index.sortKey),
      Projection: { ProjectionType: index.projection },
    })),
  });
});
