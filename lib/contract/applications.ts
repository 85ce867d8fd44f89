import * as z from 'zod';
import { creditCount } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { metadata, timestamp } from '#lib/contract/fields';
import { idOf, keyPart, userId } from '#lib/contract/ids';
import { job } from '#lib/contract/jobs';
import { movement, pagination, transaction } from '#lib/contract/wire';

/** Applications to projects, as the API shows them. */

export const application = z
  .strictObject({
    application_id: idOf('application'),
    project_id: keyPart,
    user_id: userId,
    status: z.enum(['applied', 'withdrawn', 'cancelled']),
    credits: creditCount.meta({ description: 'What it cost.' }),
    credit_type: creditType,
    transaction_id: idOf('transaction').meta({ description: 'The spend.' }),
    metadata,
    applied_at: timestamp,
    closed_at: timestamp.nullable(),
    credits_refunded: creditCount,
    refund_transaction_id: idOf('transaction').nullable(),
  })
  .meta({ id: 'Application', description: 'A paid application to a project, once per user.' });

export const applicationList = z.strictObject({ applications: z.array(application), pagination });

export const applied = movement
  .extend({ application_id: idOf('application'), credits_balance: creditCount, application })
  .meta({ id: 'Applied' });

export const refundEligibility = z
  .strictObject({
    application_id: idOf('application'),
    eligible: z.boolean(),
    reason: z.string().nullable().meta({ description: 'Why not, to be shown; null if eligible.' }),
    credits: creditCount.meta({ description: 'What withdrawing now would give back.' }),
    refundable_until: timestamp.meta({ description: 'Exclusive: 24 hours after applying.' }),
  })
  .meta({ id: 'RefundEligibility' });

export const withdrawal = z
  .strictObject({
    success: z.literal(true),
    application,
    refunded: z.boolean(),
    credits_refunded: creditCount,
    reason: z.string().nullable().meta({ description: 'Why nothing came back.' }),
    transaction: transaction.nullable().meta({ description: 'The refund.' }),
  })
  .meta({ id: 'Withdrawal' });

export const cancelledProject = z
  .strictObject({
    success: z.literal(true),
    project_id: keyPart,
    cancelled_at: timestamp,
    cancelled_by: z.string(),
    reason: z.string().nullable(),
    job,
  })
  .meta({ id: 'CancelledProject' });

export const refundList = z.strictObject({
  refunds: z.array(transaction),
  pagination,
  as_of_seq: creditCount,
});
