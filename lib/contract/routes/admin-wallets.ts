import * as z from 'zod';
import { CREDITS_MAX, wholeNumber } from '#lib/contract/amounts';
import { creditType, creditTypeOrDefault } from '#lib/contract/credit-types';
import { description, instant, metadata, reference } from '#lib/contract/fields';
import { userId } from '#lib/contract/ids';
import { route } from '#lib/contract/route';
import { grantCategory, movement, transaction } from '#lib/contract/wire';

const frozen = z
  .strictObject({
    user_id: userId,
    frozen: z.boolean(),
    transactions: z.array(transaction).meta({ description: 'One for each wallet that changed.' }),
  })
  .meta({ id: 'Freeze' });
const freezeBody = z.strictObject({
  credit_type: creditType
    .optional()
    .meta({ description: 'All of the account, credits yet to come included, if left out.' }),
  reason: description,
});

/** What admins do to single wallets; each act stands in the audit with its reason. */
export const adminWalletRoutes = {
  adjustCredits: route({
    name: 'adjustCredits',
    method: 'POST',
    path: '/admin/credits/adjust',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.adjust' },
    summary: 'Adds credits to a user, or takes some away, with a reason',
    body: z
      .strictObject({
        user_id: userId,
        amount: wholeNumber({ min: -CREDITS_MAX, max: CREDITS_MAX })
          .refine((amount) => amount !== 0, 'must not be 0')
          .meta({ description: 'Negative takes away, never below what is available.' }),
        credit_type: creditTypeOrDefault,
        reason: description,
        category: grantCategory.optional(),
        priority: wholeNumber({ min: 0, max: 100 }).optional(),
        expires_at: instant.optional(),
        reference: reference.optional(),
        metadata: metadata.optional(),
      })
      .refine(
        ({ amount, category, priority, expires_at: expiresAt }) =>
          amount > 0 || (category ?? priority ?? expiresAt) === undefined,
        'category, priority and expires_at are for credits that are added',
      ),
    idempotent: true,
    answers: { 201: movement },
    errors: [
      'NOT_FOUND',
      'INSUFFICIENT_CREDITS',
      'ALREADY_EXPIRED',
      'BALANCE_LIMIT_EXCEEDED',
      'TOO_MANY_GRANTS',
      'CONTENTION',
    ],
  }),
  freezeUser: route({
    name: 'freezeUser',
    method: 'POST',
    path: '/admin/credits/user/{userId}/freeze',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.adjust' },
    summary: 'Refuses every outflow of a wallet or of all of them; inflows are still taken',
    params: z.strictObject({ userId }),
    body: freezeBody,
    idempotent: true,
    answers: { 201: frozen },
    errors: ['NOT_FOUND', 'ALREADY_FROZEN', 'CONTENTION'],
  }),
  unfreezeUser: route({
    name: 'unfreezeUser',
    method: 'POST',
    path: '/admin/credits/user/{userId}/unfreeze',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.adjust' },
    summary: 'Lets credits leave again',
    params: z.strictObject({ userId }),
    body: freezeBody,
    idempotent: true,
    answers: { 201: frozen },
    errors: ['NOT_FOUND', 'NOT_FROZEN', 'CONTENTION'],
  }),
};
