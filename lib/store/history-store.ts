import type { Entry } from '#lib/ledger/entry';
import { replay } from '#lib/ledger/replay';
import { emptyHead, type Head } from '#lib/ledger/wallet';
import {
  ContentionError,
  type HistoryPage,
  type HistoryQuery,
  type HistoryStore,
} from '#lib/ports';
import { startBackoff } from '#lib/store/backoff';
import { readCheckpoint } from '#lib/store/checkpoints';
import { entryFromItem } from '#lib/store/items';
import { historyPartition, sequenceKey, typePartition } from '#lib/store/keys';
import { queryAll } from '#lib/store/read';
import { readHead } from '#lib/store/read-head';
import type { Table } from '#lib/store/table';

/**
 * Entries in the order of a number without gaps: their seq in the wallet, or their ordinal within a type. A number is
 * a place, so page N is one bounded query and any date is found by binary search, whatever the history's length.
 */
interface Sequence {
  readonly total: number;
  /** The entries numbered `first` to `last`, newest first. */
  readonly range: (first: number, last: number) => Promise<readonly Entry[]>;
  /** One entry, or null where the index does not show it yet. Remembered: searches share their first steps. */
  readonly at: (number: number) => Promise<Entry | null>;
}

// An index is a moment behind its table; three more looks cover what DynamoDB usually needs.
const REREADS_MAX = 3;

/** Pages and dates of a wallet's history through the indexes (DESIGN 4). */
export function createHistoryStore(table: Table): HistoryStore {
  return {
    page: async (query) => {
      const head = await readHead(table, query.wallet);
      if (query.type === 'usage') return usagePage(table, head, query);
      return numberedPage(table, head, query);
    },
    entriesBefore: async (wallet, instants) => {
      const sequence = walletSequence(table, await readHead(table, wallet));
      return Promise.all(
        instants.map(async (instant) => {
          const count = await countBefore(sequence, instant);
          return count === 0 ? null : sequence.at(count);
        }),
      );
    },
    headAt: async (wallet, instant) => headAt(table, await readHead(table, wallet), instant),
  };
}

/** The last checkpoint before an instant, and the entries after it: what a wallet's length adds is its logarithm. */
async function headAt(table: Table, newest: Head, instant: string): Promise<Head> {
  if (newest.updatedAt <= instant) return newest;
  const sequence = walletSequence(table, newest);
  const next = await firstWhere({ low: 1, high: newest.seq }, async (number) => {
    const entry = await sequence.at(number);
    if (!entry) throw new ContentionError('an index is behind its table');
    return entry.createdAt > instant;
  });
  const seq = next - 1;
  if (seq === 0) return emptyHead(newest);
  const start = (await readCheckpoint(table, newest, seq)) ?? emptyHead(newest);
  if (start.seq === seq) return start;
  const entries = await sequence.range(start.seq + 1, seq);
  if (entries.length < seq - start.seq) throw new ContentionError('an index is behind its table');
  return replay(start, entries.toReversed());
}

async function numberedPage(table: Table, head: Head, query: HistoryQuery): Promise<HistoryPage> {
  const sequence =
    query.type === undefined ? walletSequence(table, head) : typeSequence(table, head, query.type);
  const before = query.from === undefined ? 0 : await countBefore(sequence, query.from);
  const last = query.to === undefined ? sequence.total : await countBefore(sequence, query.to);
  const total = Math.max(0, last - before);
  const window = windowOf(query, total);
  const entries = window ? await sequence.range(before + window.first, before + window.last) : [];
  return { entries, total, asOfSeq: asOfSeq(head, entries, window) };
}

/** The numbers of the page that is asked for, counted from the oldest that matches; null past the end. */
function windowOf(
  query: HistoryQuery,
  total: number,
): { readonly first: number; readonly last: number } | null {
  const last = Math.min(total, query.asOfTotal ?? total) - query.offset;
  return last < 1 ? null : { first: Math.max(1, last - query.limit + 1), last };
}

/**
 * A page of spends. They are in no index of their own, which saves every spend a write unit; each entry's running
 * count of usages tells by binary search where a numbered one stands.
 */
