/** The longest lifetime of a hold that settings can allow, in seconds. */
export const HOLD_SECONDS_MAX = 366 * 86_400;
