import { invariant } from '#lib/invariant';
import type { DayQuery, DayStore, MoveStore } from '#lib/ports';
import { entryFromItem, moveFromItem } from '#lib/store/items';
import { dayShards, SHARDS } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { queryPage } from '#lib/store/read';
import type { Table } from '#lib/store/table';

interface Placed<T> {
  readonly place: string;
  readonly value: T;
}

/** What one shard answered: a piece of its order without gaps, from where the page begins. */
interface Piece<T> {
  readonly items: readonly Placed<T>[];
  readonly more: boolean;
}

const DAY_MS = 86_400_000;

/** All entries of a UTC day through the index: its shards merged into one order, a bounded page at a time (DESIGN 4). */
export function createDayStore(table: Table): DayStore {
  return {
    page: async (query) => {
      const { found, next } = await readPage(table, query, entryFromItem);
      return { entries: found, next };
    },
  };
}

/** The same for who doubts what the entries say. */
export function createMoveStore(table: Table): MoveStore {
  return {
    page: async (query) => {
      const { found, next } = await readPage(table, query, moveFromItem);
      return { moves: found, next };
    },
  };
}

interface Page<T> {
  readonly found: readonly T[];
  readonly next: string | null;
}

async function readPage<T>(
  table: Table,
  query: DayQuery,
  read: (item: ItemValue) => T,
): Promise<Page<T>> {
  checkWithinDay(query);
  if (isPast(query)) return { found: [], next: null };
  const shards = dayShards(query.from.slice(0, 10));
  const pieces = await Promise.all(shards.map((shard) => readPiece(table, shard, query, read)));
  return merge(pieces, query);
}

/**
 * Entries spread evenly, so that a page takes about an eighth from each shard; asking each for a little more than that
 * lets most pages fill, and what is read and not shown stays a small share.
 */
export function entriesPerShard(limit: number): number {
  const share = limit / SHARDS;
  return Math.min(limit, Math.ceil(share + 2 * Math.sqrt(share))) + 1;
}

async function readPiece<T>(
  table: Table,
  shard: string,
  query: DayQuery,
  read: (item: ItemValue) => T,
): Promise<Piece<T>> {
  const { from, to, after, limit, newestFirst } = query;
  const { items, next } = await queryPage(table, {
    IndexName: 'gsi2',
    // A place is a time followed by an id, so that `to` itself sorts below everything made at that instant.
    KeyConditionExpression: 'gsi2pk = :shard AND gsi2sk BETWEEN :low AND :high',
    ExpressionAttributeValues: {
      ':shard': shard,
      ':low': after !== null && !newestFirst && after > from ? after : from,
      ':high': after !== null && newestFirst && after < to ? after : to,
    },
    ScanIndexForward: !newestFirst,
    // One more than its share: the entry that `after` names is found again in its shard, and is not shown again.
    Limit: entriesPerShard(limit),
  });
  const placed = items.map((item) => ({
    place: String(item['gsi2sk']),
    value: read(item),
  }));
  return {
    items: placed.filter(({ place }) => place !== after),
    more: next !== undefined,
  };
}

/**
 * One order of all pieces, as far as it is certain: where a shard has more than it answered, something of it may
 * stand right behind the last that it did, so nothing beyond that belongs to this page.
 */
function merge<T>(pieces: readonly Piece<T>[], query: DayQuery): Page<T> {
  const { limit, newestFirst } = query;
  const before = (a: string, b: string): boolean => (newestFirst ? a > b : a < b);
  const ends = pieces.flatMap(({ items, more }) => (more ? items.slice(-1) : []));
  const frontier = ends
    .map(({ place }) => place)
    .reduce<string | null>((near, end) => (near === null || before(end, near) ? end : near), null);
  const certain = pieces
    .flatMap(({ items }) => items)
    .filter(({ place }) => frontier === null || !before(frontier, place))
    .toSorted((a, b) => (before(a.place, b.place) ? -1 : 1));
  const shown = certain.slice(0, limit);
  const last = shown.at(-1);
  const more = frontier !== null || certain.length > limit;
  invariant(!more || last !== undefined, 'a page that is not the last moves on');
  return {
    found: shown.map(({ value }) => value),
    next: more && last !== undefined ? last.place : null,
  };
}

/** Whether the place to go on from lies beyond the range: places come back from callers. */
function isPast({ from, to, after, newestFirst }: DayQuery): boolean {
  if (after === null) return false;
  return newestFirst ? after <= from : after >= to;
}

function checkWithinDay({ from, to, limit }: DayQuery): void {
  const start = Date.parse(`${from.slice(0, 10)}T00:00:00.000Z`);
  invariant(from < to && Date.parse(to) <= start + DAY_MS, 'a page is of one UTC day');
  invariant(limit >= 1, 'a page has entries');
}
