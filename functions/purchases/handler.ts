import { createCheckout } from '#functions/purchases/create-checkout';
import { createDependencies } from '#functions/purchases/dependencies';
import { fulfillPurchase } from '#functions/purchases/fulfill-purchase';
import { getCheckout } from '#functions/purchases/get-checkout';
import { getPurchase } from '#functions/purchases/get-purchase';
import { getReceipt } from '#functions/purchases/get-receipt';
import { initiatePurchase } from '#functions/purchases/initiate-purchase';
import { listPackages } from '#functions/purchases/list-packages';
import { listPurchases } from '#functions/purchases/list-purchases';
import { refundPurchase } from '#functions/purchases/refund-purchase';
import { getAutoTopup } from '#functions/purchases/get-auto-topup';
import { getUserAutoTopup } from '#functions/purchases/get-user-auto-topup';
import { putAutoTopup } from '#functions/purchases/put-auto-topup';
import { putUserAutoTopup } from '#functions/purchases/put-user-auto-topup';
import { resumeAutoTopup } from '#functions/purchases/resume-auto-topup';
import { setUpAutoTopup } from '#functions/purchases/set-up-auto-topup';
import { setUpUserAutoTopup } from '#functions/purchases/set-up-user-auto-topup';
import { verifyPayment } from '#functions/purchases/verify-payment';
import { apiHandler } from '#lib/http/api-handler';
import { lambdaRuntime } from '#lib/http/runtime';

/** Buying credits, and what was bought (DESIGN 5, users). */
export const handler = apiHandler(
  [
    listPackages,
    createCheckout,
    getCheckout,
    initiatePurchase,
    verifyPayment,
    listPurchases,
    getPurchase,
    getReceipt,
    fulfillPurchase,
    refundPurchase,
    getAutoTopup,
    getUserAutoTopup,
    putAutoTopup,
    putUserAutoTopup,
    resumeAutoTopup,
    setUpAutoTopup,
    setUpUserAutoTopup,
  ],
  createDependencies,
  lambdaRuntime({ env: process.env, now: () => new Date() }),
);
