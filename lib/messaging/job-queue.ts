import * as z from 'zod';
import { idOf } from '#lib/contract/ids';
import type { JobQueue } from '#lib/jobs/job-queue';
import type { Queue } from '#lib/messaging/queue';

const messageSchema = z.object({ job_id: idOf('job') });

/** The queue of the `jobs` function: a message only names the job, and everything else is in the table. */
export function createJobQueue(queue: Queue): JobQueue {
  return { send: (jobId) => queue.send(JSON.stringify({ job_id: jobId })) };
}

/** Reads a message of that queue. Anything else in it is a mistake of ours: it throws, and the message is kept. */
export function parseJobMessage(body: string): string {
  return messageSchema.parse(JSON.parse(body)).job_id;
}
