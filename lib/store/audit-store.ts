import type { AuditPage, AuditQuery, AuditStore } from '#lib/ports';
import type { ItemValue } from '#lib/store/names';
import { queryPage } from '#lib/store/read';
import {
  auditActionPartition,
  auditActorPartition,
  auditMonthPartition,
  auditUserPartition,
  recordFromItem,
} from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** What one page may cost: a page that finds too little within it is short, and its cursor goes on. */
const QUERIES_MAX = 40;
/** Records that a query looks at where a filter may pass over most of them. */
const LOOKED_AT = 250;
/** Nothing was audited before it: where going back through empty months ends. */
const FIRST_MONTH = '2026-01';
/** Sorts behind every time. */
const END_OF_TIME = '9999';
/** The table's own clock and that of the one who asks may differ. */
const SKEW_MS = 86_400_000;

/** Records in the order of their time, at one place of the table. */
interface Source {
  readonly partition: string;
  /** Null for the table itself. */
  readonly index: 'gsi1' | 'gsi2' | 'gsi3' | null;
}

/**
 * Audit records, newest first: by user, actor or action through its index, else month by month from the table itself.
 * What the partition does not say is filtered, within a bound.
 */
export function createAuditStore(table: Table): AuditStore {
  return {
    page: async (query) => {
      const wanted = query.offset + query.limit;
      const found: ItemValue[] = [];
      let place: Place | null = firstPlace(query);
      for (
        let queries = 0;
        place && found.length <= wanted && queries < QUERIES_MAX;
        queries += 1
      ) {
        const answer = await look(table, query, { place, count: wanted + 1 - found.length });
        found.push(...answer.items);
        place = answer.next;
      }
      return pageOf(found, query, place);
    },
  };
}

/** Where a look begins: everything in the source up to `high`. */
interface Place extends Source {
  readonly high: string;
}

function pageOf(found: readonly ItemValue[], query: AuditQuery, place: Place | null): AuditPage {
  const shown = found.slice(query.offset, query.offset + query.limit).map(recordOf);
  const last = shown.at(-1);
  const hasMore = found.length > query.offset + query.limit;
  const next = hasMore && last ? `${last.at}#${last.id}` : (place?.high ?? null);
  return { records: shown, next };
}

function firstPlace(query: AuditQuery): Place {
  const high = query.after ?? query.to ?? END_OF_TIME;
  const { action, actor, userId } = query;
  if (userId !== undefined) return { index: 'gsi3', partition: auditUserPartition(userId), high };
  if (actor !== undefined) return { index: 'gsi1', partition: auditActorPartition(actor), high };
  if (action !== undefined) return { index: 'gsi2', partition: auditActionPartition(action), high };
  const newest = new Date(Date.parse(query.now) + SKEW_MS).toISOString().slice(0, 7);
  return monthPlace(high < newest ? high.slice(0, 7) : newest, high);
}

function monthPlace(month: string, high: string): Place {
  return { index: null, partition: auditMonthPartition(month), high };
}

/** One query; `next` is where the following one begins, null at the end. */
async function look(
  table: Table,
  query: AuditQuery,
  { count, place }: { readonly place: Place; readonly count: number },
): Promise<{ readonly items: readonly ItemValue[]; readonly next: Place | null }> {
  const { high, index, partition } = place;
  const low = query.from ?? '0';
  // The table refuses a range that ends before it begins.
  if (low > high) return { items: [], next: null };
  const filter = filterOf(query);
  const names = index === null ? { pk: 'pk', sk: 'sk' } : { pk: `${index}pk`, sk: `${index}sk` };
  const { items, next } = await queryPage(table, {
    ...(index === null ? { ConsistentRead: true } : { IndexName: index }),
    KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :low AND :high',
    ...(filter && { FilterExpression: filter.expression }),
    ExpressionAttributeNames: { '#pk': names.pk, '#sk': names.sk, ...filter?.names },
    ExpressionAttributeValues: {
      ':pk': partition,
      // A period's end sorts before the records of that very instant, its beginning too.
      ':low': low,
      ':high': high,
      ...filter?.values,
    },
    ScanIndexForward: false,
    // A cursor's own record is looked at again, and left out.
    Limit: filter ? LOOKED_AT : count + 1,
  });
  const shown = items.filter((item) => item[names.sk] !== query.after);
  const lookedAt: unknown = next?.[names.sk];
  if (typeof lookedAt === 'string')
    return { items: shown, next: { ...place, high: before(lookedAt) } };
  return { items: shown, next: index === null ? monthBefore(place, query) : null };
}

/** The end of what is still to be looked at: just below a record that has been. */
function before(place: string): string {
  return place.slice(0, -1) + String.fromCharCode(place.charCodeAt(place.length - 1) - 1) + '~';
}

function monthBefore({ partition }: Place, query: AuditQuery): Place | null {
  const month = partition.slice(-'2026-01'.length);
  const first = query.from?.slice(0, 7) ?? FIRST_MONTH;
  if (month <= first || month <= FIRST_MONTH) return null;
  const earlier = new Date(Date.parse(`${month}-01T00:00:00.000Z`) - 1).toISOString();
  return monthPlace(earlier.slice(0, 7), `${month}-`);
}

/** What else must hold of a record, whatever the source has settled already. */
function filterOf({ action, actor, outcome, userId }: AuditQuery) {
  const wanted = Object.entries({ action, actor, outcome, user_id: userId }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  // The source settles one of them; a filter on it as well costs nothing.
  const settled = userId ?? actor ?? action;
  if (wanted.length === 0 || (wanted.length === 1 && settled !== undefined)) return null;
  return {
    expression: wanted.map(([name]) => `#f_${name} = :${name}`).join(' AND '),
    names: Object.fromEntries(wanted.map(([name]) => [`#f_${name}`, name])),
    values: Object.fromEntries(wanted.map(([name, value]) => [`:${name}`, value])),
  };
}

function recordOf(item: ItemValue) {
  return recordFromItem('audit', item).value;
}
