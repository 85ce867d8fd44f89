import type { QuarantineReason } from '#lib/payments/payment-event';

/** Why an event changes nothing by itself and waits for a person (DESIGN 6). */
export interface Verdict {
  readonly kind: 'quarantine';
  readonly reason: QuarantineReason;
  /** What contradicts what, in a sentence for an admin. */
  readonly detail: string;
}
