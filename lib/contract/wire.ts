import * as z from 'zod';
import { creditChange, creditCount, currency, minorUnits } from '#lib/contract/amounts';
import { CREDIT_TYPES, creditType } from '#lib/contract/credit-types';
import { EVENT_STATUSES } from '#lib/contract/event-statuses';
import { metadata, reference, timestamp } from '#lib/contract/fields';
import { idOf, keyPart, providerId, userId } from '#lib/contract/ids';
import { REPLAY_OUTCOMES } from '#lib/contract/replay-outcomes';
import { TOPUP_REASONS, TOPUP_STATES } from '#lib/contract/topups';

/** The shapes of answers (DESIGN 5). Strict, so that a field that leaks out of a record fails a test. */

export const TRANSACTION_TYPES = [
  'purchase',
  'usage',
  'refund',
  'adjustment',
  'bonus',
  'promo',
  'subscription',
  'transfer_in',
  'transfer_out',
  'expiry',
  'reversal',
  'reinstatement',
  'hold',
  'release',
  'freeze',
  'unfreeze',
] as const;
export const transactionType = z.enum(TRANSACTION_TYPES).meta({ id: 'TransactionType' });

export const GRANT_CATEGORIES = ['promotional', 'plan', 'paid'] as const;
export const grantCategory = z.enum(GRANT_CATEGORIES).meta({ id: 'GrantCategory' });

const draw = z
  .strictObject({
    grant_id: z.string(),
    amount: creditChange,
    held: creditChange,
    category: grantCategory,
    expires_at: timestamp.nullable(),
  })
  .meta({ id: 'Draw', description: 'How much of which grant a transaction used or gave back.' });

export const transaction = z
  .strictObject({
    transaction_id: idOf('transaction'),
    user_id: userId,
    credit_type: creditType,
    seq: z.int().min(1).meta({ description: 'Numbered without gaps within its wallet.' }),
    type: transactionType,
    amount: creditChange.meta({ description: 'Credits, with a sign.' }),
    balance_before: creditCount,
    balance_after: creditCount,
    description: z.string(),
    reference: reference.nullable(),
    metadata,
    draws: z.array(draw),
    actor: z.string().meta({ description: 'Who did it, such as `user:...` or `system:expiry`.' }),
    created_at: timestamp,
  })
  .meta({ id: 'Transaction', description: 'One immutable record of the ledger.' });

export const pagination = z
  .strictObject({
    page: z.int().min(1),
    limit: z.int().min(1),
    total: creditCount.nullable().meta({ description: 'Null where counting would cost a scan.' }),
    total_pages: creditCount.nullable(),
    next_cursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  })
  .meta({ id: 'Pagination' });

/** The answer of every call that moves credits. */
export const movement = z
  .strictObject({
    success: z.literal(true),
    transaction_id: idOf('transaction'),
    balance: creditCount,
    transaction,
  })
  .meta({ id: 'Movement' });

const expiringCredits = z.strictObject({
  amount: creditCount,
  category: grantCategory,
  expires_at: timestamp,
});

const openGrant = z.strictObject({
  grant_id: z.string(),
  category: grantCategory,
  priority: z.int().min(0),
  remaining: creditCount.meta({ description: 'The held part included.' }),
  held: creditCount,
  granted_at: timestamp,
  expires_at: timestamp.nullable(),
});

export const balance = z
  .strictObject({
    credit_type: creditType,
    credits_balance: creditCount,
    credits_held: creditCount.meta({ description: 'Set aside by open holds.' }),
    credits_available: creditCount.meta({ description: 'Balance less held: what can be spent.' }),
    total_purchased: creditCount,
    total_granted: creditCount,
    credits_used: creditCount,
    debt: creditCount.meta({ description: 'Owed after a reversal; later inflows pay it first.' }),
    frozen: z.boolean().meta({ description: 'Whether nothing can be spent until it is released.' }),
    expiring: z.array(expiringCredits).meta({ description: 'Soonest first.' }),
    version: creditCount.meta({ description: 'The newest transaction’s seq.' }),
    at: timestamp.optional().meta({ description: 'The past instant that was asked for.' }),
    grants: z
      .array(openGrant)
      .optional()
      .meta({ description: 'Open at that instant, in the order in which they burn.' }),
  })
  .meta({ id: 'Balance' });

