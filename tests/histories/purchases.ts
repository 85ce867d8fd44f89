import type { LedgerStore } from '#lib/ports';
import type { PaymentFact } from '#tests/histories/judge/history';
import { stripeEventBody } from '#tests/payments/stripe-deliveries';
import { purchaseOf } from '#tests/purchases/purchase-builders';

/** What Stripe may tell of a purchase, in any order and number. */
export interface PurchaseEvent {
  readonly body: string;
  readonly payment: PaymentFact;
}

const CREDITS = 15;
const PAID_MINOR = 1_000;
/** Two refunds that together are all of it, in shares that leave half credits. */
const REFUNDS = [370, 630];

/** Begins a purchase of a few credits, as our own call leaves it, and gives the events to come. */
export async function beginPurchase(
  ledger: Pick<LedgerStore, 'write'>,
  { userId, number }: { readonly userId: string; readonly number: number },
): Promise<readonly PurchaseEvent[]> {
  const name = `h${number}`;
  const purchaseId = `pur_${name}`;
  const session = { id: `cs_${name}`, url: 'https://checkout.example/1', expiresAt: null };
  const price = { credits: CREDITS, amountMinor: PAID_MINOR };
  const value = purchaseOf({ id: purchaseId, userId, number, session, ...price });
  await ledger.write([
    { record: 'purchase', id: { purchaseId }, value, version: null },
    {
      record: 'paymentReference',
      id: { provider: 'stripe', ref: session.id },
      value: { purchaseId },
      version: null,
    },
  ]);
  const payment = { purchase: purchaseId, credits: CREDITS, paidMinor: PAID_MINOR };
  let told = 0;
  const event = (type: string, object: object, fact: PaymentFact['fact']): PurchaseEvent => ({
    body: stripeEventBody({ id: `evt_${name}_${++told}`, type, object }),
    payment: { ...payment, fact },
  });
  const money = { livemode: false, currency: 'usd', metadata: {} };
  const ofPayment = { ...money, payment_intent: `pi_${name}`, created: 1_795_100_000 };
  const dispute = { ...ofPayment, id: `dp_${name}`, object: 'dispute', amount: PAID_MINOR };
  return [
    event(
      'checkout.session.completed',
      {
        ...money,
        id: session.id,
        object: 'checkout.session',
        mode: 'payment',
        client_reference_id: purchaseId,
        payment_intent: `pi_${name}`,
        payment_status: 'paid',
        amount_subtotal: PAID_MINOR,
        amount_total: PAID_MINOR,
      },
      { kind: 'paid' },
    ),
    event(
      'payment_intent.succeeded',
      {
        ...money,
        id: `pi_${name}`,
        object: 'payment_intent',
        amount: PAID_MINOR,
        amount_received: PAID_MINOR,
        metadata: { purchase_id: purchaseId },
        last_payment_error: null,
        status: 'succeeded',
      },
      { kind: 'paid' },
    ),
    ...REFUNDS.map((minor, index) =>
      event(
        'refund.created',
        {
          ...ofPayment,
          id: `re_${name}_${index}`,
          object: 'refund',
          amount: minor,
          status: 'succeeded',
        },
        { kind: 'refunded', id: `${index}`, minor },
      ),
    ),
    event('charge.dispute.created', { ...dispute, status: 'needs_response' }, { kind: 'disputed' }),
    event('charge.dispute.closed', { ...dispute, status: 'won' }, { kind: 'dispute_won' }),
  ];
}
