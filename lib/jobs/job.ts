import { hash } from 'node:crypto';
import * as z from 'zod';
import { ID_PREFIXES } from '#lib/id-prefixes';
import { type JobTask, jobTaskSchema } from '#lib/jobs/job-task';

const JOB_STATES = ['queued', 'running', 'done', 'failed'] as const;

const progressSchema = z.object({
  /** What there is to do, in rows or whatever the kind counts; null while it is not known. */
  total: z.int().min(0).nullable(),
  /** Of these, how many are dealt with. */
  done: z.int().min(0),
  /** Of the dealt with, how many changed nothing. */
  refused: z.int().min(0),
});
export type JobProgress = Readonly<z.infer<typeof progressSchema>>;

/** Work that is too long for a request: stored first, then done in slices by the `jobs` function (DESIGN 4). */
export const jobSchema = z.object({
  id: z.string(),
  task: jobTaskSchema,
  state: z.enum(JOB_STATES),
  progress: progressSchema,
  /** Runs that were begun since it last came forward: after too many it fails. */
  attempts: z.int().min(0),
  /** Why it failed, or what the last run stumbled over. */
  reason: z.string().nullable(),
  /** Hash of the request that started it, where the request named an Idempotency-Key. */
  fingerprint: z.string().nullable(),
  /** As entries name people: the rows are done in this name. */
  createdBy: z.string(),
  createdAt: z.string(),
  /** When it was last seen alive. */
  updatedAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type Job = Readonly<z.infer<typeof jobSchema>>;

/** What one slice came to: the task with its new position. */
export interface Slice {
  readonly task: JobTask;
  readonly progress: JobProgress;
  readonly finished: boolean;
}

/** A slice that no repetition can bring to an end: the message becomes the job's reason, for people to read. */
export class JobFailedError extends Error {
  override readonly name = 'JobFailedError';
}

const DIGITS = 32;

/** The id follows from the cause of the request, so that the same request twice is the same job. */
export function jobIdOf(cause: string): string {
  const digest = hash('sha256', `job\n${cause}`, 'hex');
  return `${ID_PREFIXES.job}_${digest.slice(0, DIGITS)}`;
}

/** Whether there is nothing left to do for it. */
export function isFinished(job: Pick<Job, 'state'>): boolean {
  return job.state === 'done' || job.state === 'failed';
}
