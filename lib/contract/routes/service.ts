import * as z from 'zod';
import { creditCount, credits, wholeNumber } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { description, email, instant, metadata, reference } from '#lib/contract/fields';
import { idOf, keyPart, userId } from '#lib/contract/ids';
import { balanceQuery, historyQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import {
  account,
  grantCategory,
  history,
  movement,
  transaction,
  userBalance,
} from '#lib/contract/wire';

const ofUser = z.strictObject({ userId });
const reads = { kind: 'service', scope: 'credits/read', ownUser: 'credits.read' } as const;
const writes = { kind: 'service', scope: 'credits/write' } as const;

/** What the app's own backend does for any user, with its machine token. */
export const serviceRoutes = {
  createAccount: route({
    name: 'createAccount',
    method: 'POST',
    path: '/api/accounts',
    function: 'service',
    access: writes,
    summary: 'Registers a user that does not come through Cognito, with the signup bonus',
    body: z.strictObject({ user_id: userId, email: email.optional() }),
    idempotent: true,
    answers: {
      201: z.strictObject({
        success: z.literal(true),
        account,
        balance: creditCount,
        transaction_id: idOf('transaction').nullable(),
        transaction: transaction.nullable(),
      }),
    },
    errors: ['ACCOUNT_EXISTS', 'CONTENTION'],
  }),
  getUserBalance: route({
    name: 'getUserBalance',
    method: 'GET',
    path: '/api/credits/{userId}/balance',
    function: 'service',
    access: reads,
    summary: 'Balance of a user',
    params: ofUser,
    query: balanceQuery,
    conditional: true,
    answers: { 200: userBalance },
    errors: ['CONTENTION'],
  }),
  listUserHistory: route({
    name: 'listUserHistory',
    method: 'GET',
    path: '/api/credits/{userId}/history',
    function: 'service',
    access: reads,
    summary: 'Transactions of a user, newest first',
    params: ofUser,
    query: historyQuery,
    answers: { 200: history },
    errors: ['INVALID_CURSOR'],
  }),
  addCredits: route({
    name: 'addCredits',
    method: 'POST',
    path: '/api/credits/{userId}/add',
    function: 'service',
    access: writes,
    summary: 'Grants credits',
    params: ofUser,
    body: z.strictObject({
      amount: credits,
      description,
      credit_type: creditTypeOrDefault,
      category: grantCategory.default('promotional'),
      priority: wholeNumber({ min: 0, max: 100 }).default(50),
      expires_at: instant.optional(),
      reference: reference.optional(),
      metadata: metadata.optional(),
    }),
    idempotent: true,
    answers: { 201: movement },
    errors: ['ALREADY_EXPIRED', 'BALANCE_LIMIT_EXCEEDED', 'TOO_MANY_GRANTS', 'CONTENTION'],
  }),
  deductCredits: route({
    name: 'deductCredits',
    method: 'POST',
    path: '/api/credits/{userId}/deduct',
    function: 'service',
    access: writes,
    summary:
      'Spends credits; with a feature, one use of it counts on its quotas in the same transaction, and the amount stays what the request says',
    params: ofUser,
    body: z.strictObject({
      amount: credits,
      description,
      credit_type: creditTypeOrDefault,
      reference: reference.optional(),
      metadata: metadata.optional(),
      feature: keyPart.optional().meta({
        description:
          'One use of it counts on the quotas of the tier in force, or the spend is refused. The cost of the tier does not matter: `amount` is spent from `credit_type`, beyond a quota with overage too.',
      }),
    }),
    idempotent: true,
    answers: { 201: movement },
    errors: [
      'QUOTA_EXCEEDED',
      'FEATURE_NOT_AVAILABLE',
      'INSUFFICIENT_CREDITS',
      'WALLET_FROZEN',
      'SPENDING_CAP',
      'CONTENTION',
    ],
  }),
  refundCredits: route({
    name: 'refundCredits',
    method: 'POST',
    path: '/api/credits/{userId}/refund',
    function: 'service',
    access: writes,
    summary: 'Gives back what a spend took, in whole or in part',
    params: ofUser,
    body: z.strictObject({ transaction_id: keyPart, amount: credits.optional() }),
    idempotent: true,
    answers: { 201: movement },
    errors: [
      'NOT_FOUND',
      'ALREADY_REFUNDED',
      'NOT_REFUNDABLE',
      'REFUND_EXCEEDS_SPEND',
      'BALANCE_LIMIT_EXCEEDED',
      'TOO_MANY_GRANTS',
      'CONTENTION',
    ],
  }),
};
