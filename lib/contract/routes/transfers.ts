import * as z from 'zod';
import { credits } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { description, metadata, reference } from '#lib/contract/fields';
import { userId } from '#lib/contract/ids';
import { route } from '#lib/contract/route';
import { batch, transferMovement } from '#lib/contract/wire';

const ofUser = z.strictObject({ userId });
const writes = { kind: 'service', scope: 'credits/write' } as const;

/** Spends of one batch: with their head, their record and a checkpoint they stay far below what a transaction takes. */
export const BATCH_SPENDS_MAX = 40;

const spend = z.strictObject({
  amount: credits,
  description,
  reference: reference.optional(),
  metadata: metadata.optional(),
  idempotency_key: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters'),
});

/** Moving credits between users, and many spends at once. */
export const transferRoutes = {
  transferCredits: route({
    name: 'transferCredits',
    method: 'POST',
    path: '/api/credits/{userId}/transfer',
    function: 'service',
    access: writes,
    summary: 'Moves credits to another user; they keep category, priority and expiry',
    params: ofUser,
    body: z.strictObject({
      to_user_id: userId,
      amount: credits,
      credit_type: creditTypeOrDefault,
      description: description.default('Transfer'),
    }),
    idempotent: true,
    answers: { 201: transferMovement },
    errors: [
      'NOT_FOUND',
      'SELF_TRANSFER',
      'INSUFFICIENT_CREDITS',
      'WALLET_FROZEN',
      'TRANSFER_LIMIT_EXCEEDED',
      'BALANCE_LIMIT_EXCEEDED',
      'TOO_MANY_GRANTS',
      'CONTENTION',
    ],
  }),
  deductBatch: route({
    name: 'deductBatch',
    method: 'POST',
    path: '/api/credits/{userId}/deduct-batch',
    function: 'service',
    access: writes,
    summary: 'Up to 40 spends of one wallet in one transaction: all of them, or those that fit',
    params: ofUser,
    body: z.strictObject({
      spends: z
        .array(spend)
        .min(1, 'must have at least one spend')
        .max(BATCH_SPENDS_MAX, `must have at most ${BATCH_SPENDS_MAX} spends`)
        .refine(
          (spends) => new Set(spends.map((each) => each.idempotency_key)).size === spends.length,
          'must have a different idempotency_key each',
        ),
      credit_type: creditTypeOrDefault,
      partial: z
        .boolean()
        .default(false)
        .meta({ description: 'Does the spends that fit, in order, and tells of the others.' }),
    }),
    idempotent: true,
    answers: { 201: batch },
    errors: ['INSUFFICIENT_CREDITS', 'WALLET_FROZEN', 'SPENDING_CAP', 'CONTENTION'],
  }),
};
