import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { expect } from 'vitest';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import { createCheckout } from '#functions/purchases/create-checkout';
import type { PurchaseDependencies } from '#functions/purchases/dependencies';
import { fulfillPurchase } from '#functions/purchases/fulfill-purchase';
import { getCheckout } from '#functions/purchases/get-checkout';
import { getPurchase } from '#functions/purchases/get-purchase';
import { getReceipt } from '#functions/purchases/get-receipt';
import { initiatePurchase } from '#functions/purchases/initiate-purchase';
import { listPackages } from '#functions/purchases/list-packages';
import { listPurchases } from '#functions/purchases/list-purchases';
import { refundPurchase } from '#functions/purchases/refund-purchase';
import { getAutoTopup } from '#functions/purchases/get-auto-topup';
import { getUserAutoTopup } from '#functions/purchases/get-user-auto-topup';
import { putAutoTopup } from '#functions/purchases/put-auto-topup';
import { putUserAutoTopup } from '#functions/purchases/put-user-auto-topup';
import { resumeAutoTopup } from '#functions/purchases/resume-auto-topup';
import { setUpAutoTopup } from '#functions/purchases/set-up-auto-topup';
import { setUpUserAutoTopup } from '#functions/purchases/set-up-user-auto-topup';
import { verifyPayment } from '#functions/purchases/verify-payment';
import { reconcile } from '#functions/schedules/reconcile';
import { countRefusals } from '#lib/admin/count-refusals';
import { defaultPackages } from '#lib/catalog/default-packages';
import type { CreditPackage } from '#lib/catalog/package';
import { problemDocument } from '#lib/contract/wire';
import type { Route } from '#lib/contract/route';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { apiHandler } from '#lib/http/api-handler';
import type { Caller } from '#lib/identity/caller';
import { createProviderRefunds } from '#lib/payments/provider-refunds';
import { createRazorpayClient, type RazorpayClient } from '#lib/payments/razorpay-client';
import { createRazorpayOrders } from '#lib/payments/razorpay-orders';
import { findRazorpayOrder } from '#lib/payments/razorpay-lookup';
import { createStripeCards } from '#lib/payments/stripe-cards';
import { createStripeCheckout } from '#lib/payments/stripe-checkout';
import type { StripeAccount } from '#lib/payments/stripe-client';
import { createRazorpayRecords } from '#lib/payments/razorpay-records';
import { findStripeSession } from '#lib/payments/stripe-lookup';
import { createStripeRecords } from '#lib/payments/stripe-records';
import { createCatalogStore } from '#lib/store/catalog-store';
import { createPurchaseStore } from '#lib/store/purchase-store';
import { createRecentPurchaseStore } from '#lib/store/recent-purchase-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import { KEY, startRazorpay } from '#tests/infra/local/razorpay/stand-in';
import { startStripe } from '#tests/infra/local/stripe/stand-in';
import type { PayResult } from '#infra/local/razorpay/checkout';
import type { TestLedger } from '#tests/support/ledger';

export const ORIGIN = 'https://app.example';

