import * as z from 'zod';
import { userId } from '#lib/contract/ids';
import { route } from '#lib/contract/route';
import { userView } from '#lib/contract/user-view';

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
};
