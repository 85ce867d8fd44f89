import type { AdminDependencies } from '#functions/admin/dependencies';
import { createPackage as create } from '#lib/catalog/change-package';
import { problem } from '#lib/contract/problem';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { auditContextOf } from '#lib/http/audit-refusal';
import { fromPackageFields, toCatalogPackage } from '#lib/http/configuration-resource';
import { endpoint } from '#lib/http/endpoint';

/** POST /admin/credits/packages */
export const createPackage = endpoint(
  adminConfigurationRoutes.createPackage,
  async ({ body, caller, request }, { ledger }: AdminDependencies) => {
    const outcome = await create(ledger, {
      creditPackage: fromPackageFields(
        {
          id: body.package_id,
          name: body.name,
          description: body.description,
          creditType: body.credit_type,
          credits: body.credits,
          prices: [],
          active: body.active,
          position: body.position,
          metadata: body.metadata,
        },
        body,
      ),
      reason: body.reason ?? null,
      cause: request.cause,
      fingerprint: request.fingerprint,
      audit: auditContextOf({ caller, request }),
    });
    if (outcome.kind === 'reused') throw problem('IDEMPOTENCY_KEY_REUSED');
    if (outcome.kind === 'exists') throw problem('PACKAGE_EXISTS');
    const replayed = outcome.kind === 'replayed';
    return { status: 201, body: toCatalogPackage(outcome.stored), replayed };
  },
);
