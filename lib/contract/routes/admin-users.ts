import * as z from 'zod';
import { userId } from '#lib/contract/ids';
import { balanceQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import { userView } from '#lib/contract/user-view';
import { userBalance } from '#lib/contract/wire';

const view = {
  method: 'GET',
  function: 'admin',
  access: { kind: 'admin', permission: 'admin.read' },
  params: z.strictObject({ userId }),
  answers: { 200: userView },
  errors: ['NOT_FOUND'],
} as const;

/** What support sees of a user. */
export const adminUserRoutes = {
  getUser: route({
    ...view,
    name: 'getUser',
    path: '/admin/credits/user/{userId}',
    summary: 'Everything about one user: wallets, purchases, mails, acts of admins, and the proof',
  }),
  getUserShort: route({
    ...view,
    name: 'getUserShort',
    path: '/admin/credits/{userId}',
    summary: 'The same, but for users who are called as another route is, such as "audit"',
  }),
  lookUpBalance: route({
    name: 'lookUpBalance',
    method: 'GET',
    path: '/admin/credits/user/{userId}/balance',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.read' },
    summary: 'Balance of one user, now or at a past instant',
    params: z.strictObject({ userId }),
    query: balanceQuery,
    conditional: true,
    answers: { 200: userBalance },
    errors: ['CONTENTION'],
  }),
};
