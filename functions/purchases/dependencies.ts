import { countRefusals } from '#lib/admin/count-refusals';
import type { ApiDependencies } from '#lib/http/api-handler';
import type { Log } from '#lib/http/log';
import { createMetrics } from '#lib/http/metrics';
import { requireVariable, type Runtime } from '#lib/http/runtime';
import { tokenVerifier } from '#lib/http/token-verifier';
import { invariant } from '#lib/invariant';
import { createProviderRefunds } from '#lib/payments/provider-refunds';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { findRazorpayOrder } from '#lib/payments/razorpay-lookup';
import {
  createRazorpayOrders,
  type RazorpayKey,
  type RazorpayOrdersAccount,
} from '#lib/payments/razorpay-orders';
import { createStripeCheckout } from '#lib/payments/stripe-checkout';
import type { StripeAccount } from '#lib/payments/stripe-client';
import { findStripeSession } from '#lib/payments/stripe-lookup';
import type { CatalogStore, LedgerStore, PurchaseStore } from '#lib/ports';
import type { CheckoutProvider } from '#lib/purchases/checkout-provider';
import type { OrderProvider } from '#lib/purchases/order-provider';
import type { PaymentLookup } from '#lib/purchases/payment-lookup';
import type { RefundProvider } from '#lib/purchases/refund-provider';
import { createSecretReader, type SecretSlots } from '#lib/secrets/secret-reader';
import { createCatalogStore } from '#lib/store/catalog-store';
import { lambdaTable } from '#lib/store/lambda-table';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createPurchaseStore } from '#lib/store/purchase-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';

/** What buying needs: the catalog, a payment page, and the purchases themselves. */
export interface PurchaseDependencies extends ApiDependencies {
  readonly store: LedgerStore;
  readonly purchases: PurchaseStore;
  readonly catalog: CatalogStore;
  readonly checkout: CheckoutProvider;
  readonly orders: OrderProvider;
  readonly lookup: PaymentLookup;
  readonly refunds: RefundProvider;
  readonly redirectOrigins: ReadonlySet<string>;
  /** As it stands on receipts. */
  readonly sellerName: string;
  readonly log: Log;
}

// Two attempts at Stripe and one fight for a wallet end below the function's 20 s.
const STRIPE_TIMEOUT_MS = 8_000;
// An order takes two calls of two attempts, when the first is left open.
const RAZORPAY_TIMEOUT_MS = 3_500;
const RETRY_BUDGET_MS = 2_000;

export function createDependencies({ env, now, log }: Runtime): PurchaseDependencies {
  const count = createMetrics();
  const table = lambdaTable({
    name: requireVariable(env, 'TABLE_NAME'),
    retryBudgetMs: RETRY_BUDGET_MS,
    onConflict: () => count('ConflictRetries'),
  });
  const stripe = stripeAccount({ env, now });
  const razorpay = razorpayAccount({ env, now });
  const store = createLedgerStore(table);
  return {
    verifyToken: tokenVerifier(env),
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
    refunds: createProviderRefunds({ stripe, razorpay: razorpay.client }),
    redirectOrigins: originsOf(requireVariable(env, 'REDIRECT_ORIGINS')),
    sellerName: requireVariable(env, 'APP_NAME'),
    log,
  };
}

function stripeAccount({ env, now }: Pick<Runtime, 'env' | 'now'>): StripeAccount {
  const secret = createSecretReader({
    arn: requireVariable(env, 'STRIPE_SECRET_ARN'),
    nowMs: () => now().getTime(),
  });
  return {
    apiKey: async (options) => {
      const { api_key: apiKey } = await secret.read(options);
      invariant(apiKey, 'the secret has a Stripe API key');
      return apiKey;
    },
    livemode: requireVariable(env, 'STRIPE_LIVEMODE') === 'true',
    timeoutMs: STRIPE_TIMEOUT_MS,
  };
}

function razorpayAccount({ env, now }: Pick<Runtime, 'env' | 'now'>): RazorpayOrdersAccount {
  const secret = createSecretReader({
    arn: requireVariable(env, 'RAZORPAY_SECRET_ARN'),
    nowMs: () => now().getTime(),
  });
  const key = async (options?: { readonly fresh: boolean }) => keyOf(await secret.read(options));
  return {
    client: createRazorpayClient({ credentials: key, timeoutMs: RAZORPAY_TIMEOUT_MS }),
    key,
    livemode: requireVariable(env, 'RAZORPAY_LIVEMODE') === 'true',
  };
}

function keyOf(slots: SecretSlots): RazorpayKey {
  const { key_id: keyId, key_secret: keySecret, previous_key_secret: previous } = slots;
  invariant(keyId && keySecret, 'the secret has a Razorpay key with its secret');
  return { keyId, keySecret, previousKeySecret: previous ?? '' };
}

/** As browsers compare them: scheme, host and port, nothing less. */
function originsOf(list: string): ReadonlySet<string> {
  return new Set(list.split(',').map((origin) => new URL(origin.trim()).origin));
}
