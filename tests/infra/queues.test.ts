import { expect, test } from 'vitest';
import * as z from 'zod';
import { getAtt, ofType, ref, synthesized, target } from '#tests/infra/synthesized';

const resources = synthesized();
const queues = ofType(
  resources,
  'AWS::SQS::Queue',
  z.object({
    QueueName: z.string(),
    SqsManagedSseEnabled: z.boolean(),
    MessageRetentionPeriod: z.number(),
    VisibilityTimeout: z.number().optional(),
    RedrivePolicy: z
      .object({ deadLetterTargetArn: getAtt, maxReceiveCount: z.number() })
      .optional(),
  }),
);
const mappings = ofType(
  resources,
  'AWS::Lambda::EventSourceMapping',
  z.object({
    FunctionName: target,
    EventSourceArn: z.union([getAtt, z.object({ 'Fn::ImportValue': z.string() })]),
    FunctionResponseTypes: z.array(z.string()),
    BisectBatchOnFunctionError: z.boolean().optional(),
    MaximumRetryAttempts: z.number().optional(),
    FilterCriteria: z.unknown().optional(),
    DestinationConfig: z.object({ OnFailure: z.object({ Destination: getAtt }) }).optional(),
  }),
);
const timeouts = new Map(
  ofType(resources, 'AWS::Lambda::Function', z.object({ Timeout: z.number() })).map((lambda) => [
    lambda.id,
    lambda.properties.Timeout,
  ]),
);
const deadLetters = queues.filter(({ properties }) => properties.RedrivePolicy === undefined);
const workQueues = queues.filter(({ properties }) => properties.RedrivePolicy !== undefined);

test('a queue hides a message for at least six times as long as its consumer may take', () => {
  expect(workQueues.length).toBeGreaterThan(0);
  for (const { id, properties } of workQueues) {
    const consumer = mappings.find((mapping) => mapping.properties.EventSourceArn === id);
    const timeout = timeouts.get(consumer?.properties.FunctionName ?? '') ?? Infinity;
    expect(properties.VisibilityTimeout, properties.QueueName).toBeGreaterThanOrEqual(6 * timeout);
  }
});

test('an event that fails five times, and a mail that fails for hours, is kept for fourteen days', () => {
  for (const { properties } of workQueues) {
    const tries = properties.RedrivePolicy?.maxReceiveCount ?? 0;
    if (properties.QueueName.endsWith('notifications')) {
      // SES may be down for an hour, and longer.
      expect(tries * (properties.VisibilityTimeout ?? 0)).toBeGreaterThan(4 * 60 * 60);
    } else {
      expect(tries).toBe(5);
    }
    expect(deadLetters.map(({ id }) => id)).toContain(
      properties.RedrivePolicy?.deadLetterTargetArn,
    );
  }
  for (const { properties } of deadLetters) {
    expect(properties.MessageRetentionPeriod, properties.QueueName).toBe(14 * 24 * 60 * 60);
  }
});

test('every queue is encrypted and refuses plain HTTP', () => {
  const refusing = ofType(
    resources,
    'AWS::SQS::QueuePolicy',
    z.object({
      Queues: z.tuple([ref]),
      PolicyDocument: z.object({
        Statement: z.tuple([
          z.object({
            Effect: z.literal('Deny'),
            Action: z.literal('sqs:*'),
            Principal: z.object({ AWS: z.literal('*') }),
            Condition: z.object({ Bool: z.object({ 'aws:SecureTransport': z.literal('false') }) }),
          }),
        ]),
      }),
    }),
  ).map(({ properties }) => properties.Queues[0]);
  expect(refusing.sort()).toEqual(queues.map(({ id }) => id).sort());
  expect(queues.every(({ properties }) => properties.SqsManagedSseEnabled)).toBe(true);
});

test('one bad message never takes its batch along', () => {
  expect(mappings.map(({ properties }) => properties.FunctionResponseTypes)).toEqual(
    mappings.map(() => ['ReportBatchItemFailures']),
  );
});

test('the stream halves failing batches, gives up on a record, and keeps what it gave up on', () => {
  const [stream, ...others] = mappings.filter(
    ({ properties }) => typeof properties.EventSourceArn !== 'string',
  );
  expect(others).toEqual([]);
  expect(stream?.properties).toMatchObject({
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 10,
  });
  expect(stream?.properties.FilterCriteria).toBeUndefined();
  expect(deadLetters.map(({ id }) => id)).toContain(
    stream?.properties.DestinationConfig?.OnFailure.Destination,
  );
});

test('somebody hears of every dead letter', () => {
  const watched = ofType(
    resources,
    'AWS::CloudWatch::Alarm',
    z.object({
      MetricName: z.string(),
      Threshold: z.number(),
      AlarmActions: z.tuple([ref]),
      Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
    }),
  )
    .map(({ properties }) => properties)
    .filter(({ MetricName, Threshold }) => {
      return MetricName === 'ApproximateNumberOfMessagesVisible' && Threshold === 1;
    })
    .map(({ Dimensions }) => getAtt.parse(Dimensions[0]?.Value));
  expect(watched.sort()).toEqual(deadLetters.map(({ id }) => id).sort());
});
