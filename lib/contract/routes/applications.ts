import * as z from 'zod';
import {
  application,
  applicationList,
  applied,
  refundEligibility,
  refundList,
  withdrawal,
} from '#lib/contract/applications';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { metadata } from '#lib/contract/fields';
import { keyPart } from '#lib/contract/ids';
import { promoCodeText, redeemed } from '#lib/contract/promo';
import { listQuery } from '#lib/contract/queries';
import { rateLimits } from '#lib/contract/rate-limits';
import { route } from '#lib/contract/route';

const reads = { kind: 'user', permission: 'credits.read' } as const;
const spends = { kind: 'user', permission: 'credits.spend' } as const;
// An id that cannot be one of ours is an application that is not there: 404, and only harmful letters are a 400.
const ofApplication = z.strictObject({ id: keyPart });

/** What users get for a code and pay for a project. */
export const applicationRoutes = {
  redeemCode: route({
    name: 'redeemCode',
    method: 'POST',
    path: '/credits/redeem',
    function: 'applications',
    access: { kind: 'user', permission: 'credits.redeem' },
    summary: 'Redeems a promotional code, once per user',
    body: z.strictObject({ code: promoCodeText }),
    idempotent: true,
    limit: rateLimits.redeem,
    answers: { 201: redeemed },
    errors: [
      'PROMO_CODE_INVALID',
      'PROMO_CODE_REDEEMED',
      'TOO_MANY_GRANTS',
      'BALANCE_LIMIT_EXCEEDED',
      'CONTENTION',
    ],
  }),
  applyToProject: route({
    name: 'applyToProject',
    method: 'POST',
    path: '/applied-projects',
    function: 'applications',
    access: spends,
    summary: 'Applies to a project for credits, once per project',
    body: z.strictObject({ project_id: keyPart, metadata: metadata.default({}) }),
    idempotent: true,
    limit: rateLimits.apply,
    answers: { 201: applied },
    errors: [
      'INSUFFICIENT_CREDITS',
      'SPENDING_CAP',
      'WALLET_FROZEN',
      'ALREADY_APPLIED',
      'PROJECT_CANCELLED',
      'CONTENTION',
    ],
  }),
  listApplications: route({
    name: 'listApplications',
    method: 'GET',
    path: '/applied-projects',
    function: 'applications',
    access: reads,
    summary: 'Own applications, newest first',
    query: listQuery,
    answers: { 200: applicationList },
    errors: ['INVALID_CURSOR'],
  }),
  getApplication: route({
    name: 'getApplication',
    method: 'GET',
    path: '/applied-projects/{id}',
    function: 'applications',
    access: reads,
    summary: 'One own application',
    params: ofApplication,
    answers: { 200: application },
    errors: ['NOT_FOUND'],
  }),
  getRefundEligibility: route({
    name: 'getRefundEligibility',
    method: 'GET',
    path: '/credits/refund-eligibility/{application_id}',
    function: 'applications',
    access: reads,
    summary: 'Whether withdrawing an application would give its credits back, and if not, why',
    params: z.strictObject({ application_id: keyPart }),
    answers: { 200: refundEligibility },
    errors: ['NOT_FOUND'],
  }),
  withdrawApplication: route({
    name: 'withdrawApplication',
    method: 'POST',
    path: '/applied-projects/{id}/withdraw',
    function: 'applications',
    access: spends,
    summary: 'Withdraws an application; within 24 hours its credits come back',
    params: ofApplication,
    idempotent: true,
    answers: { 200: withdrawal },
    errors: [
      'NOT_FOUND',
      'APPLICATION_CLOSED',
      'TOO_MANY_GRANTS',
      'BALANCE_LIMIT_EXCEEDED',
      'CONTENTION',
    ],
  }),
  listRefunds: route({
    name: 'listRefunds',
    method: 'GET',
    path: '/credits/refunds',
    function: 'applications',
    access: reads,
    summary: 'Credits that came back, newest first',
    query: z.strictObject({ credit_type: creditTypeOrDefault, ...listQuery.shape }),
    answers: { 200: refundList },
    errors: ['INVALID_CURSOR'],
  }),
};
