import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

import type { Invoker } from '#infra/local/lambda/invoker';
import type { TargetModel } from '#infra/local/template/model';

export interface TargetOptions {
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly queueClient: SQSClient;
  /** The URL of a queue of the template. */
  readonly queueUrl: (name: string) => string;
  readonly log: (line: string) => void;
}

/** How a delivery ended: by the target, or in its dead-letter queue, or nowhere. */
export type Delivery =
  | { readonly ok: true; readonly answer: string | null }
  | { readonly ok: false; readonly error: string };

const BACKOFF_MS = 100;

/** Brings an event to a target, retries what fails, and leaves it to the dead-letter queue in the end. */
export async function deliver(
  options: TargetOptions,
  target: TargetModel,
  event: unknown,
): Promise<Delivery> {
  let failure = '';
  for (let attempt = 0; attempt <= target.maximumRetryAttempts; attempt += 1) {
    if (attempt > 0) await pause(BACKOFF_MS * 2 ** (attempt - 1));
    const delivery = await attemptOnce(options, target, event);
    if (delivery.ok) return delivery;
    failure = delivery.error;
  }
  options.log(`An event did not reach ${target.to.kind} ${target.to.name}: ${failure}`);
  if (target.deadLetterQueue !== undefined) {
    await send(options, target.deadLetterQueue, JSON.stringify(event));
  }
  return { ok: false, error: failure };
}

async function attemptOnce(
  options: TargetOptions,
  { to }: TargetModel,
  event: unknown,
): Promise<Delivery> {
  if (to.kind === 'queue') {
    try {
      await send(options, to.name, JSON.stringify(event));
      return { ok: true, answer: null };
    } catch (error) {
      return { ok: false, error: String(error) };
    }
  }
  const result = await options.invoker.invoke(to.name, event);
  return result.ok
    ? { ok: true, answer: result.payload }
    : { ok: false, error: `${result.error.errorType}: ${result.error.errorMessage}` };
}

async function send(options: TargetOptions, queue: string, body: string): Promise<void> {
  const QueueUrl = options.queueUrl(queue);
  await options.queueClient.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
}
