import type { AdminDependencies } from '#functions/admin/dependencies';
import { changePackage as change } from '#lib/catalog/change-package';
import { problem } from '#lib/contract/problem';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { auditContextOf } from '#lib/http/audit-refusal';
import { fromPackageFields, toCatalogPackage } from '#lib/http/configuration-resource';
import { endpoint } from '#lib/http/endpoint';

/** PATCH /admin/credits/packages/{id} */
export const changePackage = endpoint(
  adminConfigurationRoutes.changePackage,
  async ({ body, caller, params, request }, { ledger }: AdminDependencies) => {
    const outcome = await change(ledger, {
      packageId: params.id,
      version: body.version,
      change: (before) => fromPackageFields(before, body),
      reason: body.reason ?? null,
      audit: auditContextOf({ caller, request }),
    });
    switch (outcome.kind) {
      case 'changed':
        return { status: 200, body: toCatalogPackage(outcome.stored) };
      case 'missing':
        throw problem('NOT_FOUND');
      case 'without_price':
        throw problem('PACKAGE_WITHOUT_PRICE');
      case 'stale':
        throw problem('VERSION_CHANGED', { version: outcome.version });
    }
  },
);
