import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createDependencies } from '#functions/jobs/dependencies';
import { runBatch } from '#functions/jobs/run-batch';

const dependencies = createDependencies({ env: process.env, now: () => new Date() });

/** Work that is too long for a request, from the queue of jobs. */
export async function handler(
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> {
  return runBatch(dependencies, {
    records: event.Records,
    remainingMs: () => context.getRemainingTimeInMillis(),
  });
}
