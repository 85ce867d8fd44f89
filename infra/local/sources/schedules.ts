import { randomUUID } from 'node:crypto';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { LocalStackError } from '#infra/local/local-stack-error';
import { compileSchedule, type NextTime } from '#infra/local/sources/schedule-expression';
import { type Delivery, deliver, type TargetOptions } from '#infra/local/sources/targets';
import type { StateStore } from '#infra/local/state';
import type { ScheduleModel } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

export interface ScheduleRun {
  readonly name: string;
  readonly at: string;
  readonly ok: boolean;
  /** The function's answer or the error of its last try. */
  readonly answer: unknown;
}

export interface Schedules {
  /** Moves the clock to that moment and runs on the way what falls due, each at its own time. */
  advanceTo(target: Date): Promise<readonly ScheduleRun[]>;
  /** Runs one schedule now; its next time stays. Throws LocalStackError for an unknown name. */
  run(name: string): Promise<ScheduleRun>;
  list(): readonly { name: string; expression: string; next_due: string | null }[];
  /** Begins to run schedules in real time; what fell due while the stack was down runs once. */
  start(): void;
  idle(): boolean;
  close(): Promise<void>;
}

export interface SchedulesOptions extends TargetOptions {
  readonly schedules: readonly ScheduleModel[];
  readonly clock: Clock;
  readonly state: StateStore;
  readonly place: Place;
  /** Whatever else happens by time; called whenever the clock has moved. */
  readonly onTime: () => Promise<void>;
}

/** A month at once would run a five-minute schedule 8,640 times: a few show all there is to see, and pass quickly. */
const RUNS_MAX = 6;
/** The longest sleep: timers cannot see the clock move, and very long ones overflow. */
const SLEEP_MAX_MS = 30_000;

const dueSchema = z.object({ expression: z.string(), next_due: z.string().nullable() });

interface Entry {
  readonly schedule: ScheduleModel;
  readonly next: NextTime;
}