const HOLD_STATES = ['open', 'captured', 'released', 'expired'] as const;

export const hold = z
  .strictObject({
    hold_id: idOf('hold'),
    user_id: userId,
    credit_type: creditType,
    state: z.enum(HOLD_STATES),
    amount: creditCount.meta({ description: 'Credits set aside.' }),
    captured: creditCount.meta({ description: 'Credits spent when it ended; may be more.' }),
    description: z.string(),
    reference: reference.nullable(),
    metadata,
    created_at: timestamp,
    expires_at: timestamp,
    ended_at: timestamp.nullable(),
    transaction_id: idOf('transaction').meta({ description: 'Of its placing.' }),
  })
  .meta({ id: 'Hold' });

export const holdMovement = movement.extend({ hold }).meta({ id: 'HoldMovement' });

export const holdList = z
  .strictObject({ holds: z.array(hold), pagination })
  .meta({ id: 'HoldList' });

export const transferMovement = movement
  .extend({ to_user_id: userId, to_transaction_id: idOf('transaction') })
  .meta({ id: 'TransferMovement', description: 'The sender’s side of a transfer.' });

const spendRefusal = z.strictObject({
  code: z.string(),
  required: creditCount.optional(),
  available: creditCount.optional(),
  shortfall: creditCount.optional(),
  period: z.enum(['hour', 'day']).optional().meta({ description: 'Of a spending cap.' }),
  limit: creditCount.optional(),
  used: creditCount.optional(),
  held: creditCount.optional(),
  resets_at: timestamp.optional(),
});

export const batch = z
  .strictObject({
    success: z.literal(true),
    credit_type: creditType,
    balance: creditCount.meta({ description: 'After the batch.' }),
    credits_spent: creditCount.meta({ description: 'By the spends that this batch did.' }),
    results: z
      .array(
        z.strictObject({
          idempotency_key: z.string(),
          status: z.enum(['spent', 'replayed', 'refused']).meta({
            description: '`replayed`: an earlier batch had done it.',
          }),
          transaction_id: idOf('transaction').nullable(),
          transaction: transaction.nullable(),
          refusal: spendRefusal.nullable(),
        }),
      )
      .meta({ description: 'In the order of the request.' }),
  })
  .meta({ id: 'Batch' });

export const userBalance = balance
  .extend({ user_id: userId, balance: creditCount })
  .meta({ id: 'UserBalance' });

export const sufficiency = z
  .strictObject({
    credit_type: creditType,
    has_sufficient: z.boolean(),
    frozen: z.boolean().meta({ description: 'A spend is refused whatever there is.' }),
    balance: creditCount,
    available: creditCount,
    required: creditCount,
    shortfall: creditCount,
  })
  .meta({ id: 'Sufficiency' });

/** From when on a balance counts as low. */
export const alerts = z
  .strictObject({
    credit_type: creditType,
    threshold: creditCount.meta({
      description: 'Told when less than this is available; 0 for never.',
    }),
    own_threshold: z.boolean().meta({ description: 'Set for this wallet, or the operator’s.' }),
    available: creditCount,
    low: z.boolean(),
  })
  .meta({ id: 'Alerts' });

export const topUpReason = z
  .enum(TOPUP_REASONS)
  .meta({ id: 'TopUpReason', description: 'Why an automatic top-up did not buy, or stopped.' });

export const topUp = z
  .strictObject({
    credit_type: creditType,
    enabled: z.boolean(),
    state: z.enum(TOPUP_STATES),
    reason_code: topUpReason.nullable().meta({ description: 'Of a state that does not buy.' }),
    purchase_id: idOf('purchase')
      .nullable()
      .meta({ description: 'In flight, or what it has stopped with.' }),
    until: timestamp
      .nullable()
      .meta({ description: 'Nothing is tried before: the end of a back-off, or of the month.' }),
    available: creditCount,
    threshold: creditCount.nullable().meta({ description: 'Bought when less is available.' }),
    package_id: keyPart.nullable(),
    target: creditCount.nullable().meta({ description: 'Filled up to so many credits.' }),
    currency: currency.nullable(),
    max_per_month: creditCount.nullable(),
    max_amount_per_month: minorUnits.nullable(),
    purchases_this_month: creditCount,
    amount_this_month: minorUnits.meta({ description: 'In the currency of the terms.' }),
    declines: creditCount.meta({ description: 'In a row.' }),
    card_saved_at: timestamp.nullable(),
    last_purchase: z
      .strictObject({
        purchase_id: idOf('purchase'),
        outcome: z.enum(['paid', 'failed', 'refused']),
        reason_code: topUpReason.nullable(),
        at: timestamp,
      })
      .nullable(),
  })
  .meta({ id: 'AutoTopUp', description: 'The automatic top-up of one wallet.' });

