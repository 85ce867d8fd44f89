import { type PackagePrice, priceOf } from '#lib/catalog/package';
import type { CatalogStore } from '#lib/ports';

/** Packages on sale with their price in a currency (or each in its first one), in the operator's order. */
export async function listPackages(
  { catalog }: { readonly catalog: CatalogStore },
  query: { readonly currency: string | undefined },
): Promise<readonly PackagePrice[]> {
  const packages = await catalog.packages();
  return packages
    .filter((offered) => offered.active)
    .toSorted((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
    .flatMap((offered) => priceOf(offered, query.currency) ?? []);
}
