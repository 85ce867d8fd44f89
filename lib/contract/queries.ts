import * as z from 'zod';
import { creditTypeOrDefault } from '#lib/contract/credit-types';
import { instant, periodEnd, periodStart, queryInteger } from '#lib/contract/fields';
import { transactionType } from '#lib/contract/wire';

export const PAGE_LIMIT_MAX = 100;
export const PAGE_LIMIT_DEFAULT = 20;
const PAGE_MAX = 1_000_000_000;
const CURSOR_LENGTH_MAX = 1024;

/** How every list is paged (DESIGN 5): `page` and `limit`, or the `next_cursor` of the page before. */
export const listQuery = z.strictObject({
  page: queryInteger({ min: 1, max: PAGE_MAX }).optional(),
  limit: queryInteger({ min: 1, max: PAGE_LIMIT_MAX }).optional(),
  cursor: z.string().min(1).max(CURSOR_LENGTH_MAX).optional(),
});

export const balanceQuery = z.strictObject({
  credit_type: creditTypeOrDefault,
  at: instant.optional().meta({ description: 'The balance at this past instant.' }),
});

export const historyQuery = z.strictObject({
  credit_type: creditTypeOrDefault,
  type: transactionType.optional(),
  from: periodStart.optional(),
  to: periodEnd.optional(),
  ...listQuery.shape,
});
