import * as z from 'zod';

import type { TableTemplate } from '#infra/local/dynamodb/tables';
import { nameInArn } from '#infra/local/template/identity';
import type { QueueModel, SecretModel, TableModel } from '#infra/local/template/model';
import { flag, readAll, wholeNumber } from '#infra/local/template/read-properties';
import type { Resolver } from '#infra/local/template/resolve';

const keySchema = z.array(
  z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }),
);

const indexSchema = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.strictObject({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});

const tableSchema = z.strictObject({
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  // Provisioned capacity would throttle, and nothing here would show it.
  BillingMode: z.literal('PAY_PER_REQUEST'),
  GlobalSecondaryIndexes: z.array(indexSchema).optional(),
  KeySchema: keySchema,
  StreamSpecification: z
    .object({
      StreamViewType: z.enum(['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY']),
    })
    .optional(),
  TimeToLiveSpecification: z
    .strictObject({ AttributeName: z.string().optional(), Enabled: flag })
    .optional(),
});

const TABLE_IGNORES = [
  'ContributorInsightsSpecification',
  'DeletionProtectionEnabled',
  'KinesisStreamSpecification',
  'OnDemandThroughput',
  'PointInTimeRecoverySpecification',
  'Replicas',
  'ResourcePolicy',
  'SSESpecification',
  'TableClass',
  'TableName',
  'Tags',
  'WarmThroughput',
  'WriteOnDemandThroughputSettings',
];

/** The tables as CreateTable takes them; replicas of a global table are the table itself here. */
export function readTables(resolver: Resolver): readonly TableModel[] {
  return readAll(resolver, {
    types: ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'],
    schema: tableSchema,
    ignore: TABLE_IGNORES,
  }).map(({ located, properties }) => {
    const { StreamSpecification: stream, TimeToLiveSpecification: ttl, ...rest } = properties;
    const name = resolver.identity(located).ref;
    const template: TableTemplate = {
      AttributeDefinitions: rest.AttributeDefinitions,
      KeySchema: rest.KeySchema,
      TableName: name,
      ...(rest.GlobalSecondaryIndexes && {
        GlobalSecondaryIndexes: rest.GlobalSecondaryIndexes.map(toIndex),
      }),
      ...(stream && { StreamSpecification: stream }),
      ...(ttl?.Enabled === true &&
        ttl.AttributeName !== undefined && {
          TimeToLiveSpecification: { AttributeName: ttl.AttributeName, Enabled: true },
        }),
    };
    return { name, template };
  });
}

type Index = NonNullable<TableTemplate['GlobalSecondaryIndexes']>[number];

function toIndex(index: z.infer<typeof indexSchema>): Index {
  const { NonKeyAttributes: attributes, ProjectionType: type } = index.Projection;
  return {
    IndexName: index.IndexName,
    KeySchema: index.KeySchema,
    Projection: { ProjectionType: type, ...(attributes && { NonKeyAttributes: attributes }) },
  };
}

const queueSchema = z.strictObject({
  ContentBasedDeduplication: flag.optional(),
  DeduplicationScope: z.string().optional(),
  DelaySeconds: wholeNumber.optional(),
  FifoQueue: flag.optional(),
  FifoThroughputLimit: z.string().optional(),
  MaximumMessageSize: wholeNumber.optional(),
  MessageRetentionPeriod: wholeNumber.optional(),
  ReceiveMessageWaitTimeSeconds: wholeNumber.optional(),
  RedrivePolicy: z
    .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: wholeNumber })
    .optional(),
  VisibilityTimeout: wholeNumber.default(30),
});

/** The queues; a dead-letter queue comes before the queue that names it, as CreateQueue wants. */
export function readQueues(resolver: Resolver): readonly QueueModel[] {
  const queues = readAll(resolver, {
    types: ['AWS::SQS::Queue'],
    schema: queueSchema,
    ignore: [
      'KmsDataKeyReusePeriodSeconds',
      'KmsMasterKeyId',
      'QueueName',
      // It only permits, and it may name a queue that does not exist yet.
      'RedriveAllowPolicy',
      'SqsManagedSseEnabled',
      'Tags',
    ],
  }).map(({ located, properties }): QueueModel => {
    const { RedrivePolicy: redrive, ...plain } = properties;
    const attributes = Object.entries(plain).filter(([, value]) => value !== undefined);
    const { attributes: names, ref } = resolver.identity(located);
    return {
      name: names['QueueName'] ?? ref,
      url: ref,
      attributes: {
        ...Object.fromEntries(attributes.map(([name, value]) => [name, String(value)])),
        ...(redrive && { RedrivePolicy: JSON.stringify(redrive) }),
      },
      visibilityTimeoutMs: properties.VisibilityTimeout * 1000,
      ...(redrive && { deadLetterQueue: nameInArn(redrive.deadLetterTargetArn) }),
    };
  });
  return queues.toSorted((a, b) => depth(queues, a) - depth(queues, b));
}

function depth(queues: readonly QueueModel[], queue: QueueModel, bound = queues.length): number {
  const next = queues.find(({ name }) => name === queue.deadLetterQueue);
  return next === undefined || bound === 0 ? 0 : 1 + depth(queues, next, bound - 1);
}

const GENERATED_LENGTH_DEFAULT = 32;

/** The secrets, with what their first value is made of. */
export function readSecrets(resolver: Resolver): readonly SecretModel[] {
  return readAll(resolver, {
    types: ['AWS::SecretsManager::Secret'],
    schema: z.strictObject({
      GenerateSecretString: z
        .looseObject({
          GenerateStringKey: z.string().optional(),
          PasswordLength: wholeNumber.default(GENERATED_LENGTH_DEFAULT),
          SecretStringTemplate: z.string().optional(),
        })
        .optional(),
      SecretString: z.string().optional(),
    }),
    ignore: ['Description', 'KmsKeyId', 'Name', 'ReplicaRegions', 'Tags'],
  }).map(({ located, properties }): SecretModel => {
    const arn = resolver.identity(located).ref;
    const name = nameInSecretArn(arn);
    const { GenerateSecretString: generate, SecretString: text } = properties;
    if (text !== undefined) return { name, arn, value: { kind: 'text', text } };
    return {
      name,
      arn,
      value: {
        kind: 'generated',
        length: generate?.PasswordLength ?? GENERATED_LENGTH_DEFAULT,
        ...(generate?.SecretStringTemplate !== undefined && {
          template: generate.SecretStringTemplate,
        }),
        ...(generate?.GenerateStringKey !== undefined && { key: generate.GenerateStringKey }),
      },
    };
  });
}

function nameInSecretArn(arn: string): string {
  return arn.split(':').at(-1) ?? arn;
}
