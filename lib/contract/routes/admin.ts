import * as z from 'zod';
import { userId } from '#lib/contract/ids';
import { pageQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import { eventList, paymentProvider, verification } from '#lib/contract/wire';

/** What admins do: a token of the admin client, and a group that has the permission. */
export const adminRoutes = {
  verifyUser: route({
    name: 'verifyUser',
    method: 'GET',
    path: '/admin/credits/verify/{userId}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'Proves the wallets of a user from their entries',
    params: z.strictObject({ userId }),
    answers: { 200: verification },
    errors: [],
  }),
  listEvents: route({
    name: 'listEvents',
    method: 'GET',
    path: '/admin/credits/events',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'Quarantined provider events',
    query: z.strictObject({ provider: paymentProvider.optional(), ...pageQuery }),
    answers: { 200: eventList },
    errors: ['INVALID_CURSOR'],
  }),
};
