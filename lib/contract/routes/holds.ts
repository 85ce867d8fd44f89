import * as z from 'zod';
import { credits, wholeNumber } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { description, instant, metadata, reference } from '#lib/contract/fields';
import { HOLD_SECONDS_MAX } from '#lib/contract/holds';
import { idOf, userId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';
import { holdList, holdMovement } from '#lib/contract/wire';

const ofUser = z.strictObject({ userId });
const ofHold = z.strictObject({ userId, hold_id: idOf('hold') });
const reads = { kind: 'service', scope: 'credits/read', ownUser: 'credits.read' } as const;
const writes = { kind: 'service', scope: 'credits/write' } as const;

/** Credits that are set aside before a job and captured at what it really cost (DESIGN 5). */
export const holdRoutes = {
  placeHold: route({
    name: 'placeHold',
    method: 'POST',
    path: '/api/credits/{userId}/holds',
    function: 'service',
    access: writes,
    summary: 'Sets credits aside until they are captured or released, or the hold expires',
    params: ofUser,
    body: z
      .strictObject({
        amount: credits,
        description,
        credit_type: creditTypeOrDefault,
        expires_in: wholeNumber({ min: 1, max: HOLD_SECONDS_MAX })
          .optional()
          .meta({ description: 'Seconds; the setting `hold_seconds_default` when absent.' }),
        expires_at: instant.optional(),
        reference: reference.optional(),
        metadata: metadata.optional(),
      })
      .refine((body) => body.expires_in === undefined || body.expires_at === undefined, {
        path: ['expires_at'],
        error: 'cannot be combined with expires_in',
      }),
    idempotent: true,
    answers: { 201: holdMovement },
    errors: [
      'INSUFFICIENT_CREDITS',
      'SPENDING_CAP',
      'WALLET_FROZEN',
      'TOO_MANY_HOLDS',
      'HOLD_TOO_LONG',
      'ALREADY_EXPIRED',
      'CONTENTION',
    ],
  }),
  captureHold: route({
    name: 'captureHold',
    method: 'POST',
    path: '/api/credits/{userId}/holds/{hold_id}/capture',
    function: 'service',
    access: writes,
    summary: 'Spends what was set aside: all of it, less, or more up to what is available',
    params: ofHold,
    body: z.strictObject({
      amount: credits.optional().meta({ description: 'All that is held when absent.' }),
    }),
    idempotent: true,
    answers: { 201: holdMovement },
    errors: [
      'NOT_FOUND',
      'INSUFFICIENT_CREDITS',
      'SPENDING_CAP',
      'WALLET_FROZEN',
      'HOLD_ALREADY_CAPTURED',
      'HOLD_ALREADY_RELEASED',
      'HOLD_EXPIRED',
      'CONTENTION',
    ],
  }),
  releaseHold: route({
    name: 'releaseHold',
    method: 'POST',
    path: '/api/credits/{userId}/holds/{hold_id}/release',
    function: 'service',
    access: writes,
    summary: 'Sets what was set aside free again',
    params: ofHold,
    idempotent: true,
    answers: { 201: holdMovement },
    errors: [
      'NOT_FOUND',
      'HOLD_ALREADY_CAPTURED',
      'HOLD_ALREADY_RELEASED',
      'HOLD_EXPIRED',
      'CONTENTION',
    ],
  }),
  listHolds: route({
    name: 'listHolds',
    method: 'GET',
    path: '/api/credits/{userId}/holds',
    function: 'service',
    access: reads,
    summary: 'Holds of a user, newest first: all of them, or the open ones',
    params: ofUser,
    query: z.strictObject({
      credit_type: creditTypeOrDefault,
      state: z.literal('open').optional(),
      ...listQuery.shape,
    }),
    answers: { 200: holdList },
    errors: ['INVALID_CURSOR'],
  }),
};
