import * as z from 'zod';
import {
  newPromoCode,
  promoCode,
  promoCodeChange,
  promoCodeList,
  promoCodeText,
  redemptionList,
} from '#lib/contract/promo';
import { listQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';

const reads = { kind: 'admin', permission: 'admin.read' } as const;
const configures = { kind: 'admin', permission: 'admin.configure' } as const;
const ofCode = z.strictObject({ code: promoCodeText });

/** Promotional codes, for those who run the app. */
export const adminPromoRoutes = {
  listPromoCodes: route({
    name: 'listPromoCodes',
    method: 'GET',
    path: '/admin/credits/promo-codes',
    function: 'admin',
    access: reads,
    summary: 'Promotional codes, newest first',
    query: listQuery,
    answers: { 200: promoCodeList },
    errors: ['INVALID_CURSOR'],
  }),
  createPromoCode: route({
    name: 'createPromoCode',
    method: 'POST',
    path: '/admin/credits/promo-codes',
    function: 'admin',
    access: configures,
    summary: 'Makes a promotional code',
    body: newPromoCode,
    idempotent: true,
    answers: { 201: promoCode },
    errors: ['PROMO_CODE_EXISTS', 'CONTENTION'],
  }),
  changePromoCode: route({
    name: 'changePromoCode',
    method: 'PATCH',
    path: '/admin/credits/promo-codes/{code}',
    function: 'admin',
    access: configures,
    summary: 'Changes a promotional code, or switches it off; null takes a bound away',
    params: ofCode,
    body: promoCodeChange,
    answers: { 200: promoCode },
    errors: ['NOT_FOUND', 'CONTENTION'],
  }),
  listRedemptions: route({
    name: 'listRedemptions',
    method: 'GET',
    path: '/admin/credits/promo-codes/{code}/redemptions',
    function: 'admin',
    access: reads,
    summary: 'Who has redeemed a code, newest first',
    params: ofCode,
    query: listQuery,
    answers: { 200: redemptionList },
    errors: ['NOT_FOUND', 'INVALID_CURSOR'],
  }),
};
