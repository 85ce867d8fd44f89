import * as z from 'zod';
import { credits, currency } from '#lib/contract/amounts';
import { creditType, DEFAULT_CREDIT_TYPE } from '#lib/contract/credit-types';
import { pageUrl } from '#lib/contract/fields';
import { keyPart, providerId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';
import {
  checkout,
  checkoutStatus,
  initiatedPurchase,
  packageList,
  purchase,
  purchaseList,
  verifiedPayment,
} from '#lib/contract/wire';

const reads = { kind: 'user', permission: 'credits.read' } as const;
// An id that cannot be one of ours is a purchase that is not there: 404, and only harmful letters are a 400.
const ofPurchase = z.strictObject({ id: keyPart });

/** Why a user may not begin a purchase (settings `purchase_credits_*`, `purchases_*`). */
const limited = [
  'PURCHASE_TOO_SMALL',
  'PURCHASE_TOO_LARGE',
  'TOO_MANY_PURCHASES_TODAY',
  'TOO_MANY_PENDING_PURCHASES',
] as const;

/** Any text: whatever is no signature is refused as a wrong one. */
const signature = z.string().regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 printable characters');

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
    limit: rateLimits.purchase,
    answers: { 201: checkout },
    errors: [
      'NOT_FOUND',
      'PACKAGE_NOT_AVAILABLE',
      'CURRENCY_NOT_AVAILABLE',
      'URL_NOT_ALLOWED',
      ...limited,
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
  initiatePurchase: route({
    name: 'initiatePurchase',
    method: 'POST',
    path: '/credits/initiate-purchase',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.purchase' },
    summary: 'Opens a Razorpay order for a package, or for any number of credits',
    body: z
      .strictObject({
        package_id: keyPart.optional(),
        credits: credits.optional(),
        credit_type: creditType
          .optional()
          .meta({ description: `Beside credits; ${DEFAULT_CREDIT_TYPE} if left out.` }),
        currency: currency.default('INR'),
      })
      .refine(
        (body) => (body.package_id === undefined) !== (body.credits === undefined),
        'must name either package_id or credits',
      )
      .refine(
        (body) => body.package_id === undefined || body.credit_type === undefined,
        'a package has its own credit_type',
      ),
    idempotent: true,
    limit: rateLimits.purchase,
    answers: { 201: initiatedPurchase },
    errors: [
      'NOT_FOUND',
      'PACKAGE_NOT_AVAILABLE',
      'CURRENCY_NOT_AVAILABLE',
      ...limited,
      'PAYMENT_PROVIDER_FAILED',
      'PAYMENT_PROVIDER_UNAVAILABLE',
      'CONTENTION',
    ],
  }),
  verifyPayment: route({
    name: 'verifyPayment',
    method: 'POST',
    path: '/credits/verify-payment',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.purchase' },
    summary: 'Credits a Razorpay payment by what its page handed to the app',
    body: z.strictObject({
      razorpay_payment_id: providerId,
      razorpay_order_id: providerId,
      razorpay_signature: signature,
    }),
    idempotent: true,
    limit: rateLimits.verify,
    answers: { 200: verifiedPayment },
    errors: [
      'NOT_FOUND',
      'PAYMENT_SIGNATURE_INVALID',
      'PAYMENT_NOT_CAPTURED',
      'PAYMENT_ORDER_MISMATCH',
      'PAYMENT_AMOUNT_MISMATCH',
      'PAYMENT_CURRENCY_MISMATCH',
      'PURCHASE_PAID_ALREADY',
      'PAYMENT_NOT_CREDITED',
      'PAYMENT_PROVIDER_FAILED',
      'PAYMENT_PROVIDER_UNAVAILABLE',
      'CONTENTION',
    ],
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
