import { randomLetters } from '#infra/local/providers/random-letters';

const PREFIXES = {
  account: 'acc_',
  card: 'card_',
  dispute: 'disp_',
  event: '',
  order: 'order_',
  payment: 'pay_',
  refund: 'rfnd_',
} as const;

const LENGTH = 14;

/** A new random id in Razorpay's form. */
export function newId(kind: keyof typeof PREFIXES): string {
  return PREFIXES[kind] + randomLetters(LENGTH);
}
