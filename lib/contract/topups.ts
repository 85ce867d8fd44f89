/** Why an automatic top-up did not buy, or stopped; every refusal has one of these. */
export const TOPUP_REASONS = [
  /** The card was declined: tried again later, and suspended after three in a row. */
  'card_declined',
  /** The bank wants its customer to be there: off until the customer has been. */
  'authentication_required',
  /** The provider does not take the charge as we ask for it: the saved card is gone, for instance. */
  'charge_refused',
  /** The provider never heard of a charge that we asked for. */
  'charge_lost',
  'count_cap_reached',
  'money_cap_reached',
  'package_not_available',
  'currency_not_available',
  /** The limits of purchases (settings `purchase_credits_*`, `purchases_*`). */
  'purchase_limit_reached',
  'wallet_frozen',
] as const;

/** What an automatic top-up is doing. */
export const TOPUP_STATES = [
  'off',
  'card_required',
  'active',
  'waiting',
  'backing_off',
  'cap_reached',
  'suspended',
  'action_required',
] as const;
