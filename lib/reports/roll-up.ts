import { canonicalJson } from '#lib/ledger/entry';
import { ContentionError, type LedgerStore, type RecordRef, type RecordWrite } from '#lib/ports';
import { countUsers, packUsers } from '#lib/reports/active-users';
import type { Folded } from '#lib/reports/fold-entries';
import { type EntrySources, foldHours } from '#lib/reports/fold-hours';
import { loadUsers } from '#lib/reports/load-users';
import {
  findProgress,
  loadProgress,
  LOOK_BACK_DAYS,
  PROGRESS,
  progressFrom,
} from '#lib/reports/progress';
import {
  addToOutstanding,
  mergeRollups,
  type Rollup,
  type RollupProgress,
} from '#lib/reports/rollup';
import {
  DAY_MS,
  dayEnd,
  dayOf,
  dayStart,
  earliest,
  hourOf,
  hourStart,
  HOUR_MS,
  later,
  latest,
  monthOf,
} from '#lib/reports/utc-periods';
import type { RollupStore } from '#lib/ports';

/**
 * An hour is rolled up once nothing can be added to it any more: an entry carries the time at which its request began,
 * no function runs longer than 15 minutes, and the index follows within moments.
 */
const CLOSING_DELAY_MS = 20 * 60_000;
/** After so long each hour is rolled up again and its day closed: what came later than that would be an incident. */
const CHECK_DELAY_MS = 6 * HOUR_MS;
/** Chunks of one run: after years of downtime the next runs go on where it ends. */
const STEPS_MAX = 2_000;
/** Two runs at once write the same values; whoever loses looks again. */
const ATTEMPTS_MAX = 5;

export interface RollUpDependencies extends EntrySources {
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  readonly rollups: RollupStore;
}

export interface RolledUp {
  readonly hours: number;
  readonly days: number;
  /** Hours that were different when they were checked: something came later than we thought possible. */
  readonly drifted: readonly string[];
  /** Hours in which a wallet's numbers had a gap when they were checked. */
  readonly incomplete: readonly string[];
  readonly progress: RollupProgress;
}

/**
 * Brings the rollups up to date: hours that are over, then days, then months (DESIGN 7). All of it follows from the
 * entries, so it may end anywhere and be run again at any time; a run goes on where the last one stopped.
 */
export async function rollUp(
  deps: RollUpDependencies,
  input: { readonly now: string; readonly hasTime: () => boolean },
): Promise<RolledUp> {
  const run = await openRun(deps, input.now);
  for (let step = 0; step < STEPS_MAX && input.hasTime(); step += 1) {
    const next = nextStep(run.progress, input.now);
    if (next === null) break;
    const more =
      next.kind === 'close'
        ? await closeDay(deps, run)
        : await rollHours(deps, run, { ...next, hasTime: input.hasTime });
    if (!more) break;
  }
  const { hours, days, drifted, incomplete, progress } = run;
  return { hours, days, drifted, incomplete, progress };
}

/**
 * Makes the next runs roll up everything from a day on again, and close its days anew: after a repair, or where the
 * ledger is older than the first run could see. Reports read what is there meanwhile.
 */
export async function rebuildRollups(
  deps: RollUpDependencies,
  input: { readonly from: string },
): Promise<RollupProgress> {
  const stored = await loadProgress(deps);
  const from = dayStart(input.from);
  const known = stored?.progress ?? progressFrom(from);
  const isEarlier = dayOf(from) < known.startedOn;
  const progress: RollupProgress = {
    startedOn: isEarlier ? dayOf(from) : known.startedOn,
    rolledTo: isEarlier ? from : known.rolledTo,
    checkedTo: earliest(from, known.checkedTo),
    closedTo: earliest(from, known.closedTo),
  };
  const version = stored?.version ?? null;
  const saved = await deps.store.write([{ ...PROGRESS, value: progress, version }]);
  if (!saved) throw new ContentionError('a run moved the rollups at the same time');
  return progress;
}

interface Run {
  progress: RollupProgress;
  version: number | null;
  hours: number;
  days: number;
  readonly drifted: string[];
  readonly incomplete: string[];
}

async function openRun(deps: RollUpDependencies, now: string): Promise<Run> {
  const { progress, version } = await findProgress(deps, { now, lookBackDays: LOOK_BACK_DAYS });
  return { progress, version, hours: 0, days: 0, drifted: [], incomplete: [] };
}

type Step =
  | { readonly kind: 'close' }
  | { readonly kind: 'check' | 'roll'; readonly from: string; readonly to: string };

function nextStep(progress: RollupProgress, now: string): Step | null {
  const { rolledTo, checkedTo, closedTo } = progress;
  if (checkedTo >= later(closedTo, DAY_MS)) return { kind: 'close' };
  const checkable = hourStart(later(now, -CHECK_DELAY_MS));
  if (checkedTo < checkable) {
    return { kind: 'check', from: checkedTo, to: earliest(checkable, dayEnd(checkedTo)) };
  }
  const closable = hourStart(later(now, -CLOSING_DELAY_MS));
  if (rolledTo >= closable) return null;
  return { kind: 'roll', from: rolledTo, to: earliest(closable, dayEnd(rolledTo)) };
}

