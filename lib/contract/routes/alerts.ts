import * as z from 'zod';
import { CREDITS_MAX } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { userId } from '#lib/contract/ids';
import { route } from '#lib/contract/route';
import { alerts } from '#lib/contract/wire';

const ofWallet = z.strictObject({ credit_type: creditTypeOrDefault });
const newThreshold = z.strictObject({
  credit_type: creditTypeOrDefault,
  threshold: z
    .int()
    .min(0)
    .max(CREDITS_MAX)
    .nullable()
    .meta({ description: '0 for no alerts; null for what the operator has set.' }),
});

/** From when on users hear that a balance is low: their own wallets. */
export const ownAlertRoutes = {
  getAlerts: route({
    name: 'getAlerts',
    method: 'GET',
    path: '/credits/alerts',
    function: 'wallet',
    access: { kind: 'user', permission: 'credits.read' },
    summary: 'When a low balance is told',
    query: ofWallet,
    answers: { 200: alerts },
    errors: [],
  }),
  putAlerts: route({
    name: 'putAlerts',
    method: 'PUT',
    path: '/credits/alerts',
    function: 'wallet',
    access: { kind: 'user', permission: 'credits.spend' },
    summary: 'Sets below how many available credits a low balance is told',
    body: newThreshold,
    idempotent: true,
    answers: { 200: alerts },
    errors: ['CONTENTION'],
  }),
};

/** The same, by the app's backend for any user. */
export const userAlertRoutes = {
  getUserAlerts: route({
    name: 'getUserAlerts',
    method: 'GET',
    path: '/api/credits/{userId}/alerts',
    function: 'service',
    access: { kind: 'service', scope: 'credits/read', ownUser: 'credits.read' },
    summary: 'When a low balance of a user is told',
    params: z.strictObject({ userId }),
    query: ofWallet,
    answers: { 200: alerts },
    errors: [],
  }),
  putUserAlerts: route({
    name: 'putUserAlerts',
    method: 'PUT',
    path: '/api/credits/{userId}/alerts',
    function: 'service',
    access: { kind: 'service', scope: 'credits/write' },
    summary: 'Sets below how many available credits a low balance of a user is told',
    params: z.strictObject({ userId }),
    body: newThreshold,
    idempotent: true,
    answers: { 200: alerts },
    errors: ['CONTENTION'],
  }),
};
