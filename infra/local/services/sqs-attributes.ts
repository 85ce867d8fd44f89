import { createHash } from 'node:crypto';
import * as z from 'zod';

import { AwsError } from '#infra/local/services/aws-error';

export type QueueAttributes = Readonly<Record<string, string>>;

/** One message, and one batch, may not be larger (SQS quotas). */
export const MESSAGE_BYTES_MAX = 1_048_576;

/** User attributes of one message; binary values in base64, as they travel. */
export const messageAttributesSchema = z.record(
  z.string().regex(/^[A-Za-z0-9_.-]{1,256}$/),
  z.object({
    DataType: z.string().regex(/^(String|Number|Binary)(\..+)?$/),
    StringValue: z.string().min(1).optional(),
    BinaryValue: z.string().min(1).optional(),
  }),
);
export type MessageAttributes = z.infer<typeof messageAttributesSchema>;

/** The whole-number attributes: lowest, highest, and the value of a queue that names none. */
const NUMBERS: Readonly<Record<string, { min: number; max: number; initial: number }>> = {
  VisibilityTimeout: { min: 0, max: 43_200, initial: 30 },
  MaximumMessageSize: { min: 1_024, max: MESSAGE_BYTES_MAX, initial: MESSAGE_BYTES_MAX },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, initial: 345_600 },
  DelaySeconds: { min: 0, max: 900, initial: 0 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: 20, initial: 0 },
  KmsDataKeyReusePeriodSeconds: { min: 60, max: 86_400, initial: 300 },
};
/** Kept and answered, without an effect on one machine. */
const TEXTS = ['KmsMasterKeyId', 'SqsManagedSseEnabled', 'Policy', 'RedriveAllowPolicy'];

const redrivePolicySchema = z.object({
  deadLetterTargetArn: z.string().regex(/^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[\w-]+$/),
  // CloudFormation sends a number, the console and many clients a string.
  maxReceiveCount: z.coerce.number().int().min(1).max(1_000),
});

/**
 * The attributes of a queue after `changes`. Throws `InvalidAttributeName` or
 * `InvalidAttributeValue`; a FIFO queue is refused, because no order is promised here.
 */
export function changeAttributes(
  before: QueueAttributes,
  changes: QueueAttributes,
): QueueAttributes {
  for (const [name, value] of Object.entries(changes)) checkAttribute(name, value);
  const after = Object.entries({ ...before, ...changes });
  // An empty redrive policy is how SQS takes one away.
  return Object.fromEntries(
    after.filter(([name, value]) => name !== 'RedrivePolicy' || value !== ''),
  );
}

/** Everything of a queue that has a default, for `GetQueueAttributes`. */
export function withDefaults(attributes: QueueAttributes): QueueAttributes {
  const defaults = Object.entries(NUMBERS)
    .filter(([name]) => name !== 'KmsDataKeyReusePeriodSeconds')
    .map(([name, { initial }]) => [name, String(initial)]);
  return { ...z.record(z.string(), z.string()).parse(Object.fromEntries(defaults)), ...attributes };
}

/** A whole-number attribute, or its default. */
export function numberAttribute(attributes: QueueAttributes, name: string): number {
  return Number(attributes[name] ?? NUMBERS[name]?.initial);
}

/** Where messages go that were received too often; undefined without a redrive policy. */
export function deadLetterOf(
  attributes: QueueAttributes,
): { readonly queue: string; readonly maxReceiveCount: number } | undefined {
  if (attributes['RedrivePolicy'] === undefined) return undefined;
  const policy = parseRedrivePolicy(attributes['RedrivePolicy']);
  return { queue: nameOfArn(policy.deadLetterTargetArn), maxReceiveCount: policy.maxReceiveCount };
}

export function nameOfArn(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}

/** The MD5 that SQS answers for a body; the SDK checks it. */
export function bodyDigest(body: string): string {
  return createHash('md5').update(body, 'utf8').digest('hex');
}

/**
 * The MD5 over a message's attributes in name order, each part with its length before it (SQS
 * developer guide, "Calculating the MD5 message digest for message attributes").
 */
export function attributesDigest(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const part = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    const binary = attribute.DataType.startsWith('Binary');
    part(Buffer.from(name));
    part(Buffer.from(attribute.DataType));
    digest.update(Buffer.from([binary ? 2 : 1]));
    part(
      binary
        ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
        : Buffer.from(attribute.StringValue ?? ''),
    );
  }
  return digest.digest('hex');
}

/** The size that counts against the limit: body, and name, type and value of every attribute. */
export function messageBytes(body: string, attributes: MessageAttributes): number {
  const ofAttributes = Object.entries(attributes).map(
    ([name, { DataType, StringValue, BinaryValue }]) =>
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue ?? '') +
      Buffer.byteLength(BinaryValue ?? '', 'base64'),
  );
  return ofAttributes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(body));
}

function checkAttribute(name: string, value: string): void {
  const range = NUMBERS[name];
  if (range !== undefined) {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < range.min || number > range.max) {
      throw invalidValue(name);
    }
    return;
  }
  if (name === 'RedrivePolicy') {
    if (value !== '') parseRedrivePolicy(value);
    return;
  }
  if (name === 'FifoQueue' || name === 'ContentBasedDeduplication') {
    if (value === 'false') return;
    throw new AwsError(
      'UnsupportedOperation',
      'The local stack has standard queues only; a FIFO queue would promise an order it does not keep.',
    );
  }
  if (!TEXTS.includes(name)) {
    throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
  }
}

function parseRedrivePolicy(value: string): z.infer<typeof redrivePolicySchema> {
  try {
    return redrivePolicySchema.parse(JSON.parse(value));
  } catch (cause) {
    throw invalidValue('RedrivePolicy', cause);
  }
}

function invalidValue(name: string, cause?: unknown): AwsError {
  return new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`, {
    cause,
  });
}
