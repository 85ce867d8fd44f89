import { Aws, Duration } from 'aws-cdk-lib';
import { UserPoolOperation } from 'aws-cdk-lib/aws-cognito';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  FunctionUrlAuthType,
  type Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { invariant } from '#lib/invariant';
import { acknowledge } from '#infra/acknowledge';
import type { FunctionLookup } from '#infra/functions';
import type { ServiceResources } from '#infra/service-resources';

/** After so many tries a stream record goes to the failure queue, so that one bad record cannot stop the others. */
const STREAM_RETRIES_MAX = 10;
/** Bounds how many wallets are written to at once from the queue; the API must never wait for fulfillment. */
const FULFILLMENT_CONCURRENCY_MAX = 10;
const NOTIFICATIONS_CONCURRENCY_MAX = 5;
/** Jobs at work at once. */
const JOBS_CONCURRENCY_MAX = 5;

/** Cards that are charged at once; the provider has its own limit. */
const TOPUPS_CONCURRENCY_MAX = 10;

/** Connects what calls functions other than the HTTP API: queues, the table's stream, sign-ups, time. */
export function connectEventSources(functions: FunctionLookup, resources: ServiceResources): void {
  functions('fulfillment').addEventSource(
    new SqsEventSource(resources.fulfillment.queue, {
      batchSize: 10,
      maxConcurrency: FULFILLMENT_CONCURRENCY_MAX,
      reportBatchItemFailures: true,
    }),
  );
  functions('notifications').addEventSource(
    new SqsEventSource(resources.notifications.queue, {
      batchSize: 10,
      maxConcurrency: NOTIFICATIONS_CONCURRENCY_MAX,
      reportBatchItemFailures: true,
    }),
  );
  functions('jobs').addEventSource(
    new SqsEventSource(resources.jobs.queue, {
      // A run takes as long as its function may: two jobs in one batch would share that time.
      batchSize: 1,
      maxConcurrency: JOBS_CONCURRENCY_MAX,
      reportBatchItemFailures: true,
    }),
  );
  functions('topups').addEventSource(
    new SqsEventSource(resources.topUps.queue, {
      // A charge may take most of the function's time.
      batchSize: 1,
      maxConcurrency: TOPUPS_CONCURRENCY_MAX,
      reportBatchItemFailures: true,
    }),
  );
  connectStream(functions('stream'), resources);
  resources.identity.userPool.addTrigger(
    UserPoolOperation.POST_CONFIRMATION,
    functions('registration'),
  );
  schedule(functions('schedules'), { task: 'expiry-sweep', every: Duration.minutes(5) });
  schedule(functions('schedules'), { task: 'plan-credits', every: Duration.minutes(15) });
  schedule(functions('schedules'), { task: 'check-subscriptions', every: Duration.minutes(15) });
  schedule(functions('schedules'), { task: 'reconcile', every: Duration.hours(1) });
  schedule(functions('schedules'), { task: 'resume-jobs', every: Duration.minutes(5) });
  schedule(functions('schedules'), { task: 'rollups', every: Duration.minutes(15) });
  schedule(functions('schedules'), { task: 'verify-ledger', every: Duration.hours(1) });
  schedule(functions('schedules'), { task: 'wake-top-ups', every: Duration.minutes(5) });
  schedule(functions('schedules'), { task: 'expiring-soon', every: Duration.hours(6) });
}

/** Calls a task of the `schedules` function at a rate. A run that failed is made up for by the next. */
function schedule(
  target: LambdaFunction,
  timing: { readonly task: string; readonly every: Duration },
): void {
  const { task, every } = timing;
  new Rule(target, task, { schedule: Schedule.rate(every) }).addTarget(
    new LambdaTarget(target, { event: RuleTargetInput.fromObject({ task }) }),
  );
}

/** The public address a provider posts to: no IAM in front, so the function's first act is to check the signature. */
export function addReceiverUrl(receiver: LambdaFunction): string {
  return receiver.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
}

/** Records of one item arrive in order; a failing batch is halved until the bad record is alone. */
function connectStream(consumer: LambdaFunction, resources: ServiceResources) {
  const { table, streamFailures } = resources;
  const { tableStreamArn } = table;
  invariant(tableStreamArn !== undefined, 'the table has a stream');
  const mapping = consumer.addEventSourceMapping('Stream', {
    eventSourceArn: tableStreamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: STREAM_RETRIES_MAX,
    maxRecordAge: Duration.hours(12),
    onFailure: new SqsDlq(streamFailures),
  });
  const anyStream = streamsOf(resources.tableName, Aws);
  const policy = new Policy(consumer, 'ReadStream', {
    statements: [
      new PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [tableStreamArn],
      }),
      new PolicyStatement({
        actions: ['dynamodb:ListStreams'],
        resources: [anyStream],
      }),
    ],
  });
  const { role } = consumer;
  invariant(role !== undefined, 'a function has a role');
  policy.attachToRole(role);
  // Lambda checks at creation that the role may read the stream.
  mapping.node.addDependency(policy);
  acknowledge(policy, {
    [`AwsSolutions-IAM5[Resource::${streamsOf(resources.tableName, unresolved)}]`]:
      'ListStreams is asked for the streams of one table, and this is how they are named.',
  });
}

interface Partition {
  readonly PARTITION: string;
  readonly REGION: string;
  readonly ACCOUNT_ID: string;
}

/** How a finding writes what only the deployment knows. */
const unresolved: Partition = {
  PARTITION: '<AWS::Partition>',
  REGION: '<AWS::Region>',
  ACCOUNT_ID: '<AWS::AccountId>',
};

function streamsOf(tableName: string, at: Partition): string {
  return `arn:${at.PARTITION}:dynamodb:${at.REGION}:${at.ACCOUNT_ID}:table/${tableName}/stream/*`;
}
