import type { Route } from '#lib/contract/route';
import { adminExportRoutes } from '#lib/contract/routes/admin-export';
import { adminBulkRoutes } from '#lib/contract/routes/admin-bulk';
import { adminRoutes } from '#lib/contract/routes/admin';
import { adminProjectRoutes } from '#lib/contract/routes/admin-projects';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { adminReconciliationRoutes } from '#lib/contract/routes/admin-reconciliation';
import { holdRoutes } from '#lib/contract/routes/holds';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { ownAlertRoutes, userAlertRoutes } from '#lib/contract/routes/alerts';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { adminAuditRoutes } from '#lib/contract/routes/admin-audit';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { adminUserRoutes } from '#lib/contract/routes/admin-users';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { adminReportRoutes } from '#lib/contract/routes/admin-reports';
import { publicRoutes } from '#lib/contract/routes/public';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { serviceRoutes } from '#lib/contract/routes/service';
import { subscriptionChangeRoutes } from '#lib/contract/routes/subscription-changes';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { ownTopUpRoutes, userTopUpRoutes } from '#lib/contract/routes/topups';
import { transferRoutes } from '#lib/contract/routes/transfers';
import { walletRoutes } from '#lib/contract/routes/wallet';

/**
 * Every route of the API, by name. Gateway, OpenAPI, client and tests start here; a function imports only the group
 * it serves, so that its bundle does not carry the others.
 */
export const routes = {
  ...publicRoutes,
  ...walletRoutes,
  ...ownAlertRoutes,
  ...userAlertRoutes,
  ...serviceRoutes,
  ...holdRoutes,
  ...transferRoutes,
  ...subscriptionRoutes,
  ...subscriptionChangeRoutes,
  ...purchaseRoutes,
  ...ownTopUpRoutes,
  ...userTopUpRoutes,
  ...applicationRoutes,
  ...adminRoutes,
  ...adminPurchaseRoutes,
  ...adminConfigurationRoutes,
  ...adminPromoRoutes,
  ...adminBulkRoutes,
  ...adminUserRoutes,
  ...adminWalletRoutes,
  ...adminAuditRoutes,
  ...adminReconciliationRoutes,
  ...adminProjectRoutes,
  ...adminReportRoutes,
  ...adminExportRoutes,
};

export const allRoutes: readonly Route[] = Object.values(routes);
