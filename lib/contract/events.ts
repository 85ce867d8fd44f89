import * as z from 'zod';
import { creditCount, currency, minorUnits } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { timestamp } from '#lib/contract/fields';
import { idOf, userId } from '#lib/contract/ids';
import { pendingChange, SUBSCRIPTION_STATUSES, tier } from '#lib/contract/subscriptions';
import { purchase, purchaseStatus, topUpReason, transaction } from '#lib/contract/wire';

/**
 * What the event bus tells (DESIGN 7): each name with the schema of its `detail`. Consumers read `schema_version` before
 * anything else: a version may get more fields, never other ones.
 *
 * Events come at least once and in any order. The entries of a wallet are numbered without gaps: a consumer that has
 * seen 7 and then 9 knows that 8 is still to come, or has to be fetched.
 */

const versioned = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject({ schema_version: z.literal(1), ...shape });

const purchaseChanged = versioned({
  purchase,
  previous_status: purchaseStatus.nullable().meta({ description: 'Null where it has just begun.' }),
});

const holdChanged = versioned({
  hold_id: z.string(),
  user_id: userId,
  credit_type: creditType,
  amount: creditCount.meta({ description: 'Credits that were set aside, or that are free again.' }),
  expires_at: timestamp,
  transaction_id: idOf('transaction'),
  seq: z.int().min(1),
});

const balanceCrossed = versioned({
  user_id: userId,
  credit_type: creditType,
  available: creditCount,
  threshold: creditCount,
  seq: creditCount.meta({ description: 'The transaction that crossed it.' }),
});

const topUpPurchase = {
  user_id: userId,
  credit_type: creditType,
  purchase_id: idOf('purchase'),
};
const topUpStopped = versioned(topUpPurchase);

const ofSubscription = {
  user_id: userId,
  subscription_id: z.string().meta({ description: 'The provider’s.' }),
  tier: tier.meta({ description: 'Subscribed to; which quotas hold is told by the API.' }),
  status: z.enum(SUBSCRIPTION_STATUSES),
};
const subscriptionChanged = versioned({
  ...ofSubscription,
  previous_tier: tier.nullable().meta({ description: 'Null where it has just begun.' }),
  current_period_start: timestamp,
  current_period_end: timestamp,
  cancel_at_period_end: z.boolean(),
  cancel_reason: z.string().nullable(),
  pending_change: pendingChange,
  past_due_since: timestamp.nullable(),
  ended_at: timestamp.nullable(),
});

export const eventSchemas = {
  'credits.entry.created': versioned({ transaction }),
  'credits.purchase.paid': purchaseChanged,
  'credits.purchase.restored': purchaseChanged,
  'credits.purchase.failed': purchaseChanged,
  'credits.purchase.expired': purchaseChanged,
  'credits.purchase.partially_refunded': purchaseChanged,
  'credits.purchase.refunded': purchaseChanged,
  'credits.purchase.disputed': purchaseChanged,
  'credits.hold.placed': holdChanged,
  'credits.hold.captured': holdChanged,
  'credits.hold.released': holdChanged,
  'credits.hold.expired': holdChanged,
  'credits.balance.low': balanceCrossed,
  'credits.balance.recovered': balanceCrossed,
  'credits.grant.expiring': versioned({
    user_id: userId,
    credit_type: creditType,
    grant_id: z.string(),
    amount: creditCount,
    expires_at: timestamp,
  }),
  'credits.topup.started': versioned({
    ...topUpPurchase,
    credits: z.int().min(1),
    amount: minorUnits,
    currency,
  }),
  'credits.topup.succeeded': versioned(topUpPurchase),
  'credits.topup.failed': versioned({
    ...topUpPurchase,
    reason: topUpReason,
    declines: creditCount.meta({ description: 'In a row; the third suspends.' }),
  }),
  'credits.topup.refused': versioned({
    user_id: userId,
    credit_type: creditType,
    reason: topUpReason,
    until: timestamp.meta({ description: 'Nothing is tried before.' }),
  }),
  'credits.topup.suspended': topUpStopped,
  'credits.topup.action_required': topUpStopped,
  'credits.subscription.started': subscriptionChanged,
  'credits.subscription.renewed': subscriptionChanged,
  'credits.subscription.changed': subscriptionChanged,
  'credits.subscription.change_scheduled': subscriptionChanged,
  'credits.subscription.ending': subscriptionChanged,
  'credits.subscription.resumed': subscriptionChanged,
  'credits.subscription.past_due': subscriptionChanged,
  'credits.subscription.recovered': subscriptionChanged,
  'credits.subscription.ended': subscriptionChanged,
  'credits.subscription.payment_failed': versioned({
    ...ofSubscription,
    invoice_id: z.string().meta({ description: 'The provider’s.' }),
    amount: minorUnits,
    currency,
    next_attempt_at: timestamp.nullable().meta({ description: 'Null where none follows.' }),
  }),
} as const;

export type EventName = keyof typeof eventSchemas;