export interface Buying {
  readonly user?: string;
  readonly key?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

/**
 * The purchases function over a real table, a Stripe and a Razorpay of its own: `token` is the user's id. Its clock
 * stands still, unless it is to be the providers' own.
 */
export async function openShop(
  test: TestLedger,
  changes: Partial<PurchaseDependencies> = {},
  options: { readonly isClockShared?: boolean } = {},
) {
  const { isClockShared = false } = options;
  const patience = { timeoutMs: 1_000 };
  const keys = { stripe: 'sk_test_local', razorpay: KEY.keyId };
  const running = await startStripe();
  const rzp = await startRazorpay();
  const still = testRuntime();
  const runtime = isClockShared ? { ...still, now: () => running.clock.now() } : still;
  const { hostname, port } = new URL(running.apiUrl);
  const account: StripeAccount = {
    apiKey: async () => keys.stripe,
    livemode: false,
    get timeoutMs() {
      return patience.timeoutMs;
    },
    server: { host: hostname, port: Number(port), protocol: 'http' },
  };
  const razorpay = razorpayClient(rzp.apiUrl, { patience, keys });
  const dependencies: PurchaseDependencies = {
    verifyToken: async (sub) => ({
      kind: 'verified',
      caller: callerOf(sub),
    }),
    rateLimits: createRateLimitStore(test.table),
    recordRefusal: countRefusals(test.ledger),
    store: test.ledger,
    purchases: createPurchaseStore(test.table),
    catalog: createCatalogStore(test.table),
    checkout: createStripeCheckout(account),
    cards: createStripeCards(account),
    orders: razorpayOrders(razorpay),
    lookup: {
      findSession: (sought) => findStripeSession(account, sought),
      findOrder: (orderId) => findRazorpayOrder(razorpay, orderId),
    },
    refunds: createProviderRefunds({ stripe: account, razorpay }),
    redirectOrigins: new Set([ORIGIN]),
    sellerName: 'Acme & Sons',
    log: runtime.log,
    ...changes,
  };
  const handle = apiHandler(
    [
      listPackages,
      createCheckout,
      getCheckout,
      initiatePurchase,
      verifyPayment,
      listPurchases,
      getPurchase,
      getReceipt,
      fulfillPurchase,
      refundPurchase,
      getAutoTopup,
      getUserAutoTopup,
      putAutoTopup,
      putUserAutoTopup,
      resumeAutoTopup,
      setUpAutoTopup,
      setUpUserAutoTopup,
    ],
    () => dependencies,
    runtime,
  );
  let requests = 0;
  const call = (route: Route, request: Parameters<typeof httpEvent>[1]) => {
    requests += 1;
    return handle(httpEvent(route, { requestId: `req-${requests}`, ...request }), context());
  };
  return {
    ...running,
    rzp,
    cards: dependencies.cards,
    now: runtime.now,
    log: runtime.log,
    lines: runtime.lines,
    call,
    buy: ({ user = 'user-1', key, body }: Buying = {}) =>
      call(purchaseRoutes.createCheckout, {
        token: user,
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
        body: {
          package_id: 'starter',
          success_url: `${ORIGIN}/thanks?session_id={CHECKOUT_SESSION_ID}`,
          cancel_url: `${ORIGIN}/shop`,
          ...body,
        },
      }),
    /** Asks for a Razorpay order. */
    order: (
      body: Readonly<Record<string, unknown>> = { package_id: 'starter' },
      { user = 'user-1', key }: Omit<Buying, 'body'> = {},
    ) =>
      call(purchaseRoutes.initiatePurchase, {
        token: user,
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
        body,
      }),
    /** Hands to us what Razorpay's page has handed to the app. */
    verify: (
      handover: PayResult,
      changes: Readonly<Record<string, unknown>> & { user?: string },
    ) => {
      const { user = 'user-1', ...others } = changes;
      const body = {
        razorpay_payment_id: handover.razorpay_payment_id,
        razorpay_order_id: handover.razorpay_order_id,
        razorpay_signature: handover.razorpay_signature,
        ...others,
      };
      return call(purchaseRoutes.verifyPayment, { token: user, body });
    },
    /** How long an attempt at a provider may take. */
    patience,
    /** The API keys that we hold; either may be one that its provider does not know. */
    keys,
    /** Lets time pass for everybody. */
    pass: (ms: number) => {
      running.clock.advance(ms);
      rzp.clock.advance(ms);
    },
    /** The scheduled comparison with both providers' records. */
    reconcile: () => {
      const stripe = createStripeRecords({ ...account, now: runtime.now });
      return reconcile({
        ledger: test.ledger,
        recent: createRecentPurchaseStore(test.table),
        records: async (provider) =>
          provider === 'stripe' ? stripe : createRazorpayRecords(razorpay),
        now: runtime.now,
        count: () => undefined,
        log: runtime.log,
      });
    },
    /** Hands every event that Stripe and Razorpay have for us, or those that say a text, to fulfillment. */
    fulfil: async (about = '') => {
      const received_at = runtime.now().toISOString();
      await rzp.settle();
      const deliveries = [
        ...running.stripe
          .events()
          .map((event) => ({ provider: 'stripe', received_at, body: JSON.stringify(event) })),
        ...rzp.received.map(({ body, id }) => ({
          provider: 'razorpay',
          received_at,
          event_id: id,
          body,
        })),
      ];
      const told = deliveries.filter(({ body }) => body.includes(about));
      const records = told.map((delivery, index) => ({
        messageId: `message-${index}`,
        attributes: { ApproximateReceiveCount: '1' },
        body: JSON.stringify(delivery),
      }));
      const { now, log } = runtime;
      const { history, ledger: store } = test;
      const deps = { store, history, livemode: false, now, log, count: () => undefined };
      expect(await fulfillBatch(deps, records)).toEqual({ batchItemFailures: [] });
    },
  };
}

/** A user of that id; `finance-1` and `support-1` are of these groups, and come through the admin client. */
function callerOf(sub: string): Caller {
  const [, group] = /^(finance|support)-/.exec(sub) ?? [];
  return {
    kind: group === undefined ? 'user' : 'admin',
    sub,
    clientId: 'any',
    groups: new Set(group === undefined ? [] : [group]),
    scopes: new Set(),
  };
}

function razorpayOrders(client: RazorpayClient) {
  const key = async () => ({ ...KEY, previousKeySecret: '' });
  return createRazorpayOrders({ client, key, livemode: false });
}

/** The product's client of Razorpay, pointed at a stand-in. */
function razorpayClient(
  apiUrl: string,
  {
    keys,
    patience,
  }: {
    readonly keys: { readonly razorpay: string };
    readonly patience: { readonly timeoutMs: number };
  },
) {
  const { hostname, port } = new URL(apiUrl);
  return createRazorpayClient({
    credentials: async () => ({ ...KEY, keyId: keys.razorpay }),
    get timeoutMs() {
      return patience.timeoutMs;
    },
    server: { host: hostname, port: Number(port), protocol: 'http' },
  });
}

export async function seedPackages(
  test: TestLedger,
  more: readonly CreditPackage[] = [],
): Promise<void> {
  for (const value of [...defaultPackages, ...more]) {
    const id = { packageId: value.id };
    await test.ledger.write([{ record: 'package', id, value, version: null }]);
  }
}

/** Expects an answer of a route and gives its body, parsed by the contract's own schema. */
export function bodyOf<S extends number, B>(
  route: { readonly answers: Readonly<Record<S, { parse: (value: unknown) => B }>> },
  status: S,
  answer: APIGatewayProxyStructuredResultV2,
): B {
  expect(answer).toMatchObject({ statusCode: status });
  return route.answers[status].parse(JSON.parse(answer.body ?? ''));
}

/** Expects a refusal and gives its code. */
export function codeOf(answer: APIGatewayProxyStructuredResultV2): string {
  const { code, status } = problemDocument.parse(JSON.parse(answer.body ?? ''));
  expect(answer.statusCode).toBe(status);
  return code;
}
