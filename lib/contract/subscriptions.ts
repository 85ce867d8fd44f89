import * as z from 'zod';
import { creditCount, currency, minorUnits } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { timestamp } from '#lib/contract/fields';
import { idOf, keyPart, userId } from '#lib/contract/ids';
import { transaction } from '#lib/contract/wire';

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

/** Of a quota; all of them begin and end in UTC, whatever the user's clock says. */
export const QUOTA_PERIODS = ['hour', 'day', 'month'] as const;

/** Uses of one request: what they may cost is bounded beside it. */
export const QUANTITY_MAX = 1_000_000;

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

const quotaPeriod = z.enum(QUOTA_PERIODS);

const quotaFields = {
  period: quotaPeriod,
  limit: creditCount.nullable().meta({ description: 'Uses in a period; null for no limit.' }),
  used: creditCount.meta({ description: 'So far; a use beyond a quota with overage counts too.' }),
  remaining: creditCount.nullable(),
  overage: z.boolean().meta({ description: 'Whether more can be had, at overage_cost each.' }),
  resets_at: timestamp.meta({ description: 'When the period ends and nothing of it is used.' }),
};

export const quotas = z
  .strictObject({
    user_id: userId,
    tier: tier.meta({ description: 'Whose quotas hold now.' }),
    features: z.array(
      z
        .strictObject({
          feature: keyPart,
          credit_type: creditType,
          cost: creditCount.meta({ description: 'Credits of one use within the quotas.' }),
          overage_cost: creditCount.nullable().meta({ description: 'Of one use beyond them.' }),
          ...quotaFields,
          quotas: z.array(z.strictObject(quotaFields)).meta({ description: 'Tightest first.' }),
        })
        .meta({ description: 'Limit, used and remaining are those of the tightest quota.' }),
    ),
  })
  .meta({ id: 'Quotas' });

export const featureUse = z
  .strictObject({
    success: z.literal(true),
    feature: keyPart,
    quantity: z.int().min(1),
    credits_used: creditCount.meta({ description: '0 where the tier includes these uses.' }),
    transaction_id: idOf('transaction').nullable(),
    balance: creditCount.nullable().meta({ description: 'Null where no credits have moved.' }),
    transaction: transaction.nullable(),
  })
  .meta({ id: 'FeatureUse' });
