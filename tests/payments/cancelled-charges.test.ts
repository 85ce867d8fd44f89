import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { listen, stopListening } from '#infra/local/listen';
import { createStripeCards } from '#lib/payments/stripe-cards';
import { createStripeRecords } from '#lib/payments/stripe-records';
import type { StripeAccount } from '#lib/payments/stripe-client';

const AT = '2027-02-01T12:00:00.000Z';
const order = {
  purchaseId: 'pur_1',
  customerRef: 'cus_1',
  methodRef: 'pm_1',
  amountMinor: 1_000,
  currency: 'USD',
  description: 'Starter',
  at: AT,
};

/** Stripe, whose list of charges has one that somebody cancelled in its dashboard. */
async function stripeWithCancelledCharge(): Promise<StripeAccount> {
  const intent = {
    id: 'pi_1',
    object: 'payment_intent',
    livemode: false,
    amount: order.amountMinor,
    amount_received: 0,
    currency: 'usd',
    created: Date.parse(AT) / 1_000,
    metadata: { purchase_id: order.purchaseId },
    last_payment_error: null,
    status: 'canceled',
    cancellation_reason: 'requested_by_customer',
  };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ object: 'list', data: [intent], has_more: false }));
  });
  const port = await listen(server);
  onTestFinished(() => stopListening(server));
  return {
    apiKey: async () => 'sk_test_local',
    livemode: false,
    timeoutMs: 2_000,
    server: { host: '127.0.0.1', port, protocol: 'http' },
  };
}

it('a charge that was cancelled at Stripe has come to nothing, as if a bank had declined it', async () => {
  const account = await stripeWithCancelledCharge();
  expect(await createStripeCards(account).findCharge(order)).toMatchObject({
    kind: 'told',
    event: { kind: 'payment', outcome: 'declined', paymentRef: 'pi_1', declineReason: null },
  });
});

it('a cancelled charge is over for the comparison with Stripe, too', async () => {
  const account = await stripeWithCancelledCharge();
  const records = createStripeRecords({ ...account, now: () => new Date(AT) });
  const found = await records.findSession({
    id: order.purchaseId,
    createdAt: AT,
    origin: 'auto_topup',
    session: null,
  });
  expect(found).toMatchObject({
    kind: 'found',
    isOpen: false,
    translations: [{ kind: 'event', event: { outcome: 'declined' } }],
  });
});
