import * as z from 'zod';
import { CREDITS_MAX } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { periodEnd, periodStart, queryInteger } from '#lib/contract/fields';
import { balanceQuery, historyQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import { balance, history, sufficiency, usage } from '#lib/contract/wire';

const ofOwnCredits = { kind: 'user', permission: 'credits.read' } as const;

/** What users ask about their own wallets: always those of the token's `sub`. */
export const walletRoutes = {
  getBalance: route({
    name: 'getBalance',
    method: 'GET',
    path: '/credits/balance',
    function: 'wallet',
    access: ofOwnCredits,
    summary: 'Balance of one credit type',
    query: balanceQuery,
    conditional: true,
    answers: { 200: balance },
    errors: ['CONTENTION'],
  }),
  listBalances: route({
    name: 'listBalances',
    method: 'GET',
    path: '/credits/balances',
    function: 'wallet',
    access: ofOwnCredits,
    summary: 'Balances of all credit types',
    conditional: true,
    answers: { 200: z.strictObject({ balances: z.array(balance) }) },
    errors: [],
  }),
  checkCredits: route({
    name: 'checkCredits',
    method: 'GET',
    path: '/credits/check',
    function: 'wallet',
    access: ofOwnCredits,
    summary: 'Whether the available credits cover an amount',
    query: z.strictObject({
      credit_type: creditTypeOrDefault,
      required: queryInteger({ min: 1, max: CREDITS_MAX }),
    }),
    answers: { 200: sufficiency },
    errors: [],
  }),
  listHistory: route({
    name: 'listHistory',
    method: 'GET',
    path: '/credits/history',
    function: 'wallet',
    access: ofOwnCredits,
    summary: 'Transactions, newest first',
    query: historyQuery,
    answers: { 200: history },
    errors: ['INVALID_CURSOR'],
  }),
  getUsage: route({
    name: 'getUsage',
    method: 'GET',
    path: '/credits/usage',
    function: 'wallet',
    access: ofOwnCredits,
    summary: 'Usage of a period, by day',
    query: z.strictObject({
      credit_type: creditTypeOrDefault,
      from: periodStart.optional(),
      to: periodEnd.optional(),
    }),
    answers: { 200: usage },
    errors: [],
  }),
};
