import * as z from 'zod';

import { nameInArn } from '#infra/local/template/identity';
import type {
  EventSourceModel,
  RuleModel,
  ScheduleModel,
  TargetModel,
} from '#infra/local/template/model';
import { flag, readAll, wholeNumber } from '#infra/local/template/read-properties';
import type { Resolver } from '#infra/local/template/resolve';
import { TemplateError } from '#infra/local/template/template-error';

const eventSourceSchema = z.strictObject({
  BatchSize: wholeNumber.optional(),
  BisectBatchOnFunctionError: flag.default(false),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() })
    .optional(),
  Enabled: flag.default(true),
  EventSourceArn: z.string(),
  FilterCriteria: z
    .strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) })
    .optional(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  MaximumRecordAgeInSeconds: wholeNumber.default(-1),
  MaximumRetryAttempts: wholeNumber.default(-1),
  ScalingConfig: z.strictObject({ MaximumConcurrency: wholeNumber.optional() }).optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
});

/** AWS's defaults when the mapping does not say. */
const QUEUE_BATCH_DEFAULT = 10;
const STREAM_BATCH_DEFAULT = 100;

/** Queues and table streams that call functions. */
export function readEventSources(resolver: Resolver): readonly EventSourceModel[] {
  return readAll(resolver, {
    types: ['AWS::Lambda::EventSourceMapping'],
    schema: eventSourceSchema,
    // Waiting for fuller batches and spreading keys over workers change speed, not results.
    ignore: ['MaximumBatchingWindowInSeconds', 'MetricsConfig', 'ParallelizationFactor', 'Tags'],
  })
    .filter(({ properties }) => properties.Enabled)
    .map(({ located, properties }) => toEventSource(located.path, properties));
}

function toEventSource(path: string, source: z.infer<typeof eventSourceSchema>): EventSourceModel {
  const [, , service] = source.EventSourceArn.split(':');
  const common = {
    functionName: functionIn(source.FunctionName),
    reportBatchItemFailures: source.FunctionResponseTypes.length > 0,
    filters: (source.FilterCriteria?.Filters ?? []).map(({ Pattern }): unknown =>
      JSON.parse(Pattern),
    ),
  };
  if (service === 'sqs') {
    const maximumConcurrency = source.ScalingConfig?.MaximumConcurrency;
    return {
      ...common,
      kind: 'queue',
      batchSize: source.BatchSize ?? QUEUE_BATCH_DEFAULT,
      queueName: nameInArn(source.EventSourceArn),
      ...(maximumConcurrency === undefined ? {} : { maximumConcurrency }),
    };
  }
  if (service !== 'dynamodb') {
    throw new TemplateError(`${path} reads from ${String(service)}, which the local stack lacks.`);
  }
  const onFailure = source.DestinationConfig?.OnFailure?.Destination;
  const { MaximumRecordAgeInSeconds: age } = source;
  return {
    ...common,
    kind: 'stream',
    batchSize: source.BatchSize ?? STREAM_BATCH_DEFAULT,
    tableName: nameInArn(source.EventSourceArn),
    bisectOnError: source.BisectBatchOnFunctionError,
    maximumRetryAttempts: source.MaximumRetryAttempts,
    maximumRecordAgeMs: age === -1 ? -1 : age * 1000,
    ...(onFailure === undefined ? {} : { onFailureQueue: queueIn(path, onFailure) }),
  };
}

const deadLetterSchema = z.object({ Arn: z.string().optional() }).optional();
const retrySchema = z.object({ MaximumRetryAttempts: wholeNumber.optional() }).optional();

const targetSchema = z.strictObject({
  Arn: z.string(),
  DeadLetterConfig: deadLetterSchema,
  Id: z.string().optional(),
  Input: z.string().optional(),
  RetryPolicy: retrySchema,
  RoleArn: z.unknown().optional(),
});

const ruleSchema = z.strictObject({
  EventBusName: z.string().default('default'),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(targetSchema).default([]),
});

const scheduleSchema = z.strictObject({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Target: targetSchema,
});

const SCHEDULE_TIME_ZONE_OF_RULES = 'UTC';

/** Rules that wait for events. */
export function readRules(resolver: Resolver): readonly RuleModel[] {
  return enabledRules(resolver)
    .filter(({ properties }) => properties.EventPattern !== undefined)
    .map(({ located, properties }) => ({
      name: resolver.identity(located).ref,
      bus: properties.EventBusName.startsWith('arn:')
        ? nameInArn(properties.EventBusName)
        : properties.EventBusName,
      pattern: properties.EventPattern,
      targets: properties.Targets.map((target) => toTarget(located.path, target)),
    }));
}

/** Rules that wait for a time, and the schedules of EventBridge Scheduler. */
export function readSchedules(resolver: Resolver): readonly ScheduleModel[] {
  const ofRules = enabledRules(resolver).flatMap(({ located, properties }) =>
    properties.ScheduleExpression === undefined
      ? []
      : [
          {
            name: resolver.identity(located).ref,
            expression: properties.ScheduleExpression,
            timeZone: SCHEDULE_TIME_ZONE_OF_RULES,
            targets: properties.Targets.map((target) => toTarget(located.path, target)),
            source: 'rule' as const,
          },
        ],
  );
  const ofScheduler = readAll(resolver, {
    types: ['AWS::Scheduler::Schedule'],
    schema: scheduleSchema,
    ignore: ['Description', 'FlexibleTimeWindow', 'GroupName', 'KmsKeyArn', 'Name'],
  })
    .filter(({ properties }) => properties.State === 'ENABLED')
    .map(({ located, properties }) => ({
      name: resolver.identity(located).ref,
      expression: properties.ScheduleExpression,
      timeZone: properties.ScheduleExpressionTimezone,
      targets: [toTarget(located.path, properties.Target)],
      source: 'scheduler' as const,
    }));
  return [...ofRules, ...ofScheduler];
}

function enabledRules(resolver: Resolver) {
  return readAll(resolver, {
    types: ['AWS::Events::Rule'],
    schema: ruleSchema,
    ignore: ['Description', 'Name', 'RoleArn', 'Tags'],
  }).filter(({ properties }) => properties.State === 'ENABLED');
}

/** What EventBridge would try for a day; more tries than this only hide a broken target. */
const RETRIES_MAX = 3;

function toTarget(path: string, target: z.infer<typeof targetSchema>): TargetModel {
  const [, , service] = target.Arn.split(':');
  const deadLetters = target.DeadLetterConfig?.Arn;
  const rest = {
    maximumRetryAttempts: Math.min(
      target.RetryPolicy?.MaximumRetryAttempts ?? RETRIES_MAX,
      RETRIES_MAX,
    ),
    ...(target.Input === undefined ? {} : { input: target.Input }),
    ...(deadLetters === undefined ? {} : { deadLetterQueue: queueIn(path, deadLetters) }),
  };
  if (service === 'lambda') {
    return { to: { kind: 'function', name: nameInArn(target.Arn) }, ...rest };
  }
  return { to: { kind: 'queue', name: queueIn(path, target.Arn) }, ...rest };
}

function functionIn(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameInArn(nameOrArn) : nameOrArn;
}

function queueIn(path: string, arn: string): string {
  if (arn.split(':')[2] === 'sqs') return nameInArn(arn);
  throw new TemplateError(`${path} sends to ${arn}, which the local stack lacks.`);
}
