import { countRefusals } from '#lib/admin/count-refusals';
import type { ApiDependencies } from '#lib/http/api-handler';
import type { Log } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import { providerAccounts } from '#lib/payments/provider-accounts';
import { createProviderRefunds } from '#lib/payments/provider-refunds';
import { findRazorpayOrder } from '#lib/payments/razorpay-lookup';
import { createRazorpayOrders } from '#lib/payments/razorpay-orders';
import { createStripeCards } from '#lib/payments/stripe-cards';
import { createStripeCheckout } from '#lib/payments/stripe-checkout';
import { findStripeSession } from '#lib/payments/stripe-lookup';
import type { CatalogStore, LedgerStore, PurchaseStore } from '#lib/ports';
import type { CheckoutProvider } from '#lib/purchases/checkout-provider';
import type { OrderProvider } from '#lib/purchases/order-provider';
import type { PaymentLookup } from '#lib/purchases/payment-lookup';
import { originsOf } from '#lib/purchases/redirect-urls';
import type { RefundProvider } from '#lib/purchases/refund-provider';
import { createCatalogStore } from '#lib/store/catalog-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createPurchaseStore } from '#lib/store/purchase-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import type { CardProvider } from '#lib/topups/card-provider';

/** What buying needs: the catalog, a payment page, and the purchases themselves. */
export interface PurchaseDependencies extends ApiDependencies {
  readonly store: LedgerStore;
  readonly purchases: PurchaseStore;
  readonly catalog: CatalogStore;
  readonly checkout: CheckoutProvider;
  readonly orders: OrderProvider;
  readonly lookup: PaymentLookup;
  readonly refunds: RefundProvider;
  readonly cards: CardProvider;
  readonly redirectOrigins: ReadonlySet<string>;
  /** As it stands on receipts. */
  readonly sellerName: string;
  readonly log: Log;
}

/**
 * What a request may spend: all of it together, and time to answer, ends below the function's own timeout. An order
 * takes two calls, when what became of the first is left open, and so does looking one up; saving a card opens a
 * customer and then a page.
 */
export const TIME_BUDGET = {
  stripe: { timeoutMs: 4_500, callsMax: 2 },
  razorpay: { timeoutMs: 4_500, callsMax: 2 },
  retryBudgetMs: 2_000,
} as const;

export function createDependencies({ env, now, log }: Runtime): PurchaseDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: TIME_BUDGET.retryBudgetMs,
    onConflict: () => count('ConflictRetries'),
  });
  const timeoutsMs = {
    stripe: TIME_BUDGET.stripe.timeoutMs,
    razorpay: TIME_BUDGET.razorpay.timeoutMs,
  };
  const { stripe, razorpay } = providerAccounts({ env, now, timeoutsMs });
  const store = createLedgerStore(table);
  return {
    verifyToken: tokenVerifier({ env, now }),
    rateLimits: createRateLimitStore(table),
    recordRefusal: countRefusals(store),
    store,
    purchases: createPurchaseStore(table),
    catalog: createCatalogStore(table),
    checkout: createStripeCheckout(stripe),
    orders: createRazorpayOrders(razorpay),
    lookup: {
      findSession: (sought) => findStripeSession(stripe, sought),
      findOrder: (orderId) => findRazorpayOrder(razorpay.client, orderId),
    },
    cards: createStripeCards(stripe),
    refunds: createProviderRefunds({ stripe, razorpay: razorpay.client }),
    redirectOrigins: originsOf(requireVariable(env, 'REDIRECT_ORIGINS')),
    sellerName: requireVariable(env, 'APP_NAME'),
    log,
  };
}
