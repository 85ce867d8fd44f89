import { type ActiveUsers, countUsers } from '#lib/reports/active-users';
import {
  createPeriodReader,
  type Part,
  type PeriodReader,
  type ReportSources,
} from '#lib/reports/period-reader';
import { type Piece, planPeriod } from '#lib/reports/plan-period';
import { findProgress } from '#lib/reports/progress';
import {
  addToOutstanding,
  mergeRollups,
  type Outstanding,
  type Rollup,
  type RollupProgress,
  sumOf,
} from '#lib/reports/rollup';
import {
  DAY_MS,
  dayOf,
  daysInMonth,
  dayStart,
  earliest,
  later,
  latest,
  monthOf,
} from '#lib/reports/utc-periods';

export const PERIOD_DAYS_MAX = 366;
/** Days of hours, and of entries, in one answer: more have to be rolled up or closed first. */
const HOUR_DAYS_MAX = 70;
const LIVE_DAYS_MAX = 7;
/** Before the first run, which a deployment has within minutes, there is hardly anything to look back to. */
const LOOK_BACK_DAYS = 20;
/** Users that one answer counts once: 11 MB of digests. */
const USERS_MAX = 1_000_000;
/** An index is a moment behind its table; three more looks cover what DynamoDB usually needs. */
const REREADS_MAX = 3;

export interface PeriodReport {
  readonly from: string;
  /** Not later than now. */
  readonly to: string;
  /** Sums of the whole period; nobody is counted twice. */
  readonly total: Rollup;
  /** False where the period has more users than one answer can count: then `total` says nothing of them. */
  readonly usersCounted: boolean;
  /** Every UTC day of the period in which something happened, oldest first. */
  readonly days: readonly Rollup[];
  /** What is outstanding before and after the period: each summed up for itself, and not from the other. */
  readonly opening: readonly Outstanding[];
  readonly closing: readonly Outstanding[];
}

export type PeriodOutcome =
  | ({ readonly kind: 'report' } & PeriodReport)
  /** More than one answer can read stands beyond the rollups, which reach as far as `rolledTo`. */
  | { readonly kind: 'not_ready'; readonly rolledTo: string };

/**
 * All that reports say about a period, from the rollups, and from the entries where there are none yet (DESIGN 4). Its
 * cost depends on the days that it names, and neither on how many entries they have nor on what was before them.
 */
export async function readPeriod(
  sources: ReportSources,
  asked: { readonly from: string; readonly to: string; readonly now: string },
): Promise<PeriodOutcome> {
  const { progress } = await findProgress(sources, {
    now: asked.now,
    lookBackDays: LOOK_BACK_DAYS,
  });
  const { rolledTo, startedOn } = progress;
  // The end of a period is excluded, and what was done at this very instant belongs to "until now".
  const to = earliest(asked.to, later(asked.now, 1));
  const from = earliest(latest(asked.from, midnight(startedOn)), to);
  const plans = plansOf({ from, to }, progress);
  if (!isBounded(plans)) return { kind: 'not_ready', rolledTo };
  for (let reread = 0; ; reread += 1) {
    const reader = createPeriodReader(sources);
    const report = { from: asked.from, to, ...(await readPlans(reader, plans)) };
    if (reader.overflowed()) return { kind: 'not_ready', rolledTo };
    const ties = report.closing.every(({ creditType }) => differenceOf(report, creditType) === 0);
    if (ties || reread === REREADS_MAX) return { kind: 'report', ...report };
  }
}

/**
 * What closing says beyond opening and movements: zero, or an entry is missing between them. Opening and closing come
 * from the wallets' own balances, the movements from the entries' draws.
 */
export function differenceOf(
  { total, opening, closing }: Pick<PeriodReport, 'total' | 'opening' | 'closing'>,
  creditType: string,
): number {
  const balanceIn = (all: readonly Outstanding[]): number =>
    all.find((each) => each.creditType === creditType)?.balance ?? 0;
  const moved = total.creditTypes.filter((each) => each.creditType === creditType);
  const movements = moved.flatMap((each) => each.movements);
  const change = sumOf(movements, ({ creditsIn, creditsOut }) => creditsIn - creditsOut);
  return balanceIn(closing) - balanceIn(opening) - change;
}