/** Rolls up hours of one day; false where this run cannot go on. */
async function rollHours(
  deps: RollUpDependencies,
  run: Run,
  step: Exclude<Step, { kind: 'close' }> & { readonly hasTime: () => boolean },
): Promise<boolean> {
  const isCheck = step.kind === 'check';
  for await (const { from, folded } of foldHours(deps, step)) {
    if (!folded.isWhole) {
      // The index has not caught up with this hour: the next run finds it whole.
      if (!isCheck) return false;
      run.incomplete.push(hourOf(from));
    }
    const written = await putRollup(deps, folded);
    if (isCheck && written === 'changed') run.drifted.push(hourOf(from));
    if (isCheck && written === 'created' && from < run.progress.rolledTo) {
      run.drifted.push(hourOf(from));
    }
    run.hours += 1;
    const end = later(from, HOUR_MS);
    const progress = {
      ...run.progress,
      rolledTo: latest(run.progress.rolledTo, end),
      ...(isCheck && { checkedTo: end }),
    };
    // Empty hours are quick to read again; what took work is remembered at once.
    const isLast = end >= step.to || !step.hasTime();
    if (written !== 'none' || isLast) {
      if (!(await save(deps, run, progress))) return false;
    } else run.progress = progress;
    if (isLast) break;
  }
  return true;
}

/** Closes the oldest open day, whose hours are final, and its month after its last day. */
async function closeDay(deps: RollUpDependencies, run: Run): Promise<boolean> {
  const start = run.progress.closedTo;
  const day = dayOf(start);
  const hours = await deps.rollups.hours({ first: `${day}T00`, last: `${day}T23` });
  const before = dayOf(later(start, -DAY_MS));
  const read = await deps.store.load([{ record: 'rollup', id: { period: before } }]);
  const opening = read('rollup', { period: before })?.value.closing ?? [];
  const { rollup, users } = await merge(deps, day, hours);
  const closing = addToOutstanding(opening, hours);
  await putRollup(deps, { rollup: { ...rollup, closing }, users }, { always: true });
  const end = dayEnd(start);
  if (monthOf(end) !== monthOf(start)) {
    const month = monthOf(start);
    const days = await deps.rollups.days({ first: `${month}-01`, last: day });
    await putRollup(deps, await merge(deps, month, days), { always: true });
  }
  run.days += 1;
  return save(deps, run, { ...run.progress, closedTo: end });
}

async function merge(
  deps: RollUpDependencies,
  period: string,
  parts: readonly Rollup[],
): Promise<Pick<Folded, 'rollup' | 'users'>> {
  const users = await loadUsers(deps.store, parts);
  const rollup = mergeRollups(period, parts, (creditType) => countUsers(users, creditType));
  return { rollup, users };
}

type Written = 'none' | 'same' | 'created' | 'changed';

/** Writes what is not there yet or differs: users first, so that whoever sees the rollup finds them. */
async function putRollup(
  deps: RollUpDependencies,
  { rollup, users }: Pick<Folded, 'rollup' | 'users'>,
  { always = false } = {},
): Promise<Written> {
  const { period } = rollup;
  const isEmpty = rollup.creditTypes.length === 0 && rollup.sales.length === 0;
  for (const [creditType, digests] of users) {
    for (const [part, value] of packUsers(digests).entries()) {
      const id = { period, creditType, part };
      await put(deps, { record: 'rollupUsers', id }, (version) => ({
        record: 'rollupUsers',
        id,
        value,
        version,
      }));
    }
  }
  // Most hours of a quiet night are empty, and say so by not being there.
  if (isEmpty && !always) return 'none';
  const id = { period };
  return put(deps, { record: 'rollup', id }, (version) => ({
    record: 'rollup',
    id,
    value: rollup,
    version,
  }));
}

async function put(
  { store }: RollUpDependencies,
  ref: RecordRef<'rollup'> | RecordRef<'rollupUsers'>,
  writeOf: (version: number | null) => RecordWrite,
): Promise<Written> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([ref]);
    const stored = ref.record === 'rollup' ? read('rollup', ref.id) : read('rollupUsers', ref.id);
    const write = writeOf(stored?.version ?? null);
    if (stored && canonicalJson(stored.value) === canonicalJson(write.value)) return 'same';
    if (await store.write([write])) return stored ? 'changed' : 'created';
  }
  throw new ContentionError('rollups raced past the bound');
}

/** False where another run has moved the progress: it does the rest. */
async function save(
  { store }: RollUpDependencies,
  run: Run,
  progress: RollupProgress,
): Promise<boolean> {
  const saved = await store.write([{ ...PROGRESS, value: progress, version: run.version }]);
  if (!saved) return false;
  run.version = (run.version ?? 0) + 1;
  run.progress = progress;
  return true;
}
