/** One field of a request that does not hold: `field` is a path such as `metadata.plan`, empty for the whole. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
  /** In a file of rows: which one, counted from 1; the field is its column. */
  readonly row?: number;
}

interface RetryAfter {
  /** Seconds, for the Retry-After header. */
  readonly retry_after?: number;
}
type Details<T = object> = [details: Readonly<T>];

/** What each code says beside its sentence; these fields stand in the problem document as they are. */
export interface ErrorDetails {
  readonly VALIDATION_FAILED: Details<{ errors: readonly FieldError[] }>;
  readonly MALFORMED_JSON: [];
  readonly INVALID_IDEMPOTENCY_KEY: [];
  readonly INVALID_CURSOR: [];
  readonly ALREADY_EXPIRED: [];
  readonly HOLD_TOO_LONG: Details<{ limit_seconds: number }>;
  readonly SELF_TRANSFER: [];
  readonly URL_NOT_ALLOWED: Details<{ field: string }>;
  readonly CURRENCY_NOT_AVAILABLE: Details<{ currency: string }>;
  readonly PAYMENT_SIGNATURE_INVALID: [];
  readonly PURCHASE_TOO_SMALL: Details<{ limit: number }>;
  readonly PURCHASE_TOO_LARGE: Details<{ limit: number }>;
  readonly UNAUTHENTICATED: [];
  readonly INSUFFICIENT_CREDITS: Details<{
    required: number;
    available: number;
    shortfall: number;
    /** Which spend of a batch does not fit any more. */
    spend_index?: number;
  }>;
  readonly FORBIDDEN: [];
  readonly NOT_FOUND: [];
  readonly ROUTE_NOT_FOUND: [];
  readonly PROMO_CODE_INVALID: [];
  readonly PROMO_CODE_REDEEMED: [];
  readonly PROMO_CODE_EXISTS: [];
  readonly ALREADY_APPLIED: [];
  readonly PROJECT_CANCELLED: [];
  readonly APPLICATION_CLOSED: Details<{ reason: string }>;
  readonly ALREADY_REFUNDED: [];
  readonly REFUND_EXCEEDS_SPEND: Details<{ refundable: number }>;
  readonly NOT_REFUNDABLE: [];
  readonly CONFLICT: [];
  readonly ACCOUNT_EXISTS: [];
  readonly WALLET_FROZEN: [];
  readonly ALREADY_FROZEN: [];
  readonly NOT_FROZEN: [];
  readonly PACKAGE_EXISTS: [];
  readonly PACKAGE_WITHOUT_PRICE: [];
  readonly UNKNOWN_SETTING: Details<{ setting: string }>;
  readonly VERSION_CHANGED: Details<{ version: number }>;
  readonly TOO_MANY_GRANTS: Details<{ limit: number }>;
  readonly TOO_MANY_HOLDS: Details<{ limit: number }>;
  readonly BALANCE_LIMIT_EXCEEDED: Details<{ limit: number }>;
  readonly HOLD_ALREADY_CAPTURED: [];
  readonly HOLD_ALREADY_RELEASED: [];
  readonly HOLD_EXPIRED: [];
  readonly ALREADY_SUBSCRIBED: Details<{ tier: string }>;
  readonly NOT_AN_UPGRADE: Details<{ tier: string }>;
  readonly NOT_A_DOWNGRADE: Details<{ tier: string }>;
  readonly NOT_SUBSCRIBED: [];
  readonly NOTHING_TO_RESUME: [];
  readonly SUBSCRIPTION_ENDING: [];
  readonly SUBSCRIPTION_PAST_DUE: [];
  readonly TIER_NOT_AVAILABLE: Details<{ tier: string }>;
  readonly PAYMENT_DECLINED: [];
  readonly PACKAGE_NOT_AVAILABLE: [];
  readonly RECEIPT_NOT_READY: [];
  readonly PAYMENT_NOT_CAPTURED: [];
  readonly PAYMENT_ORDER_MISMATCH: [];
  readonly PAYMENT_AMOUNT_MISMATCH: [];
  readonly PAYMENT_CURRENCY_MISMATCH: [];
  readonly PURCHASE_PAID_ALREADY: [];
  readonly PAYMENT_NOT_CREDITED: [];
  readonly PURCHASE_NOT_PAID: [];
  readonly REFUND_EXCEEDS_PAYMENT: Details<{ refundable: number }>;
  readonly REFUND_OUTCOME_UNKNOWN: [];
  readonly TOO_MANY_PENDING_PURCHASES: Details<{ limit: number }>;
  readonly PAYLOAD_TOO_LARGE: Details<{ limit_bytes: number }>;
  readonly UNSUPPORTED_MEDIA_TYPE: [];
  readonly IDEMPOTENCY_KEY_REUSED: [details?: Readonly<{ spend_index: number }>];
  readonly RATE_LIMITED: Details<RetryAfter>;
  readonly QUOTA_EXCEEDED: Details<{
    feature: string;
    /** Hour or day of UTC, or the subscription's month. */
    period: string;
    limit: number;
    used: number;
    resets_at: string;
  }>;
  readonly FEATURE_NOT_AVAILABLE: Details<{ feature: string; tier: string }>;
  readonly SPENDING_CAP: Details<
    RetryAfter & {
      /** The UTC hour or day. */
      period: string;
      limit: number;
      used: number;
      /** What open holds have set aside: it counts as if it were spent. */
      held: number;
      resets_at: string;
      /** Which spend of a batch does not fit any more. */
      spend_index?: number;
    }
  >;
  readonly TRANSFER_LIMIT_EXCEEDED: Details<RetryAfter & { limit: number; remaining: number }>;
  readonly TOO_MANY_PURCHASES_TODAY: Details<RetryAfter & { limit: number }>;
  readonly INTERNAL: [];
  readonly PAYMENT_PROVIDER_FAILED: [];
  readonly PAYMENT_PROVIDER_UNAVAILABLE: Details<RetryAfter>;
  readonly REPORT_NOT_READY: Details<{ closed_until: string }>;
  readonly CONTENTION: Details<RetryAfter>;
  readonly RATE_LIMIT_UNAVAILABLE: Details<RetryAfter>;
  readonly TIMED_OUT: [];
  readonly IDENTITY_UNAVAILABLE: [];
}
export type ErrorCode = keyof ErrorDetails;

