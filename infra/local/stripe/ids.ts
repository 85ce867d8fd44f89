import { randomLetters } from '#infra/local/providers/random-letters';

/**
 * Prefix and length of every id, as long as Stripe's own: a session id has 66 characters, and a
 * column or pattern that is too short for it should fail on the developer's machine.
 */
const SHAPES = {
  session: ['cs_test_a1', 56],
  paymentIntent: ['pi_3', 23],
  cardCharge: ['ch_3', 23],
  bankCharge: ['py_3', 23],
  paymentMethod: ['pm_1', 23],
  setupIntent: ['seti_1', 23],
  customer: ['cus_', 14],
  balanceTransaction: ['txn_3', 23],
  refund: ['re_3', 23],
  dispute: ['dp_1', 23],
  event: ['evt_1', 23],
  lineItem: ['li_1', 23],
  subscription: ['sub_1', 23],
  subscriptionItem: ['si_', 14],
  invoice: ['in_1', 23],
  invoiceLine: ['il_1', 23],
  price: ['price_1', 23],
  product: ['prod_', 14],
  request: ['req_', 14],
  secret: ['', 25],
} as const;

/** A new random id in Stripe's form. */
export function newId(kind: keyof typeof SHAPES): string {
  const [prefix, length] = SHAPES[kind];
  return prefix + randomLetters(length);
}
