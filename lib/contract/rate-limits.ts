/**
 * How often one caller may use the routes that name this bucket (DESIGN 5, limits). A full bucket holds `capacity`
 * requests; it fills again at `perMinute`.
 */
export interface RateLimit {
  /** Names the bucket in its key and in the RateLimit headers; routes of one name share it. */
  readonly bucket: string;
  readonly capacity: number;
  readonly perMinute: number;
}

/**
 * Every bucket: a route says which it draws on. Sized so that nobody who uses the app meets one, and that whoever
 * tries codes, cards or exports in a loop does within a minute.
 */
export const rateLimits = {
  /** Ten tries at once, then one a minute: a code of six letters outlives a guesser by centuries. */
  redeem: { bucket: 'redeem', capacity: 10, perMinute: 1 },
  /** Shared by Stripe and Razorpay: each request asks a provider for a page. */
  purchase: { bucket: 'purchase', capacity: 120, perMinute: 30 },
  /** Of a user's own changes, and of all that the backend changes: each asks Stripe two or three times. */
  subscribe: { bucket: 'subscribe', capacity: 120, perMinute: 60 },
  verify: { bucket: 'verify', capacity: 120, perMinute: 60 },
  apply: { bucket: 'apply', capacity: 60, perMinute: 30 },
  bulk: { bucket: 'bulk', capacity: 20, perMinute: 10 },
  export: { bucket: 'export', capacity: 20, perMinute: 10 },
} as const satisfies Readonly<Record<string, RateLimit>>;
