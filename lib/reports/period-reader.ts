import { invariant } from '#lib/invariant';
import type { LedgerStore, RollupStore } from '#lib/ports';
import { type ActiveUsers, mergeUsers } from '#lib/reports/active-users';
import { startFold } from '#lib/reports/fold-entries';
import { entriesBetween, type EntrySources } from '#lib/reports/fold-hours';
import { loadUsers } from '#lib/reports/load-users';
import type { Piece } from '#lib/reports/plan-period';
import type { Outstanding, Rollup } from '#lib/reports/rollup';
import { dayOf, hourOf } from '#lib/reports/utc-periods';

/** Entries that one answer reads beyond the rollups: what a function reads and sums up within seconds. */
const LIVE_ENTRIES_MAX = 20_000;

export interface ReportSources extends EntrySources {
  readonly store: Pick<LedgerStore, 'load'>;
  readonly rollups: RollupStore;
}

/** What one piece of a period says. */
export interface Part {
  readonly piece: Piece;
  readonly rollup: Rollup;
  /** Of entries that were read; those of a rollup are loaded where they are asked for. */
  readonly users: ActiveUsers | null;
}

/** Reads the pieces of one answer, each of them once, however often it is asked for. */
export interface PeriodReader {
  readonly read: (pieces: readonly Piece[]) => Promise<readonly Part[]>;
  /** What was outstanding at the end of a closed day; nothing for the day before the first. */
  readonly closingOf: (day: string | null) => Promise<readonly Outstanding[]>;
  readonly month: (month: string) => Promise<Rollup | null>;
  /** Everybody who was active in any of these. */
  readonly usersOf: (parts: readonly Pick<Part, 'rollup' | 'users'>[]) => Promise<ActiveUsers>;
  /** Whether there were more entries than one answer reads: then what was read is not all. */
  readonly overflowed: () => boolean;
}

export function createPeriodReader(sources: ReportSources): PeriodReader {
  const live = new Map<string, Promise<Part>>();
  let entriesLeft = LIVE_ENTRIES_MAX;

  const fold = async (piece: Piece): Promise<Part> => {
    const folding = startFold();
    for await (const entry of entriesBetween(sources.days, piece)) {
      entriesLeft -= 1;
      if (entriesLeft < 0) break;
      folding.add(entry);
    }
    const { rollup, users } = folding.finish(
      hourOf(piece.from),
      await sources.money.between(piece),
    );
    return { piece, rollup, users };
  };
  const readLive = (piece: Piece): Promise<Part> => {
    const name = `${piece.from} ${piece.to}`;
    const part = live.get(name) ?? fold(piece);
    live.set(name, part);
    return part;
  };
  const loadRollup = async (period: string): Promise<Rollup | null> => {
    const read = await sources.store.load([{ record: 'rollup', id: { period } }]);
    return read('rollup', { period })?.value ?? null;
  };

  return {
    read: async (pieces) => {
      const rollups = await readRollups(sources.rollups, pieces);
      return Promise.all(
        pieces.map(async (piece) => {
          if (piece.kind === 'live') return readLive(piece);
          const period = nameOf(piece);
          // An hour without entries has no rollup; a closed day always has one.
          const stored = rollups.get(period);
          invariant(stored ?? piece.kind === 'hour', 'a closed day has a rollup');
          const rollup = stored ?? { period, creditTypes: [], sales: [], activeUsers: 0 };
          return { piece, rollup, users: null };
        }),
      );
    },
    closingOf: async (day) => (day === null ? [] : ((await loadRollup(day))?.closing ?? [])),
    month: loadRollup,
    usersOf: async (parts) => {
      const stored = parts.filter(({ users }) => users === null).map(({ rollup }) => rollup);
      const known = parts.flatMap(({ users }) => users ?? []);
      return mergeUsers([await loadUsers(sources.store, stored), ...known]);
    },
    overflowed: () => entriesLeft < 0,
  };
}

function nameOf({ kind, from }: Piece): string {
  return kind === 'day' ? dayOf(from) : hourOf(from);
}

/** One query for the days of a month, and one for the hours of a day. */
async function readRollups(
  store: RollupStore,
  pieces: readonly Piece[],
): Promise<ReadonlyMap<string, Rollup>> {
  const days = pieces.filter(({ kind }) => kind === 'day').map(nameOf);
  const hours = Map.groupBy(pieces.filter(({ kind }) => kind === 'hour').map(nameOf), (hour) =>
    hour.slice(0, 10),
  );
  const found = await Promise.all([
    ...rangeOf(days).map((range) => store.days(range)),
    ...[...hours.values()].flatMap(rangeOf).map((range) => store.hours(range)),
  ]);
  return new Map(found.flat().map((rollup) => [rollup.period, rollup]));
}

/** From the first to the last of names in their order; nothing for none. */
function rangeOf(names: readonly string[]): readonly { first: string; last: string }[] {
  const [first] = names;
  const last = names.at(-1);
  return first !== undefined && last !== undefined ? [{ first, last }] : [];
}
