import * as z from 'zod';
import { creditCount, currency, minorUnits } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { timestamp } from '#lib/contract/fields';
import { userId } from '#lib/contract/ids';

/** From the least to the most: going up is an upgrade. Who has subscribed to nothing is FREE. */
export const TIERS = ['FREE', 'PRO', 'PREMIUM'] as const;

/** INCOMPLETE: the first invoice is not paid, and nothing has begun yet. */
export const SUBSCRIPTION_STATUSES = [
  'ACTIVE',
  'TRIALING',
  'PAST_DUE',
  'CANCELED',
  'INCOMPLETE',
] as const;

export const tier = z.enum(TIERS).meta({ id: 'Tier' });

export const pendingChange = z
  .strictObject({ tier, at: timestamp })
  .nullable()
  .meta({ description: 'A downgrade, and when it happens.' });

export const subscription = z
  .strictObject({
    user_id: userId,
    tier: tier.meta({
      description: 'Whose quotas hold now: FREE where the subscribed tier is not paid for.',
    }),
    status: z.enum(SUBSCRIPTION_STATUSES),
    subscribed_tier: tier.nullable().meta({ description: 'Null while nothing is subscribed to.' }),
    price: z
      .strictObject({ currency, amount: minorUnits.nullable() })
      .nullable()
      .meta({ description: 'Of a month; the amount is null where no tier names its price.' }),
    current_period_start: timestamp.nullable(),
    current_period_end: timestamp.nullable(),
    cancel_at_period_end: z.boolean(),
    cancel_reason: z.string().nullable(),
    pending_change: pendingChange,
    past_due_since: timestamp.nullable(),
    grace_ends_at: timestamp.nullable().meta({
      description: 'Where a payment has failed: when the quotas fall, or fell, to those of FREE.',
    }),
    ended_at: timestamp.nullable(),
    plan_credits: z
      .array(
        z.strictObject({
          credit_type: creditType,
          granted: creditCount,
          remaining: creditCount,
          expires_at: timestamp,
        }),
      )
      .meta({ description: 'What the running period has given, and what of it is left.' }),
  })
  .meta({ id: 'Subscription' });
