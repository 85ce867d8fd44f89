import * as z from 'zod';
import { credits, currency, MONEY_MAX, wholeNumber } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { pageUrl } from '#lib/contract/fields';
import { keyPart, userId } from '#lib/contract/ids';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';
import { cardSetup, topUp } from '#lib/contract/wire';

const ofUser = z.strictObject({ userId });
const ofWallet = z.strictObject({ credit_type: creditTypeOrDefault });

const wanted = z
  .strictObject({
    credit_type: creditTypeOrDefault,
    enabled: z.boolean().meta({ description: 'False turns it off, and keeps the rest.' }),
    threshold: credits.optional().meta({ description: 'Bought when less is available.' }),
    package_id: keyPart
      .optional()
      .meta({ description: 'Bought as often as it takes to get to the threshold, in one charge.' }),
    target: credits
      .optional()
      .meta({ description: 'In place of a package: filled up to so many credits.' }),
    currency: currency.optional(),
    max_per_month: wholeNumber({ min: 1, max: 1_000 })
      .optional()
      .meta({ description: 'Purchases in a calendar month (UTC).' }),
    max_amount_per_month: wholeNumber({ min: 1, max: MONEY_MAX })
      .optional()
      .meta({ description: 'Money in a calendar month (UTC), in minor units of the currency.' }),
  })
  .refine(
    (body) => body.package_id === undefined || body.target === undefined,
    'must not name both package_id and target',
  );

const setup = z.strictObject({
  credit_type: creditTypeOrDefault,
  success_url: pageUrl,
  cancel_url: pageUrl,
});

const putErrors = ['PACKAGE_NOT_AVAILABLE', 'CURRENCY_NOT_AVAILABLE', 'CONTENTION'] as const;
const setupErrors = [
  'URL_NOT_ALLOWED',
  'PAYMENT_PROVIDER_FAILED',
  'PAYMENT_PROVIDER_UNAVAILABLE',
  'CONTENTION',
] as const;

/** Automatic top-ups of users' own wallets. */
export const ownTopUpRoutes = {
  getAutoTopup: route({
    name: 'getAutoTopup',
    method: 'GET',
    path: '/credits/auto-topup',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.read' },
    summary: 'Whether a wallet is topped up by itself, and what it is doing',
    query: ofWallet,
    answers: { 200: topUp },
    errors: [],
  }),
  putAutoTopup: route({
    name: 'putAutoTopup',
    method: 'PUT',
    path: '/credits/auto-topup',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.purchase' },
    summary: 'Turns the automatic top-up of a wallet on or off, and says what to buy when',
    body: wanted,
    idempotent: true,
    answers: { 200: topUp },
    errors: putErrors,
  }),
  setUpAutoTopup: route({
    name: 'setUpAutoTopup',
    method: 'POST',
    path: '/credits/auto-topup/setup',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.purchase' },
    summary: 'Opens a Stripe page that saves a card for the automatic top-up',
    body: setup,
    idempotent: true,
    limit: rateLimits.purchase,
    answers: { 201: cardSetup },
    errors: setupErrors,
  }),
  resumeAutoTopup: route({
    name: 'resumeAutoTopup',
    method: 'POST',
    path: '/credits/auto-topup/resume',
    function: 'purchases',
    access: { kind: 'user', permission: 'credits.purchase' },
    summary: 'Lets an automatic top-up try again that waits or has stopped',
    body: ofWallet,
    idempotent: true,
    answers: { 200: topUp },
    errors: ['CONTENTION'],
  }),
};

/** The same, by the app's backend for any user; only users themselves resume. */
export const userTopUpRoutes = {
  getUserAutoTopup: route({
    name: 'getUserAutoTopup',
    method: 'GET',
    path: '/api/credits/{userId}/auto-topup',
    function: 'purchases',
    access: { kind: 'service', scope: 'credits/read', ownUser: 'credits.read' },
    summary: 'Whether a user’s wallet is topped up by itself, and what it is doing',
    params: ofUser,
    query: ofWallet,
    answers: { 200: topUp },
    errors: [],
  }),
  putUserAutoTopup: route({
    name: 'putUserAutoTopup',
    method: 'PUT',
    path: '/api/credits/{userId}/auto-topup',
    function: 'purchases',
    access: { kind: 'service', scope: 'credits/write' },
    summary: 'Turns the automatic top-up of a user’s wallet on or off',
    params: ofUser,
    body: wanted,
    idempotent: true,
    answers: { 200: topUp },
    errors: putErrors,
  }),
  setUpUserAutoTopup: route({
    name: 'setUpUserAutoTopup',
    method: 'POST',
    path: '/api/credits/{userId}/auto-topup/setup',
    function: 'purchases',
    access: { kind: 'service', scope: 'credits/write' },
    summary: 'Opens a Stripe page on which a user saves a card for the automatic top-up',
    params: ofUser,
    body: setup,
    idempotent: true,
    answers: { 201: cardSetup },
    errors: setupErrors,
  }),
};
