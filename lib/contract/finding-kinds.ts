/**
 * What a comparison with a provider's records finds. `restored`: no event had told us, and it has been applied.
 * `expired`: nobody paid, and nobody will. The others wait for a person: a `duplicate` payment has to be refunded, a
 * `mismatch` is of another amount, currency or mode than agreed, an `unknown` one belongs to nothing of ours, and
 * `waiting` is money on its way back of a payment that nobody has told us of.
 */
export const FINDING_KINDS = [
  'restored',
  'expired',
  'duplicate',
  'mismatch',
  'unknown',
  'waiting',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];
