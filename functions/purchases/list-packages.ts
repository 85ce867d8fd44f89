import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { listPackages as listCatalog } from '#lib/catalog/list-packages';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { endpoint } from '#lib/http/endpoint';
import { toPackage } from '#lib/http/purchase-resource';

/** GET /credits/packages */
export const listPackages = endpoint(
  purchaseRoutes.listPackages,
  async ({ query }, { catalog, store }: PurchaseDependencies) => {
    const packages = (await listCatalog({ catalog, store }, { currency: query.currency })).map(
      toPackage,
    );
    const by_credit_type = Object.groupBy(packages, ({ credit_type }) => credit_type);
    return { status: 200, body: { packages, by_credit_type } };
  },
);
