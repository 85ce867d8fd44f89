import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { toSettings } from '#lib/http/configuration-resource';
import { endpoint } from '#lib/http/endpoint';
import { settingsRefs } from '#lib/settings/change-settings';

/** GET /admin/credits/settings */
export const getSettings = endpoint(
  adminConfigurationRoutes.getSettings,
  async (_call, { ledger }: AdminDependencies) => ({
    status: 200,
    body: toSettings(await ledger.load(settingsRefs)),
  }),
);
