/** 1 February 2027, 10:00 UTC, when every subscription here begins unless a test says otherwise. */
export const BEGUN = Date.UTC(2027, 1, 1, 10) / 1_000;
export const RENEWED = Date.UTC(2027, 2, 1, 10) / 1_000;
export const RENEWED_AGAIN = Date.UTC(2027, 3, 1, 10) / 1_000;

export interface SubscriptionParts {
  readonly id?: string;
  readonly customer?: string;
  readonly userId?: string | null;
  readonly price?: string;
  readonly start?: number;
  readonly end?: number;
  /** Fields of the subscription to set; undefined takes one away. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What we read of Stripe's subscription object in the pinned API version, and a little more. */
export function stripeSubscriptionObject(parts: SubscriptionParts = {}) {
  const { id = 'sub_1', userId = 'ada', start = BEGUN, end = RENEWED } = parts;
  return {
    id,
    object: 'subscription',
    billing_cycle_anchor: BEGUN,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    created: BEGUN,
    currency: 'usd',
    customer: parts.customer ?? 'cus_1',
    ended_at: null,
    items: {
      object: 'list',
      data: [
        {
          id: `si_${id}`,
          object: 'subscription_item',
          current_period_start: start,
          current_period_end: end,
          price: { id: parts.price ?? 'price_pro_usd', object: 'price' },
          quantity: 1,
        },
      ],
      has_more: false,
    },
    latest_invoice: 'in_1',
    livemode: false,
    metadata: userId === null ? {} : { user_id: userId },
    status: 'active',
    ...parts.fields,
  };
}

export interface InvoiceParts {
  readonly id?: string;
  readonly subscription?: string;
  readonly customer?: string;
  readonly userId?: string | null;
  readonly reason?: string;
  readonly lines?: readonly object[];
  /** Fields of the invoice to set; undefined takes one away. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What we read of Stripe's invoice object in the pinned API version, and a little more; paid, for one whole period. */
export function stripeInvoiceObject(parts: InvoiceParts = {}) {
  const { id = 'in_1', subscription = 'sub_1', userId = 'ada' } = parts;
  return {
    id,
    object: 'invoice',
    amount_due: 2_900,
    amount_paid: 2_900,
    amount_remaining: 0,
    billing_reason: parts.reason ?? 'subscription_create',
    created: BEGUN,
    currency: 'usd',
    customer: parts.customer ?? 'cus_1',
    lines: {
      object: 'list',
      data: parts.lines ?? [invoiceLine({ subscription })],
      has_more: false,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    parent: {
      quote_details: null,
      subscription_details: {
        metadata: userId === null ? {} : { user_id: userId },
        subscription,
      },
      type: 'subscription_details',
    },
    // Of an invoice itself it is the period before: a trap for whoever reads it.
    period_start: BEGUN,
    period_end: BEGUN,
    status: 'paid',
    ...parts.fields,
  };
}

export function invoiceLine(
  parts: {
    readonly subscription?: string;
    readonly price?: string;
    readonly start?: number;
    readonly end?: number;
    readonly amount?: number;
    readonly proration?: boolean;
  } = {},
) {
  const { amount = 2_900, proration = false, start = BEGUN, end = RENEWED } = parts;
  return {
    object: 'line_item',
    amount,
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        proration,
        subscription_item: `si_${parts.subscription ?? 'sub_1'}`,
      },
      type: 'subscription_item_details',
    },
    period: { start, end },
    pricing: {
      price_details: { price: parts.price ?? 'price_pro_usd', product: 'prod_1' },
      type: 'price_details',
    },
  };
}
