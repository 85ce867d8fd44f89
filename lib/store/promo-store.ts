import type { PromoStore } from '#lib/ports';
import { newestFirst } from '#lib/store/newest-first';
import { numberedPage } from '#lib/store/numbered-items';
import { PROMO_CODES_PARTITION, recordFromItem, redemptionsPartition } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Codes by the time they were made, and who redeemed one, through the index. */
export function createPromoStore(table: Table): PromoStore {
  return {
    codes: async ({ after, offset, limit }) => {
      // One more than is shown tells whether there is a next page.
      const items = await newestFirst(table, {
        index: 'gsi1',
        partition: PROMO_CODES_PARTITION,
        after,
        count: offset + limit + 1,
      });
      const shown = items.slice(offset, offset + limit);
      const last = shown.at(-1);
      return {
        codes: shown.map((item) => recordFromItem('promoCode', item).value),
        next: items.length > offset + limit && last ? String(last['gsi1sk']) : null,
      };
    },
    redemptions: async ({ code, total, upTo, offset, limit }) => {
      const partition = redemptionsPartition(code);
      const items = await numberedPage(table, { partition, total, upTo, offset, limit });
      return items.map((item) => recordFromItem('redemption', item).value);
    },
  };
}
