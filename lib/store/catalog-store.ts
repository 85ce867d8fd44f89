import type { CatalogStore } from '#lib/ports';
import { queryAll } from '#lib/store/read';
import { CATALOG_PARTITION, recordFromItem } from '#lib/store/records';
import type { Table } from '#lib/store/table';

/** Everything that is or was on sale: one partition, strongly consistent, so a new price counts at once. */
export function createCatalogStore(table: Table): CatalogStore {
  const storedPackages = async () => {
    const items = await queryAll(table, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': CATALOG_PARTITION },
      ConsistentRead: true,
    });
    return items.map((item) => recordFromItem('package', item));
  };
  return {
    packages: async () => (await storedPackages()).map(({ value }) => value),
    storedPackages,
  };
}
