import { exportTransactions } from '#functions/admin/export-transactions';
import { getExport } from '#functions/admin/get-export';
import { freezeUser } from '#functions/admin/freeze-user';
import { unfreezeUser } from '#functions/admin/unfreeze-user';
import { changePackage } from '#functions/admin/change-package';
import { changeSettings } from '#functions/admin/change-settings';
import { createPackage } from '#functions/admin/create-package';
import { getSettings } from '#functions/admin/get-settings';
import { listAllPackages } from '#functions/admin/list-all-packages';
import { adjustCredits } from '#functions/admin/adjust-credits';
import { changePromoCode } from '#functions/admin/change-promo-code';
import { createPromoCode } from '#functions/admin/create-promo-code';
import { getBulk } from '#functions/admin/get-bulk';
import { getAnalytics } from '#functions/admin/get-analytics';
import { getEvent } from '#functions/admin/get-event';
import { getProjectRefund } from '#functions/admin/get-project-refund';
import { getReconciliation } from '#functions/admin/get-reconciliation';
import { getReconciliationJob } from '#functions/admin/get-reconciliation-job';
import { listAllPurchases } from '#functions/admin/list-all-purchases';
import { listAudit } from '#functions/admin/list-audit';
import { listEvents } from '#functions/admin/list-events';
import { listPromoCodes } from '#functions/admin/list-promo-codes';
import { listRedemptions } from '#functions/admin/list-redemptions';
import { refundProject } from '#functions/admin/refund-project';
import { replayEvent } from '#functions/admin/replay-event';
import { startBulk } from '#functions/admin/start-bulk';
import { startReconciliation } from '#functions/admin/start-reconciliation';
import { getReport } from '#functions/admin/get-report';
import { listTransactions } from '#functions/admin/list-transactions';
import { getUser, getUserShort } from '#functions/admin/get-user';
import { lookUpBalance } from '#functions/admin/look-up-balance';
import { verifyUser } from '#functions/admin/verify-user';

/** Every route that the admin function serves: one line each. */
export const adminEndpoints = [
  exportTransactions,
  getExport,
  getUser,
  getUserShort,
  lookUpBalance,
  verifyUser,
  listEvents,
  getEvent,
  replayEvent,
  getReconciliation,
  startReconciliation,
  getReconciliationJob,
  listPromoCodes,
  createPromoCode,
  changePromoCode,
  listRedemptions,
  refundProject,
  getProjectRefund,
  startBulk,
  getBulk,
  adjustCredits,
  freezeUser,
  unfreezeUser,
  listAudit,
  getSettings,
  changeSettings,
  listAllPackages,
  createPackage,
  changePackage,
  listTransactions,
  listAllPurchases,
  getAnalytics,
  getReport,
];