async function usagePage(table: Table, head: Head, query: HistoryQuery): Promise<HistoryPage> {
  const sequence = walletSequence(table, head);
  const usagesBefore = async (instant: string): Promise<number> => {
    const count = await countBefore(sequence, instant);
    return count === 0 ? 0 : ((await sequence.at(count))?.totals.usages ?? 0);
  };
  const before = query.from === undefined ? 0 : await usagesBefore(query.from);
  const last = query.to === undefined ? head.totals.usages : await usagesBefore(query.to);
  const total = Math.max(0, last - before);
  const window = windowOf(query, total);
  if (!window) return { entries: [], total, asOfSeq: head.seq };
  const seqOf = (usage: number): Promise<number> =>
    firstWhere(
      { low: usage, high: usage + head.seq - head.totals.usages },
      async (seq) => ((await sequence.at(seq))?.totals.usages ?? usage) >= usage,
    );
  const lastSeq = await seqOf(before + window.last);
  const firstSeq = await seqOf(before + window.first);
  const entries = await sequence.range(firstSeq, lastSeq);
  return {
    entries: entries.filter((entry) => entry.type === 'usage'),
    total,
    asOfSeq: asOfSeq(head, entries, { last: lastSeq }),
  };
}

function walletSequence(table: Table, head: Head): Sequence {
  return sequenceOf(table, { index: 'gsi1', partition: historyPartition(head), total: head.seq });
}

function typeSequence(table: Table, head: Head, type: string): Sequence {
  const total = head.counts[type] ?? 0;
  return sequenceOf(table, { index: 'gsi3', partition: typePartition(head, type), total });
}

interface Numbered {
  readonly index: 'gsi1' | 'gsi3';
  readonly partition: string;
  readonly total: number;
}

function sequenceOf(table: Table, source: Numbered): Sequence {
  const known = new Map<number, Promise<Entry | null>>();
  const range: Sequence['range'] = (first, last) => readRange(table, source, { first, last });
  return {
    total: source.total,
    range,
    at(number) {
      const entry = known.get(number) ?? range(number, number).then(([found]) => found ?? null);
      known.set(number, entry);
      return entry;
    },
  };
}

/** Numbers have no gaps, so a short answer means that the index has not caught up with the head yet. */
async function readRange(
  table: Table,
  source: Numbered,
  numbers: { readonly first: number; readonly last: number },
): Promise<readonly Entry[]> {
  const backoff = startBackoff(table);
  for (let reread = 0; ; reread += 1) {
    const items = await queryAll(table, {
      IndexName: source.index,
      KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :first AND :last',
      ExpressionAttributeNames: { '#pk': `${source.index}pk`, '#sk': `${source.index}sk` },
      ExpressionAttributeValues: {
        ':pk': source.partition,
        ':first': sequenceKey(numbers.first),
        ':last': sequenceKey(numbers.last),
      },
      ScanIndexForward: false,
    });
    const complete = items.length === numbers.last - numbers.first + 1;
    if (complete || reread === REREADS_MAX) return items.map((item) => entryFromItem(item));
    await backoff.wait();
  }
}

/** How many entries of a sequence were made before an instant; time never runs backwards within a wallet. */
async function countBefore(sequence: Sequence, instant: string): Promise<number> {
  const first = await firstWhere({ low: 1, high: sequence.total + 1 }, async (number) => {
    const entry = await sequence.at(number);
    // One that the index does not show yet is newer than all it shows.
    return entry === null || entry.createdAt >= instant;
  });
  return first - 1;
}

/** The first number in a range for which a monotone test holds; `high` where it holds for none below. */
async function firstWhere(
  range: { readonly low: number; readonly high: number },
  holds: (number: number) => Promise<boolean>,
): Promise<number> {
  let { low, high } = range;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The newest entry that an answer knows of: the head's, unless the page should hold it and the index lags. */
function asOfSeq(
  head: Head,
  entries: readonly Entry[],
  window: { readonly last: number } | null,
): number {
  const newest = entries[0];
  if (!window || !newest || window.last < head.seq) return head.seq;
  return newest.seq;
}
