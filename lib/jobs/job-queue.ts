/** Where a job's next run is asked for; resolves once the queue has the message for certain. */
export interface JobQueue {
  readonly send: (jobId: string) => Promise<void>;
}
