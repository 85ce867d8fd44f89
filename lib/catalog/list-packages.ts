import { type PackagePrice, priceOf } from '#lib/catalog/package';
import type { CatalogStore, LedgerStore } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';

/** Packages on sale with their price in a currency (or each in its first one), in the operator's order. */
export async function listPackages(
  { catalog, store }: { readonly catalog: CatalogStore; readonly store: Pick<LedgerStore, 'load'> },
  query: { readonly currency: string | undefined },
): Promise<readonly PackagePrice[]> {
  const id = { key: 'price_per_credit' } as const;
  const [packages, read] = await Promise.all([
    catalog.packages(),
    store.load([{ record: 'setting', id }]),
  ]);
  const perCredit = settingOf('price_per_credit', read('setting', id));
  return packages
    .filter((offered) => offered.active)
    .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
    .flatMap((offered) => priceOf(offered, { currency: query.currency, perCredit }) ?? []);
}