/** EventBridge's scheduled rules and Scheduler's schedules, on the stack's clock. */
export function createSchedules(options: SchedulesOptions): Schedules {
  const { clock, log } = options;
  const stored = options.state.collection('schedules', dueSchema);
  const entries = options.schedules.map((schedule) => ({
    schedule,
    next: compileSchedule(schedule.expression, schedule.timeZone),
  }));
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let running = 0;
  let closed = false;

  const nextDue = ({ next, schedule }: Entry): Date | undefined => {
    const known = stored.get(schedule.name);
    if (known?.expression === schedule.expression) {
      return known.next_due === null ? undefined : new Date(known.next_due);
    }
    return plan({ next, schedule }, next(clock.now()));
  };
  const plan = ({ schedule }: Entry, at: Date | undefined): Date | undefined => {
    stored.put(schedule.name, {
      expression: schedule.expression,
      next_due: at?.toISOString() ?? null,
    });
    return at;
  };
  /** One after the other: a run that a timer starts must not fall between the steps of an advance. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const runAt = async (entry: Entry, at: Date): Promise<ScheduleRun> => {
    running += 1;
    try {
      const deliveries = await Promise.all(
        entry.schedule.targets.map((target) =>
          deliver(
            options,
            target,
            eventFor({ ...options, schedule: entry.schedule, input: target.input, at }),
          ),
        ),
      );
      return summarize(entry.schedule.name, at, deliveries);
    } finally {
      running -= 1;
    }
  };

  const advanceTo = async (target: Date): Promise<readonly ScheduleRun[]> => {
    const goesBack = target < clock.now();
    const plans = entries.map((entry) => ({
      entry,
      ...duesUntil(entry.next, { first: nextDue(entry), target }),
    }));
    const dues = plans.flatMap(({ dues: times, entry }) => times.map((at) => ({ at, entry })));
    const runs: ScheduleRun[] = [];
    for (const { at, entry } of dues.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
      if (closed) break;
      if (at > clock.now()) clock.set(at);
      await options.onTime();
      runs.push(await runAt(entry, at));
    }
    clock.set(target);
    // After a jump back the old times would be too far away.
    for (const { entry, following } of plans) {
      plan(entry, goesBack ? entry.next(target) : following);
    }
    await options.onTime();
    return runs;
  };
  const runOverdue = async (): Promise<void> => {
    const now = clock.now();
    for (const entry of entries) {
      const due = nextDue(entry);
      if (closed || due === undefined || due > now) continue;
      plan(entry, entry.next(now));
      await runAt(entry, due);
    }
  };
  const arm = (): void => {
    clearTimeout(timer);
    if (closed) return;
    const dues = entries.map((entry) => nextDue(entry)?.getTime() ?? Infinity);
    const waitMs = Math.min(...dues, clock.now().getTime() + SLEEP_MAX_MS) - clock.now().getTime();
    timer = setTimeout(
      () => {
        inTurn(runOverdue)
          .catch((error: unknown) => {
            log(`Schedules: ${String(error)}`);
          })
          .finally(arm);
      },
      Math.max(waitMs, 0),
    );
  };

  return {
    advanceTo: (target) => inTurn(() => advanceTo(target)).finally(arm),
    run: (name) => {
      const entry = entries.find(({ schedule }) => schedule.name === name);
      if (entry === undefined) {
        const known = entries.map(({ schedule }) => schedule.name).join(', ');
        throw new LocalStackError(`There is no schedule "${name}"; there are: ${known || 'none'}.`);
      }
      return inTurn(() => runAt(entry, clock.now()));
    },
    list: () =>
      entries.map((entry) => ({
        name: entry.schedule.name,
        expression: entry.schedule.expression,
        next_due: nextDue(entry)?.toISOString() ?? null,
      })),
    start: arm,
    idle: () => running === 0,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await turn;
    },
  };
}

/**
 * The times at which a schedule falls due up to a moment, and the first one after it. Of very many
 * it leaves out some in between, and never the last.
 */
function duesUntil(
  next: NextTime,
  range: { readonly first: Date | undefined; readonly target: Date },
): { readonly dues: readonly Date[]; readonly following: Date | undefined } {
  const { first, target } = range;
  if (first === undefined || first > target) return { dues: [], following: first };
  const strideMs = (target.getTime() - first.getTime()) / RUNS_MAX;
  const dues = [first];
  let last = first;
  let following = next(first);
  while (following !== undefined && following <= target) {
    const kept = dues.at(-1) ?? first;
    if (following.getTime() - kept.getTime() >= strideMs) dues.push(following);
    last = following;
    following = next(following);
  }
  if (dues.at(-1) !== last) dues.push(last);
  return { dues, following };
}

function summarize(name: string, at: Date, deliveries: readonly Delivery[]): ScheduleRun {
  const failed = deliveries.find((delivery) => !delivery.ok);
  const [first] = deliveries;
  const answer: unknown =
    first?.ok === true && first.answer !== null ? JSON.parse(first.answer) : null;
  return { name, at: at.toISOString(), ok: failed === undefined, answer: failed?.error ?? answer };
}

/** What the target gets: the input of the template, else the event that AWS makes. */
function eventFor(call: {
  readonly schedule: ScheduleModel;
  readonly input: string | undefined;
  readonly at: Date;
  readonly place: Place;
}): unknown {
  const { at, input, place, schedule } = call;
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  const { accountId, region } = place;
  const arn =
    schedule.source === 'rule'
      ? `arn:aws:events:${region}:${accountId}:rule/${schedule.name}`
      : `arn:aws:scheduler:${region}:${accountId}:schedule/default/${schedule.name}`;
  if (input !== undefined) {
    const event: unknown = JSON.parse(
      input
        .replaceAll('<aws.scheduler.scheduled-time>', time)
        .replaceAll('<aws.scheduler.schedule-arn>', arn)
        .replaceAll('<aws.scheduler.execution-id>', randomUUID())
        .replaceAll('<aws.scheduler.attempt-number>', '1'),
    );
    return event;
  }
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: schedule.source === 'rule' ? 'aws.events' : 'aws.scheduler',
    account: accountId,
    time,
    region,
    resources: [arn],
    detail: {},
  };
}
