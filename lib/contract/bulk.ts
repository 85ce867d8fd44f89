import * as z from 'zod';
import { CREDITS_MAX, wholeNumber } from '#lib/contract/amounts';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { description, instant } from '#lib/contract/fields';
import { userId } from '#lib/contract/ids';
import { grantCategory } from '#lib/contract/wire';

export const BULK_ROWS_MAX = 10_000;
/** The gateway takes 10 MB and Lambda 6 MB, in which every quote and line break counts twice. */
export const BULK_BYTES_MAX = 4 * 1024 * 1024;

/** One row: a correction by hand, with the terms of what it adds. */
export const bulkRow = z
  .strictObject({
    user_id: userId,
    amount: wholeNumber({ min: -CREDITS_MAX, max: CREDITS_MAX }).refine(
      (amount) => amount !== 0,
      'must not be 0',
    ),
    credit_type: creditTypeOrDefault,
    // It will be read in a spreadsheet again.
    reason: description.refine((text) => !/^[=+\-@]/.test(text), 'must not begin like a formula'),
    expires_at: instant.optional(),
    category: grantCategory.optional(),
  })
  .refine(({ amount, expires_at: expiresAt }) => amount > 0 || expiresAt === undefined, {
    path: ['expires_at'],
    message: 'is for credits that are added',
  })
  .refine(({ amount, category }) => amount > 0 || category === undefined, {
    path: ['category'],
    message: 'is for credits that are added',
  })
  .meta({ id: 'BulkRow' });

/** The columns of a CSV file: the names of a row, those that may be left out last. */
export const BULK_COLUMNS = {
  required: ['user_id', 'amount', 'credit_type', 'reason'],
  optional: ['expires_at', 'category'],
} as const;
