import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import type { JobDependencies } from '#functions/jobs/dependencies';
import { runSlice } from '#functions/jobs/kinds';
import { runJob } from '#lib/jobs/run-job';
import { parseJobMessage } from '#lib/messaging/job-queue';

/** What a slice may take that begins at the last moment. */
const SLICE_MS = 120_000;

export type QueuedRun = Pick<SQSRecord, 'messageId' | 'body'>;

/** Runs the jobs that messages name, one by one; a message whose run failed comes again. */
export async function runBatch(
  deps: JobDependencies,
  batch: { readonly records: readonly QueuedRun[]; readonly remainingMs: () => number },
): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const { messageId, body } of batch.records) {
    try {
      await runMessage(deps, { body, hasTime: () => batch.remainingMs() > SLICE_MS });
    } catch (error) {
      // Whatever it was, the queue tries again and in the end keeps the message for a person.
      deps.log.error('a run of a job failed', { message_id: messageId, error });
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function runMessage(
  deps: JobDependencies,
  message: { readonly body: string; readonly hasTime: () => boolean },
): Promise<void> {
  const jobId = parseJobMessage(message.body);
  const { ledger: store, log, now, queue } = deps;
  const { hasTime } = message;
  const run = await runJob(
    { store, queue, now, hasTime, runSlice: (job) => runSlice(deps, job) },
    jobId,
  );
  if (run.kind === 'failed') {
    deps.count('JobsFailed');
    log.error('job failed', { job_id: jobId, reason: run.reason });
    return;
  }
  log.info(`job ${run.kind}`, { job_id: jobId });
}
