import { runBatch } from '#functions/jobs/run-batch';
import type { JobDependencies } from '#functions/jobs/dependencies';
import type { JobQueue } from '#lib/jobs/job-queue';
import { createObjectStore } from '#lib/files/object-store';
import { createDayStore } from '#lib/store/day-store';
import { openTestObjectStore, TEST_BUCKET } from '#tests/support/object-store';
import type { FileStore, JobStore, LedgerStore, RecordWrite } from '#lib/ports';
import { createJobQueue } from '#lib/messaging/job-queue';
import { createApplicationStore } from '#lib/store/application-store';
import { createJobStore } from '#lib/store/job-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { keptLog } from '#tests/support/kept-log';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

/** The jobs function on a real table, with its messages in a list: a test decides when one is delivered. */
export interface JobBench extends TestLedger {
  readonly jobs: JobStore;
  readonly queue: JobQueue;
  readonly files: FileStore;
  readonly deps: JobDependencies;
  /** Bodies that were sent and not delivered yet. */
  readonly messages: string[];
  readonly failures: string[];
  /** Opens accounts: credits are for users that somebody knows. */
  register(userIds: readonly string[]): Promise<void>;
  /** What the function's clock shows. */
  setNow(now: string): void;
  /** Delivers one message; answers whether the function took it. `slices` bounds the run as a short timeout would. */
  deliver(options?: { readonly slices?: number; readonly ledger?: LedgerStore }): Promise<boolean>;
  /** Delivers until nothing is left. */
  drain(): Promise<void>;
}

const MESSAGES_MAX = 1_000;
const WRITES_MAX = 100;

function accountWrite(userId: string): RecordWrite<'account'> {
  const value = { userId, email: null, createdAt: NOW };
  return { record: 'account', id: { userId }, value, version: null };
}

export async function openJobBench(
  { records }: Pick<JobDependencies, 'records'> = { records: async () => null },
): Promise<JobBench> {
  const test = await openTestLedger();
  const objects = await openTestObjectStore({ now: () => new Date(Date.now()) });
  const files = createObjectStore(TEST_BUCKET, objects.config);
  const messages: string[] = [];
  const failures: string[] = [];
  let now = NOW;
  const queue = createJobQueue({
    send: (body) => {
      messages.push(body);
      return Promise.resolve();
    },
  });
  const deps: JobDependencies = {
    ledger: test.ledger,
    recent: createRecentPurchaseStore(test.table),
    records,
    applications: createApplicationStore(test.table),
    queue,
    days: createDayStore(test.table),
    files,
    now: () => new Date(now),
    count: (name) => failures.push(name),
    log: keptLog().log,
  };
  const deliver: JobBench['deliver'] = async ({ slices = Infinity, ledger = test.ledger } = {}) => {
    const body = messages.shift();
    if (body === undefined) throw new Error('there is no message');
    let left = slices;
    const { batchItemFailures } = await runBatch(
      { ...deps, ledger },
      {
        records: [{ messageId: 'message-1', body }],
        remainingMs: () => ((left -= 1) > 0 ? 300_000 : 0),
      },
    );
    return batchItemFailures.length === 0;
  };
  return {
    ...test,
    jobs: createJobStore(test.table),
    queue,
    files,
    deps,
    messages,
    failures,
    register: async (userIds) => {
      for (let start = 0; start < userIds.length; start += WRITES_MAX) {
        const [first, ...others] = userIds.slice(start, start + WRITES_MAX).map(accountWrite);
        if (first) await test.ledger.write([first, ...others]);
      }
    },
    close: async () => {
      await objects.close();
      await test.close();
    },
    setNow: (instant) => {
      now = instant;
      // What the table forgets in time, it forgets by this clock.
      test.clock.set(new Date(instant));
    },
    deliver,
    drain: async () => {
      for (let count = 0; messages.length > 0; count += 1) {
        if (count > MESSAGES_MAX) throw new Error('the job does not end');
        await deliver();
      }
    },
  };
}
