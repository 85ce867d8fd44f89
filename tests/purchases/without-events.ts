import { expect } from 'vitest';
import { verify } from '#lib/ledger/verify';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { createRazorpayRecords } from '#lib/payments/razorpay-records';
import { createStripeRecords } from '#lib/payments/stripe-records';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';
import { reconcilePurchases } from '#lib/purchases/reconcile-purchases';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { KEY, newOrder, type Running as Razorpay } from '#tests/infra/local/razorpay/stand-in';
import { type Running as Stripe, sessionParams } from '#tests/infra/local/stripe/stand-in';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import type { TestLedger } from '#tests/support/ledger';

/** A report of a comparison that found nothing. */
export const NOTHING = {
  restored: 0,
  expired: 0,
  duplicate: 0,
  mismatch: 0,
  unknown: 0,
  waiting: 0,
} as const;

/**
 * Purchases that the ledger has asked the providers' stand-ins for and hears nothing more of; they are in a real table
 * of the test's own.
 */
export function withoutEvents(ledger: () => TestLedger) {
  let made = 0;
  /** 500 credits for 49.00, with the page or order that the provider has for it. */
  async function givenPurchase(of: {
    readonly provider: Purchase['provider'];
    readonly id: string;
    readonly createdAt: Date;
    readonly sessionId: string | null;
  }): Promise<Purchase> {
    const { id, provider, sessionId } = of;
    const session = sessionId === null ? null : { id: sessionId, url: null, expiresAt: null };
    const value = purchaseOf({
      id,
      provider,
      session,
      userId: `user-${id}`,
      credits: 500,
      amountMinor: 4_900,
      currency: provider === 'stripe' ? 'USD' : 'INR',
      createdAt: of.createdAt.toISOString(),
    });
    await ledger().ledger.write([
      { record: 'purchase', id: { purchaseId: id }, value, version: null },
      ...(sessionId === null
        ? []
        : [
            {
              record: 'paymentReference',
              id: { provider, ref: sessionId },
              value: { purchaseId: id },
              version: null,
            } as const,
          ]),
    ]);
    return value;
  }

  async function givenSession(
    { sdk, clock }: Stripe,
    changes: { readonly amountMinor?: number; readonly isTold?: boolean } = {},
  ) {
    made += 1;
    const id = `pur_session_${made}`;
    const { amountMinor: unit_amount = 4_900, isTold = true } = changes;
    const metadata = { purchase_id: id };
    const price_data = { currency: 'usd', unit_amount, product_data: { name: 'Credits' } };
    const session = await sdk.checkout.sessions.create(
      sessionParams({
        line_items: [{ quantity: 1, price_data }],
        client_reference_id: id,
        metadata,
        payment_intent_data: { metadata },
      }),
    );
    const createdAt = clock.now();
    const sessionId = isTold ? session.id : null;
    await givenPurchase({ provider: 'stripe', id, createdAt, sessionId });
    return { id, sessionId: session.id };
  }

  async function givenOrder({ sdk, clock }: Razorpay, changes: { readonly isTold?: boolean } = {}) {
    made += 1;
    const id = `pur_order_${made}`;
    const orderId = await newOrder(sdk, { amount: 4_900, receipt: id, notes: { purchase_id: id } });
    const sessionId = changes.isTold === false ? null : orderId;
    await givenPurchase({ provider: 'razorpay', id, createdAt: clock.now(), sessionId });
    return { id, orderId };
  }

  const reconcile = ({ clock }: Stripe | Razorpay, records: ProviderRecords) =>
    reconcilePurchases(
      { store: ledger().ledger, recent: createRecentPurchaseStore(ledger().table), records },
      { now: clock.now().toISOString() },
    );

  async function stateOf(id: string) {
    const read = await ledger().ledger.load([{ record: 'purchase', id: { purchaseId: id } }]);
    const purchase = read('purchase', { purchaseId: id })?.value;
    if (!purchase) throw new Error('the purchase is gone');
    const { userId, creditType } = purchase;
    const head = await ledger().ledger.loadHead({ userId, creditType });
    expect(verify(head, await ledger().ledger.loadEntries(userId))).toEqual([]);
    return { status: statusOf(purchase), balance: head.balance, purchase };
  }

  return { givenSession, givenOrder, reconcile, stateOf };
}

export function recordsOfStripe(
  { apiUrl, clock }: Stripe,
  { timeoutMs = 2_000 } = {},
): ProviderRecords {
  const { hostname, port } = new URL(apiUrl);
  return createStripeRecords({
    apiKey: async () => 'sk_test_local',
    livemode: false,
    timeoutMs,
    server: { host: hostname, port: Number(port), protocol: 'http' },
    now: () => clock.now(),
  });
}

export function recordsOfRazorpay({ apiUrl }: Razorpay): ProviderRecords {
  const { hostname, port } = new URL(apiUrl);
  const server = { host: hostname, port: Number(port), protocol: 'http' } as const;
  return createRazorpayRecords(
    createRazorpayClient({ credentials: async () => KEY, timeoutMs: 2_000, server }),
  );
}