export const cardSetup = z
  .strictObject({
    setup_url: z.string().meta({ description: 'Where the user saves a card.' }),
    session_id: providerId,
  })
  .meta({ id: 'CardSetup' });

export const history = z
  .strictObject({
    transactions: z.array(transaction),
    pagination,
    as_of_seq: creditCount.meta({ description: 'The newest transaction that the list knows.' }),
  })
  .meta({ id: 'History' });

const usageDay = z.strictObject({
  date: z.iso.date(),
  used: creditCount,
  purchased: creditCount,
  transactions: creditCount,
});

export const usage = z
  .strictObject({
    credit_type: creditType,
    from: timestamp,
    to: timestamp,
    total_used: creditCount,
    total_purchased: creditCount,
    balance: creditCount.meta({ description: 'At the end of the period.' }),
    average_daily: z.number().min(0).meta({ description: 'Credits a day, to two decimals.' }),
    transactions: creditCount.meta({ description: 'How many spends.' }),
    by_day: z.array(usageDay),
  })
  .meta({ id: 'Usage' });

export const account = z
  .strictObject({
    user_id: userId,
    email: z.string().nullable(),
    created_at: timestamp,
  })
  .meta({ id: 'Account' });

export const creditPackage = z
  .strictObject({
    package_id: keyPart,
    name: z.string(),
    description: z.string(),
    credit_type: creditType,
    credits: z.int().min(1),
    price: minorUnits.meta({ description: 'In the currency’s minor unit.' }),
    currency,
    price_per_credit: z
      .string()
      .regex(/^\d+(\.\d+)?$/)
      .meta({ description: 'In the currency’s major unit, as decimal text.' }),
    discount_percent: z.int().min(0).max(99).nullable().meta({
      description:
        'How far below the price of single credits it is; null where its price in this currency is fixed.',
    }),
  })
  .meta({ id: 'Package' });

export const packageList = z
  .strictObject({
    packages: z.array(creditPackage),
    by_credit_type: z.partialRecord(z.enum(CREDIT_TYPES), z.array(creditPackage)),
  })
  .meta({ id: 'PackageList' });

const PAYMENT_PROVIDERS = ['stripe', 'razorpay'] as const;
export const paymentProvider = z.enum(PAYMENT_PROVIDERS).meta({ id: 'PaymentProvider' });

const PURCHASE_STATUSES = [
  'pending',
  'paid',
  'failed',
  'expired',
  'partially_refunded',
  'refunded',
  'disputed',
] as const;
export const purchaseStatus = z.enum(PURCHASE_STATUSES).meta({ id: 'PurchaseStatus' });

export const purchase = z
  .strictObject({
    purchase_id: idOf('purchase'),
    user_id: userId,
    status: purchaseStatus,
    provider: paymentProvider,
    origin: z.enum(['user', 'auto_topup']).meta({ description: 'Who began it.' }),
    package_id: keyPart.nullable(),
    credit_type: creditType,
    credits: z.int().min(1),
    amount: minorUnits,
    currency,
    amount_refunded: minorUnits,
    credits_granted: creditCount.meta({ description: 'What it has brought in.' }),
    credits_reversed: creditCount.meta({
      description: 'What refunds and disputes have taken back of it.',
    }),
    transaction_id: idOf('transaction')
      .nullable()
      .meta({ description: 'The transaction of the credit.' }),
    created_at: timestamp,
    paid_at: timestamp.nullable(),
    last_decline: z
      .strictObject({
        at: timestamp,
        reason: z.string().nullable().meta({ description: 'The provider’s code.' }),
      })
      .nullable()
      .meta({ description: 'The latest attempt that was declined; another may follow it.' }),
    outcome_unknown: z.array(z.enum(['checkout', 'refund'])).meta({
      description:
        'What the provider was asked for and has not confirmed: the payment page or order, or a ' +
        'refund. Events, the same request sent again, or reconciliation settle it.',
    }),
  })
  .meta({ id: 'Purchase' });

