import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { toCatalogPackage } from '#lib/http/configuration-resource';
import { endpoint } from '#lib/http/endpoint';

/** GET /admin/credits/packages */
export const listAllPackages = endpoint(
  adminConfigurationRoutes.listAllPackages,
  async (_call, { catalog }: AdminDependencies) => {
    const packages = (await catalog.storedPackages()).toSorted(
      ({ value: a }, { value: b }) => a.position - b.position || (a.id < b.id ? -1 : 1),
    );
    return { status: 200, body: { packages: packages.map(toCatalogPackage) } };
  },
);
