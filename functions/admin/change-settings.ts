import type { AdminDependencies } from '#functions/admin/dependencies';
import { invalidFields, problem } from '#lib/contract/problem';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { auditContextOf } from '#lib/http/audit-refusal';
import { toSettingsChange } from '#lib/http/configuration-resource';
import { endpoint } from '#lib/http/endpoint';
import { changeSettings as change } from '#lib/settings/change-settings';

/** PUT /admin/credits/settings */
export const changeSettings = endpoint(
  adminConfigurationRoutes.changeSettings,
  async ({ body, caller, request }, { ledger }: AdminDependencies) => {
    const outcome = await change(ledger, {
      version: body.version,
      wanted: Object.entries(body.settings).map(([key, value]) => ({ key, value })),
      reason: body.reason ?? null,
      cause: request.cause,
      fingerprint: request.fingerprint,
      audit: auditContextOf({ caller, request }),
    });
    switch (outcome.kind) {
      case 'changed':
      case 'replayed': {
        const replayed = outcome.kind === 'replayed';
        return { status: 200, body: toSettingsChange(outcome.change), replayed };
      }
      case 'reused':
        throw problem('IDEMPOTENCY_KEY_REUSED');
      case 'unknown':
        throw problem('UNKNOWN_SETTING', { setting: outcome.key });
      case 'invalid':
        throw invalidFields(outcome.errors);
      case 'stale':
        throw problem('VERSION_CHANGED', { version: outcome.version });
    }
  },
);