interface Plans {
  readonly period: readonly Piece[];
  readonly opening: Since;
  readonly closing: Since;
}

/** An instant as the end of a closed day and what came after it. */
interface Since {
  /** Null before the ledger's first day. */
  readonly day: string | null;
  readonly pieces: readonly Piece[];
}

function plansOf(
  period: { readonly from: string; readonly to: string },
  progress: RollupProgress,
): Plans {
  const since = (instant: string): Since => {
    const first = midnight(progress.startedOn);
    const from = latest(first, earliest(dayStart(instant), progress.closedTo));
    const pieces = planPeriod({ from, to: instant }, progress);
    return { day: from === first ? null : dayOf(later(from, -DAY_MS)), pieces };
  };
  return {
    period: planPeriod(period, progress),
    opening: since(period.from),
    closing: since(period.to),
  };
}

function isBounded(plans: Plans): boolean {
  const all = [...plans.period, ...plans.opening.pieces, ...plans.closing.pieces];
  const daysOf = (kind: Piece['kind']): number =>
    new Set(all.filter((piece) => piece.kind === kind).map(({ from }) => dayOf(from))).size;
  return daysOf('hour') <= HOUR_DAYS_MAX && daysOf('live') <= LIVE_DAYS_MAX;
}

async function readPlans(
  reader: PeriodReader,
  plans: Plans,
): Promise<Omit<PeriodReport, 'from' | 'to'>> {
  const [parts, opening, closing] = await Promise.all([
    reader.read(plans.period),
    outstandingAt(reader, plans.opening),
    outstandingAt(reader, plans.closing),
  ]);
  const users = await countableUsers(reader, parts);
  const rollups = parts.map(({ rollup }) => rollup);
  const total = mergeRollups('total', rollups, (creditType) =>
    users === null ? 0 : countUsers(users, creditType),
  );
  const days = await Promise.all([...byDay(parts)].map((each) => dayRollup(reader, each)));
  return {
    total,
    usersCounted: users !== null,
    days: days.filter(({ creditTypes, sales }) => creditTypes.length + sales.length > 0),
    opening,
    closing,
  };
}

async function outstandingAt(
  reader: PeriodReader,
  { day, pieces }: Since,
): Promise<readonly Outstanding[]> {
  const [closing, parts] = await Promise.all([reader.closingOf(day), reader.read(pieces)]);
  return addToOutstanding(
    closing,
    parts.map(({ rollup }) => rollup),
  );
}

async function dayRollup(
  reader: PeriodReader,
  [day, parts]: readonly [string, readonly Part[]],
): Promise<Rollup> {
  const [first, ...others] = parts;
  if (first?.piece.kind === 'day' && others.length === 0) return first.rollup;
  const users = await reader.usersOf(parts);
  const rollups = parts.map(({ rollup }) => rollup);
  return mergeRollups(day, rollups, (creditType) => countUsers(users, creditType));
}

/** Everybody who was active, from whole months where there are any; null for more than one answer can hold. */
async function countableUsers(
  reader: PeriodReader,
  parts: readonly Part[],
): Promise<ActiveUsers | null> {
  const sources: Pick<Part, 'rollup' | 'users'>[] = [];
  for (const [month, own] of byMonth(parts)) {
    const closedDays = own.filter(({ piece }) => piece.kind === 'day').length;
    const whole = closedDays === daysInMonth(month) ? await reader.month(month) : null;
    if (whole) sources.push({ rollup: whole, users: null });
    else sources.push(...own);
  }
  const listed = sources.flatMap(({ rollup }) => rollup.creditTypes);
  if (sumOf(listed, ({ activeUsers }) => activeUsers) > USERS_MAX) return null;
  return reader.usersOf(sources);
}

function byDay(parts: readonly Part[]): ReadonlyMap<string, readonly Part[]> {
  return Map.groupBy(parts, ({ piece }) => dayOf(piece.from));
}

function byMonth(parts: readonly Part[]): ReadonlyMap<string, readonly Part[]> {
  return Map.groupBy(parts, ({ piece }) => monthOf(piece.from));
}

function midnight(day: string): string {
  return `${day}T00:00:00.000Z`;
}
