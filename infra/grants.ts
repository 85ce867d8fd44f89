import { Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { EmailIdentity } from 'aws-cdk-lib/aws-ses';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { tableSchema } from '#lib/store/schema';

export type IndexName = (typeof tableSchema.indexes)[number]['name'];

/**
 * Statements of named actions on named resources. The CDK's own `grant*` methods are wider: their table grants include
 * Scan, DeleteItem and BatchWriteItem on every index, and the ledger has no use for an unconditional write.
 */
export function readTable(table: Table): PolicyStatement {
  return new PolicyStatement({
    actions: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'],
    resources: [table.tableArn],
  });
}

export function queryIndexes(table: Table, indexes: readonly IndexName[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['dynamodb:Query'],
    resources: indexes.map((index) => `${table.tableArn}/index/${index}`),
  });
}

/** TransactWriteItems has no action of its own: it needs the action of each item it writes or checks. */
export function writeTable(table: Table): PolicyStatement {
  return new PolicyStatement({
    actions: ['dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    resources: [table.tableArn],
  });
}

/** Puts of items that must not exist yet: what a deployment may do. */
export function putIntoTable(table: Table): PolicyStatement {
  return new PolicyStatement({ actions: ['dynamodb:PutItem'], resources: [table.tableArn] });
}

export function readSecret(secret: Secret): PolicyStatement {
  return new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secret.secretArn],
  });
}

export function sendTo(queue: Queue): PolicyStatement {
  return new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] });
}

/** Objects below one prefix of a bucket, and no list of them. */
export function readObjects(bucket: Bucket, prefix: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['s3:GetObject'],
    resources: [bucket.arnForObjects(`${prefix}/*`)],
  });
}

/** Parts of an upload are put like objects. */
export function writeObjects(bucket: Bucket, prefix: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: [bucket.arnForObjects(`${prefix}/*`)],
  });
}

export function publishTo(bus: EventBus): PolicyStatement {
  return new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] });
}

/** Sending as one address of one identity, and as nobody else. */
export function sendEmailAs(identity: EmailIdentity, address: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['ses:SendEmail'],
    resources: [
      Stack.of(identity).formatArn({
        service: 'ses',
        resource: 'identity',
        resourceName: identity.emailIdentityName,
      }),
    ],
    conditions: { StringEquals: { 'ses:FromAddress': address } },
  });
}
