import type { QuarantinePage, QuarantineStore } from '#lib/ports';
import { newestFirst } from '#lib/store/newest-first';
import { QUARANTINE_PARTITION, quarantinePartition, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Quarantined events, newest first, through the index (DESIGN 4). */
export function createQuarantineStore(table: Table): QuarantineStore {
  return {
    page: async ({ provider, after, offset, limit }) => {
      const source =
        provider === undefined
          ? { index: 'gsi1', partition: QUARANTINE_PARTITION }
          : { index: 'gsi3', partition: quarantinePartition(provider) };
      // One more than is shown tells whether there is a next page.
      const items = await newestFirst(table, { ...source, after, count: offset + limit + 1 });
      const shown = items.slice(offset, offset + limit);
      const last = shown.at(-1);
      const hasMore = items.length > offset + limit;
      return {
        events: shown.map((item) => recordFromItem('quarantinedEvent', item).value),
        next: hasMore && last ? String(last[`${source.index}sk`]) : null,
      } satisfies QuarantinePage;
    },
  };
}