/** Whether sending the same request again (with the same Idempotency-Key) can end better. */
export type Retry = 'never' | 'later';

export interface ErrorDefinition<D extends readonly unknown[]> {
  readonly status: number;
  readonly title: string;
  readonly retry: Retry;
  /** Seconds that Retry-After names when the details do not. */
  readonly retryAfterSeconds?: number;
  /** The sentence for the caller's developer. It never holds what the caller may not know. */
  readonly sentence: (...details: D) => string;
}

/** Every error that the API can answer: the one place for its status, its words and whether a retry helps. */
export const errorTable: { readonly [C in ErrorCode]: ErrorDefinition<ErrorDetails[C]> } = {
  VALIDATION_FAILED: {
    status: 400,
    title: 'The request is not valid',
    retry: 'never',
    sentence: ({ errors }) =>
      errors
        .map(({ row, field, message }) => {
          const place = [row === undefined ? '' : `row ${row}`, field].filter(
            (part) => part !== '',
          );
          return [...(place.length > 0 ? [place.join(', ')] : []), message].join(': ');
        })
        .join('; '),
  },
  MALFORMED_JSON: {
    status: 400,
    title: 'The body is not JSON',
    retry: 'never',
    sentence: () => 'The request body could not be read as UTF-8 JSON.',
  },
  INVALID_IDEMPOTENCY_KEY: {
    status: 400,
    title: 'The Idempotency-Key is not valid',
    retry: 'never',
    sentence: () => 'An Idempotency-Key has 1 to 255 printable ASCII characters.',
  },
  INVALID_CURSOR: {
    status: 400,
    title: 'The cursor is not valid',
    retry: 'never',
    sentence: () => 'Use a cursor as it was answered, by the same caller, with the same filters.',
  },
  ALREADY_EXPIRED: {
    status: 400,
    title: 'The expiry lies in the past',
    retry: 'never',
    sentence: () => 'Neither credits nor a hold can begin with an expiry that has passed.',
  },
  HOLD_TOO_LONG: {
    status: 400,
    title: 'The hold is too long',
    retry: 'never',
    sentence: ({ limit_seconds }) => `A hold lasts at most ${limit_seconds} seconds.`,
  },
  SELF_TRANSFER: {
    status: 400,
    title: 'Sender and receiver are the same',
    retry: 'never',
    sentence: () => 'Credits cannot be transferred to the wallet they come from.',
  },
  URL_NOT_ALLOWED: {
    status: 400,
    title: 'The URL is not allowed',
    retry: 'never',
    sentence: ({ field }) => `The origin of ${field} is not on the allow-list of this service.`,
  },
  CURRENCY_NOT_AVAILABLE: {
    status: 400,
    title: 'The currency is not available',
    retry: 'never',
    sentence: ({ currency }) => `There is no price in ${currency}.`,
  },
  PAYMENT_SIGNATURE_INVALID: {
    status: 400,
    title: 'The payment signature is not valid',
    retry: 'never',
    sentence: () => 'The signature is not that of the payment provider for this order and payment.',
  },
  PURCHASE_TOO_SMALL: {
    status: 400,
    title: 'The purchase is too small',
    retry: 'never',
    sentence: ({ limit }) => `A purchase is of at least ${limit} credits.`,
  },
  PURCHASE_TOO_LARGE: {
    status: 400,
    title: 'The purchase is too large',
    retry: 'never',
    sentence: ({ limit }) => `A purchase is of at most ${limit} credits.`,
  },
  UNAUTHENTICATED: {
    status: 401,
    title: 'Authentication is required',
    retry: 'never',
    sentence: () => 'Send a valid access token as "Authorization: Bearer ...".',
  },
  INSUFFICIENT_CREDITS: {
    status: 402,
    title: 'Insufficient credits',
    retry: 'never',
    sentence: ({ required, available, shortfall }) =>
      `${required} credits are required and ${available} are available: ${shortfall} are missing.`,
  },
  FORBIDDEN: {
    status: 403,
    title: 'This is not allowed',
    retry: 'never',
    sentence: () => 'The access token does not permit this operation.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'Not found',
    retry: 'never',
    sentence: () => 'There is no such thing, or it is not yours to see.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: 'No such route',
    retry: 'never',
    sentence: () => 'No operation has this method and path; GET /openapi.json lists them.',
  },
  PROMO_CODE_INVALID: {
    status: 404,
    title: 'The code is not valid',
    retry: 'never',
    // One sentence for every reason: a guesser must not learn which codes there are.
    sentence: () => 'This code cannot be redeemed.',
  },
  PROMO_CODE_REDEEMED: {
    status: 409,
    title: 'The code is redeemed already',
    retry: 'never',
    sentence: () => 'You have redeemed this code before; it counts once.',
  },
  PROMO_CODE_EXISTS: {
    status: 409,
    title: 'The code exists',
    retry: 'never',
    sentence: () => 'There is a code of this name; it can be changed.',
  },
  ALREADY_APPLIED: {
    status: 409,
    title: 'Applied already',
    retry: 'never',
    sentence: () => 'You have applied to this project before; nothing was charged.',
  },
  PROJECT_CANCELLED: {
    status: 409,
    title: 'The project is cancelled',
    retry: 'never',
    sentence: () => 'This project takes no more applications; nothing was charged.',
  },
  APPLICATION_CLOSED: {
    status: 409,
    title: 'The application has ended',
    retry: 'never',
    sentence: ({ reason }) => `${reason}.`,
  },
  ALREADY_REFUNDED: {
    status: 409,
    title: 'Already refunded',
    retry: 'never',
    sentence: () => 'This transaction has been refunded in full.',
  },
  REFUND_EXCEEDS_SPEND: {
    status: 409,
    title: 'The refund exceeds the spend',
    retry: 'never',
    sentence: ({ refundable }) =>
      `At most ${refundable} credits of this transaction can be refunded.`,
  },
  NOT_REFUNDABLE: {
    status: 409,
    title: 'Not refundable',
    retry: 'never',
    sentence: () => 'Only a spend of credits can be refunded.',
  },
  CONFLICT: {
    status: 409,
    title: 'Conflict',
    retry: 'never',
    sentence: () => 'The current state does not permit this operation.',
  },
  UNKNOWN_SETTING: {
    status: 400,
    title: 'There is no such setting',
    retry: 'never',
    sentence: ({ setting }) => `There is no setting ${setting}; GET lists those that there are.`,
  },
  VERSION_CHANGED: {
    status: 409,
    title: 'It has been changed in the meantime',
    retry: 'never',
    sentence: ({ version }) =>
      `Somebody has changed it: look at version ${version} and decide again.`,
  },
  WALLET_FROZEN: {
    status: 403,
    title: 'The wallet is frozen',
    retry: 'never',
    sentence: () =>
      'Credits may come into this wallet, and none may leave it. Support can say why.',
  },
  ALREADY_FROZEN: {
    status: 409,
    title: 'It is frozen already',
    retry: 'never',
    sentence: () => 'This wallet, or all of the account, is frozen already.',
  },
  NOT_FROZEN: {
    status: 409,
    title: 'It is not frozen',
    retry: 'never',
    sentence: () => 'This wallet, or any of the account, is not frozen.',
  },
  PACKAGE_EXISTS: {
    status: 409,
    title: 'The package exists',
    retry: 'never',
    sentence: () => 'A package with this id exists already; one that is not on sale keeps its id.',
  },
  PACKAGE_WITHOUT_PRICE: {
    status: 409,
    title: 'The package would have no price',
    retry: 'never',
    sentence: () => 'A package has a price or a discount_percent.',
  },
  ALREADY_SUBSCRIBED: {
    status: 409,
    title: 'Subscribed already',
    retry: 'never',
    sentence: ({ tier }) => `The subscription is to ${tier} already; nothing was charged.`,
  },
  NOT_AN_UPGRADE: {
    status: 409,
    title: 'This is no upgrade',
    retry: 'never',
    sentence: ({ tier }) => `The subscription is to ${tier}, which is more; see downgrade.`,
  },
  NOT_A_DOWNGRADE: {
    status: 409,
    title: 'This is no downgrade',
    retry: 'never',
    sentence: ({ tier }) => `The subscription is to ${tier}, which is not more; see upgrade.`,
  },
  NOT_SUBSCRIBED: {
    status: 409,
    title: 'Nothing is subscribed to',
    retry: 'never',
    sentence: () => 'The user has no running subscription; an upgrade begins one.',
  },
  NOTHING_TO_RESUME: {
    status: 409,
    title: 'There is nothing to resume',
    retry: 'never',
    sentence: () => 'Neither a cancellation nor a downgrade waits for the end of the period.',
  },
  SUBSCRIPTION_ENDING: {
    status: 409,
    title: 'The subscription is ending',
    retry: 'never',
    sentence: () => 'The subscription ends with its period: resume it first.',
  },
  SUBSCRIPTION_PAST_DUE: {
    status: 409,
    title: 'A payment is due',
    retry: 'never',
    sentence: () => 'The latest invoice of the subscription is not paid: pay it first.',
  },
  TIER_NOT_AVAILABLE: {
    status: 409,
    title: 'The tier is not available',
    retry: 'never',
    sentence: ({ tier }) => `${tier} is not on sale.`,
  },
  PAYMENT_DECLINED: {
    status: 402,
    title: 'The payment was declined',
    retry: 'never',
    sentence: () => 'The bank has declined the payment, and nothing has changed.',
  },
  ACCOUNT_EXISTS: {
    status: 409,
    title: 'The account exists',
    retry: 'never',
    sentence: () => 'This user is registered already.',
  },
  TOO_MANY_GRANTS: {
    status: 409,
    title: 'Too many open grants',
    retry: 'never',
    sentence: ({ limit }) => `A wallet holds at most ${limit} open grants that cannot be merged.`,
  },
  TOO_MANY_HOLDS: {
    status: 409,
    title: 'Too many open holds',
    retry: 'later',
    sentence: ({ limit }) => `A wallet has at most ${limit} open holds.`,
  },
  BALANCE_LIMIT_EXCEEDED: {
    status: 409,
    title: 'The balance limit is exceeded',
    retry: 'never',
    sentence: ({ limit }) => `A wallet holds at most ${limit} credits.`,
  },
  HOLD_ALREADY_CAPTURED: {
    status: 409,
    title: 'The hold is captured already',
    retry: 'never',
    sentence: () => 'This hold has been captured.',
  },
  HOLD_ALREADY_RELEASED: {
    status: 409,
    title: 'The hold is released already',
    retry: 'never',
    sentence: () => 'This hold has been released and its credits are free again.',
  },
  HOLD_EXPIRED: {
    status: 409,
    title: 'The hold has expired',
    retry: 'never',
    sentence: () => 'This hold expired and its credits are free again.',
  },
  PACKAGE_NOT_AVAILABLE: {
    status: 409,
    title: 'The package is not available',
    retry: 'never',
    sentence: () => 'This package is not on sale.',
  },
  RECEIPT_NOT_READY: {
    status: 409,
    title: 'There is no receipt yet',
    retry: 'later',
    sentence: () => 'A purchase has a receipt once it is paid.',
  },
  PAYMENT_NOT_CAPTURED: {
    status: 409,
    title: 'The payment is not captured',
    retry: 'later',
    sentence: () => 'The payment provider has not collected the money of this payment.',
  },
  PAYMENT_ORDER_MISMATCH: {
    status: 409,
    title: 'The payment is for another order',
    retry: 'never',
    sentence: () => 'The payment provider names another order for this payment.',
  },
  PAYMENT_AMOUNT_MISMATCH: {
    status: 409,
    title: 'The amount is not what was agreed',
    retry: 'never',
    sentence: () => 'The payment is of another amount than the purchase. Support will look at it.',
  },
  PAYMENT_CURRENCY_MISMATCH: {
    status: 409,
    title: 'The currency is not what was agreed',
    retry: 'never',
    sentence: () =>
      'The payment is in another currency than the purchase. Support will look at it.',
  },
  PURCHASE_PAID_ALREADY: {
    status: 409,
    title: 'The purchase is paid already',
    retry: 'never',
    sentence: () => 'Another payment has paid this purchase; this one has to be refunded.',
  },
  PAYMENT_NOT_CREDITED: {
    status: 409,
    title: 'The payment could not be credited',
    retry: 'later',
    sentence: () => 'The payment is known, and its credits could not be added. Support will look.',
  },
  PURCHASE_NOT_PAID: {
    status: 409,
    title: 'The purchase is not paid',
    retry: 'later',
    sentence: () => 'No money has arrived for this purchase, so none can go back.',
  },
  REFUND_EXCEEDS_PAYMENT: {
    status: 409,
    title: 'The refund exceeds the payment',
    retry: 'never',
    sentence: ({ refundable }) =>
      `At most ${refundable} minor units of this payment can be given back.`,
  },
  REFUND_OUTCOME_UNKNOWN: {
    status: 409,
    title: 'The outcome of another refund is not known yet',
    retry: 'later',
    sentence: () =>
      'The payment provider has not said whether an earlier refund of this purchase was made. Repeat that one with its Idempotency-Key, or wait for reconciliation.',
  },
  TOO_MANY_PENDING_PURCHASES: {
    status: 409,
    title: 'Too many purchases wait for payment',
    retry: 'later',
    sentence: ({ limit }) => `At most ${limit} purchases may wait for their payment.`,
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    retry: 'never',
    sentence: ({ limit_bytes }) => `A request body has at most ${limit_bytes} bytes.`,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'Unsupported media type',
    retry: 'never',
    sentence: () => 'Send the body as "Content-Type: application/json" in UTF-8.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key was used before',
    retry: 'never',
    sentence: () => 'This Idempotency-Key belongs to a request with other content.',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    retry: 'later',
    retryAfterSeconds: 60,
    sentence: () => 'Wait as long as Retry-After says.',
  },
  QUOTA_EXCEEDED: {
    status: 403,
    title: 'The quota is used up',
    // The period may be a month: nothing that a client waits for.
    retry: 'never',
    sentence: ({ feature, period, limit, used, resets_at }) =>
      `${feature} may be used ${limit} times a ${period}: ${used} are used, and nothing was spent. It begins anew at ${resets_at}.`,
  },
  FEATURE_NOT_AVAILABLE: {
    status: 403,
    title: 'The plan does not have this feature',
    retry: 'never',
    sentence: ({ feature, tier }) => `The tier in force, ${tier}, does not have ${feature}.`,
  },
  SPENDING_CAP: {
    status: 429,
    title: 'The spending cap is reached',
    retry: 'later',
    retryAfterSeconds: 3_600,
    sentence: ({ period, limit, used, held, resets_at }) =>
      `At most ${limit} credits may be spent in a${period === 'hour' ? 'n' : ''} ${period} (UTC): ${used} are spent and ${held} held. It begins anew at ${resets_at}.`,
  },
  TRANSFER_LIMIT_EXCEEDED: {
    status: 429,
    title: 'The transfers of the day are used up',
    retry: 'later',
    retryAfterSeconds: 3_600,
    sentence: ({ limit, remaining }) =>
      `A user may transfer ${limit} credits a day (UTC); ${remaining} are left today.`,
  },
  TOO_MANY_PURCHASES_TODAY: {
    status: 429,
    title: 'Too many purchases today',
    retry: 'later',
    retryAfterSeconds: 3_600,
    sentence: ({ limit }) => `At most ${limit} purchases may be begun within 24 hours.`,
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    retry: 'later',
    sentence: () => 'Something went wrong on our side. Name the request_id when you report it.',
  },
  PAYMENT_PROVIDER_FAILED: {
    status: 502,
    title: 'The payment provider refused',
    retry: 'never',
    sentence: () => 'The payment provider did not accept the request.',
  },
  PAYMENT_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The payment provider is unavailable',
    retry: 'later',
    retryAfterSeconds: 5,
    sentence: () =>
      'The payment provider did not answer in time. Retry with the same Idempotency-Key.',
  },
  REPORT_NOT_READY: {
    status: 503,
    title: 'The report is not ready',
    retry: 'later',
    retryAfterSeconds: 900,
    sentence: ({ closed_until }) =>
      `More than one answer can sum up lies beyond the closed hours, which reach to ${closed_until}. End there, begin at a whole hour, or try later.`,
  },
  CONTENTION: {
    status: 503,
    title: 'Too many writers at once',
    retry: 'later',
    retryAfterSeconds: 1,
    sentence: () => 'Nothing was written. Retry with the same Idempotency-Key.',
  },
  RATE_LIMIT_UNAVAILABLE: {
    status: 503,
    title: 'Requests cannot be counted now',
    retry: 'later',
    retryAfterSeconds: 5,
    sentence: () => 'Nothing was done. Retry with the same Idempotency-Key.',
  },
  TIMED_OUT: {
    status: 503,
    title: 'Timed out',
    retry: 'later',
    retryAfterSeconds: 1,
    sentence: () => 'The outcome is unknown. Retry with the same Idempotency-Key to learn it.',
  },
  IDENTITY_UNAVAILABLE: {
    status: 503,
    title: 'Tokens cannot be verified now',
    retry: 'later',
    retryAfterSeconds: 5,
    sentence: () => 'The identity provider did not answer. The token itself may be good.',
  },
};
