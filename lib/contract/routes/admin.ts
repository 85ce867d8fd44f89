import * as z from 'zod';
import { providerId, userId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import {
  eventDetails,
  eventList,
  eventReplay,
  paymentProvider,
  verification,
} from '#lib/contract/wire';

const ofEvent = z.strictObject({ id: providerId });
const ofProvider = z.strictObject({ provider: paymentProvider.optional() });
// Two providers could give one id to two events.
const whoseEvent = ofProvider;

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
    query: z.strictObject({ provider: paymentProvider.optional(), ...listQuery.shape }),
    answers: { 200: eventList },
    errors: ['INVALID_CURSOR'],
  }),
  getEvent: route({
    name: 'getEvent',
    method: 'GET',
    path: '/admin/credits/events/{id}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'One quarantined event, with its body',
    params: ofEvent,
    query: whoseEvent,
    answers: { 200: eventDetails },
    errors: ['NOT_FOUND'],
  }),
  replayEvent: route({
    name: 'replayEvent',
    method: 'POST',
    path: '/admin/credits/events/{id}/replay',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.refund' },
    summary: 'Applies a quarantined event again',
    params: ofEvent,
    query: whoseEvent,
    idempotent: true,
    answers: { 200: eventReplay },
    errors: ['NOT_FOUND', 'CONTENTION'],
  }),
};
