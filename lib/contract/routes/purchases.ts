import * as z from 'zod';
import { currency } from '#lib/contract/amounts';
import { pageUrl } from '#lib/contract/fields';
import { keyPart, providerId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import { checkout, checkoutStatus, packageList, purchase, purchaseList } from '#lib/contract/wire';

const reads = { kind: 'user', permission: 'credits.read' } as const;
// An id that cannot be one of ours is a purchase that is not there: 404, and only harmful letters are a 400.
const ofPurchase = z.strictObject({ id: keyPart });

/** Buying credits, and what was bought. */
export const purchaseRoutes = {
  listPackages: route({
    name: 'listPackages',
    method: 'GET',
    path: '/credits/packages',
    function: 'purchases',
    access: { kind: 'public' },
    summary: 'Packages on sale, with prices',
    query: z.strictObject({ currency: currency.optional() }),
    conditional: true,
    answers: { 200: packageList },
    errors: [],
  }),
  createCheckout: route({
    name: 'createCheckout',
    method: 'POST',
    path: '/credits/checkout',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.purchase' },
    summary: 'Opens a Stripe Checkout for a package',
    body: z.strictObject({
      package_id: keyPart,
      success_url: pageUrl,
      cancel_url: pageUrl,
      currency: currency.optional(),
    }),
    idempotent: true,
    answers: { 201: checkout },
    errors: [
      'NOT_FOUND',
      'PACKAGE_NOT_AVAILABLE',
      'CURRENCY_NOT_AVAILABLE',
      'URL_NOT_ALLOWED',
      'RATE_LIMITED',
      'PAYMENT_PROVIDER_FAILED',
      'PAYMENT_PROVIDER_UNAVAILABLE',
      'CONTENTION',
    ],
  }),
  getCheckout: route({
    name: 'getCheckout',
    method: 'GET',
    path: '/credits/checkout/{session_id}',
    function: 'purchases',
    access: reads,
    summary: 'What became of a checkout, for the success page',
    params: z.strictObject({ session_id: providerId }),
    answers: { 200: checkoutStatus },
    errors: ['NOT_FOUND'],
  }),
  listPurchases: route({
    name: 'listPurchases',
    method: 'GET',
    path: '/credits/purchases',
    function: 'purchases',
    access: reads,
    summary: 'Own purchases, newest first',
    query: listQuery,
    answers: { 200: purchaseList },
    errors: ['INVALID_CURSOR'],
  }),
  getPurchase: route({
    name: 'getPurchase',
    method: 'GET',
    path: '/credits/purchases/{id}',
    function: 'purchases',
    access: reads,
    summary: 'One own purchase',
    params: ofPurchase,
    answers: { 200: purchase },
    errors: ['NOT_FOUND'],
  }),
  getReceipt: route({
    name: 'getReceipt',
    method: 'GET',
    path: '/credits/purchases/{id}/receipt',
    function: 'purchases',
    access: reads,
    summary: 'Receipt of a paid purchase, to print',
    params: ofPurchase,
    produces: 'html',
    answers: { 200: z.string() },
    errors: ['NOT_FOUND', 'RECEIPT_NOT_READY'],
  }),
};
