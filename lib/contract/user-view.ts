import * as z from 'zod';
import { application } from '#lib/contract/applications';
import { AUDIT_OUTCOMES } from '#lib/contract/audit';
import { creditCount } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { timestamp } from '#lib/contract/fields';
import { idOf, userId } from '#lib/contract/ids';
import {
  account,
  balance,
  hold,
  purchase,
  topUp,
  transaction,
  verification,
} from '#lib/contract/wire';

/** Everything about one user on one page, for whoever answers their questions. */

const email = z.strictObject({
  kind: z.string(),
  subject_id: z.string().meta({ description: 'What it was about, such as a purchase.' }),
  state: z.enum(['sending', 'waiting', 'sent', 'rejected', 'skipped', 'unconfirmed']),
  attempts: creditCount,
  reason: z.string().nullable().meta({ description: 'Why it was not sent, where it was not.' }),
  message_id: z.string().nullable().meta({ description: 'Of Amazon SES.' }),
  updated_at: timestamp,
});

/** Less than `GET /admin/credits/audit` shows: where admins sit is nothing that support needs. */
const act = z.strictObject({
  audit_id: z.string(),
  created_at: timestamp,
  actor: z.string(),
  action: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES),
  code: z.string().nullable(),
  reason: z.string().nullable(),
});

const redemption = z.strictObject({
  code: z.string(),
  credits: creditCount,
  credit_type: creditType,
  transaction_id: idOf('transaction'),
  redeemed_at: timestamp,
});

const subscription = z.strictObject({
  tier: z.string(),
  status: z.string(),
  subscription_id: z.string().nullable().meta({ description: 'The provider’s.' }),
  current_period_start: timestamp,
  current_period_end: timestamp,
  cancel_at_period_end: z.boolean(),
  pending_tier: z.string().nullable(),
  past_due_since: timestamp.nullable(),
  ended_at: timestamp.nullable(),
});

export const userView = z
  .strictObject({
    user_id: userId,
    account: account.nullable().meta({ description: 'Null where only credits were given so far.' }),
    wallets: z.array(balance).meta({ description: 'With their open grants, in burn order.' }),
    open_holds: z.array(hold),
    transactions: z.array(transaction).meta({ description: 'The latest of all credit types.' }),
    purchases: z.array(purchase).meta({ description: 'The latest, newest first.' }),
    purchases_total: creditCount,
    applications: z.array(application).meta({ description: 'The latest, newest first.' }),
    applications_total: creditCount,
    redemptions: z.array(redemption).meta({ description: 'The latest promotional codes.' }),
    subscription: subscription.nullable(),
    auto_topups: z.array(topUp).meta({ description: 'Of wallets that have ever had one.' }),
    emails: z.array(email).meta({ description: 'The latest, newest first.' }),
    emails_complete: z.boolean().meta({
      description: 'False where there are too many to look at all of them.',
    }),
    audit: z.array(act).meta({ description: 'The latest acts of admins on this user.' }),
    verification: z.strictObject({
      entries: creditCount.meta({ description: 'How many a proof has to read.' }),
      result: verification.nullable().meta({
        description:
          'Null where there are more than 2,000: `GET /admin/credits/verify/{userId}` proves them.',
      }),
    }),
  })
  .meta({ id: 'UserView', description: 'Everything about one user, each list bounded.' });