export const purchaseRefund = z
  .strictObject({
    refund_id: providerId.meta({ description: 'The provider’s.' }),
    status: z.enum(['pending', 'succeeded', 'failed']),
    amount: minorUnits,
    currency,
    purchase,
  })
  .meta({ id: 'PurchaseRefund' });

export const purchaseList = z
  .strictObject({ purchases: z.array(purchase), pagination })
  .meta({ id: 'PurchaseList' });

export const checkout = z
  .strictObject({ checkout_url: z.string(), session_id: providerId, purchase_id: idOf('purchase') })
  .meta({ id: 'Checkout' });

export const checkoutStatus = z
  .strictObject({
    session_id: providerId,
    purchase_id: idOf('purchase'),
    status: purchaseStatus,
    credit_type: creditType,
    credits: z.int().min(1),
    amount: minorUnits,
    currency,
    transaction_id: idOf('transaction').nullable(),
  })
  .meta({
    id: 'CheckoutStatus',
    description: 'For the success page: ask until it is not pending.',
  });

export const initiatedPurchase = z
  .strictObject({
    purchase_id: idOf('purchase'),
    order_id: providerId,
    key_id: z.string().meta({ description: 'What the app opens the payment page with.' }),
    amount: minorUnits,
    currency,
    credits: z.int().min(1),
  })
  .meta({ id: 'InitiatedPurchase' });

export const verifiedPayment = movement
  .extend({
    purchase_id: idOf('purchase'),
    credits_added: z.int().min(1),
    credits_balance: creditCount.meta({ description: 'Now; `balance` is that of the credit.' }),
  })
  .meta({ id: 'VerifiedPayment' });

export const verification = z
  .strictObject({
    ok: z.boolean(),
    wallets: z.array(
      z.strictObject({
        credit_type: creditType,
        ok: z.boolean(),
        entries: creditCount,
        problems: z.array(
          z.strictObject({ seq: creditCount, code: z.string(), detail: z.string() }),
        ),
      }),
    ),
  })
  .meta({ id: 'Verification' });

export const quarantinedEvent = z
  .strictObject({
    event_id: z.string(),
    provider: paymentProvider,
    type: z.string().nullable(),
    reason: z.string(),
    detail: z.string().meta({ description: 'What contradicts what.' }),
    status: z.enum(EVENT_STATUSES).meta({
      description:
        '`open` needs a person. `waiting` is money on its way back whose payment we have not heard of. `resolved` is done.',
    }),
    received_at: timestamp,
    last_seen_at: timestamp,
    deliveries: z.int().min(1),
    last_replayed_at: timestamp.nullable(),
  })
  .meta({
    id: 'QuarantinedEvent',
    description: 'A provider event kept for a person to decide on.',
  });

export const eventList = z
  .strictObject({ events: z.array(quarantinedEvent), pagination })
  .meta({ id: 'EventList' });

export const eventReplay = z
  .strictObject({
    outcome: z.enum(REPLAY_OUTCOMES),
    purchase_id: idOf('purchase').nullable(),
    transaction_id: idOf('transaction').nullable(),
    detail: z.string().nullable().meta({ description: 'Why it changed nothing.' }),
    replayed_at: timestamp,
    replayed_by: z.string(),
  })
  .meta({ id: 'EventReplay', description: 'What came of applying a quarantined event again.' });

export const eventDetails = quarantinedEvent
  .extend({
    body: z.string().meta({ description: 'As it was signed, up to 256 KiB.' }),
    replays: z.array(eventReplay).meta({ description: 'Oldest first.' }),
  })
  .meta({ id: 'EventDetails' });

/** An error, as `application/problem+json` (RFC 9457). Codes add fields of their own, such as `shortfall`. */
export const problemDocument = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(
      z.strictObject({
        field: z.string(),
        message: z.string(),
        row: z.int().min(1).optional().meta({ description: 'In a file of rows.' }),
      }),
    ),
    request_id: z.string(),
  })
  .meta({ id: 'Problem' });
