import { serviceRoutes } from '#lib/contract/routes/service';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { httpEvent } from '#tests/http/events';
import { CLIENTS, type Issuer } from '#tests/identity/issuer';
import { checkoutEventBody } from '#tests/payments/stripe-deliveries';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { addWork, entryOf, type TestLedger } from '#tests/support/ledger';

/** What is measured. */
export type Operation = 'spend' | 'balance' | 'history' | 'fulfill';

interface Making {
  readonly store: TestLedger;
  readonly issuer: Issuer;
  /** Tells the runs apart, so that each writes where none has been. */
  readonly run: number;
  readonly count: number;
}

/** So many events of an operation, as a function gets them, and in the table what they are about. */
export async function eventsOf(operation: Operation, making: Making): Promise<readonly unknown[]> {
  switch (operation) {
    case 'spend':
      return spends(making);
    case 'balance':
    case 'history':
      return reads(operation, making);
    case 'fulfill':
      return payments(making);
  }
}

async function spends({ store, issuer, run, count }: Making) {
  const userId = `spender-${run}`;
  const wallet = { userId, creditType: 'general' };
  entryOf(await store.ledger.run(addWork({ wallet, amount: 1_000_000, cause: 'fill' })));
  const token = await issuer.token({
    sub: CLIENTS.service,
    client_id: CLIENTS.service,
    scope: 'credits/write',
  });
  return Array.from({ length: count }, (_, n) =>
    httpEvent(serviceRoutes.deductCredits, {
      params: { userId },
      body: { amount: 1, description: 'Enrich a lead' },
      headers: { 'idempotency-key': `spend-${run}-${n}` },
      token,
    }),
  );
}

/** Of the sample's wallet, which has a page and one entry. */
async function reads(operation: 'balance' | 'history', { issuer, count }: Making) {
  const token = await issuer.token({ sub: 'sample' });
  const event =
    operation === 'balance'
      ? httpEvent(walletRoutes.getBalance, { token })
      : httpEvent(walletRoutes.listHistory, { token, query: 'limit=20' });
  return Array.from({ length: count }, () => event);
}

/** Paid sessions of purchases that wait for them. */
async function payments({ store, run, count }: Making) {
  const events: unknown[] = [];
  for (let n = 0; n < count; n += 1) {
    const id = `pur_${run}_${n}`;
    const session = { id: `cs_test_${run}_${n}`, url: null, expiresAt: null };
    const userId = `buyer-${run}-${n}`;
    await store.ledger.write([
      {
        record: 'purchase',
        id: { purchaseId: id },
        value: purchaseOf({ id, userId, session }),
        version: null,
      },
      {
        record: 'paymentReference',
        id: { provider: 'stripe', ref: session.id },
        value: { purchaseId: id },
        version: null,
      },
    ]);
    const body = checkoutEventBody({
      id: `evt_${id}`,
      session: { id: session.id, client_reference_id: id, payment_intent: `pi_${id}` },
    });
    const delivery = { provider: 'stripe', received_at: '2026-11-18T11:06:41.000Z', body };
    const attributes = { ApproximateReceiveCount: '1' };
    events.push({
      Records: [{ messageId: `message-${n}`, attributes, body: JSON.stringify(delivery) }],
    });
  }
  return events;
}
