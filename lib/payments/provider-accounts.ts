import { type Environment, requireVariable } from '#lib/http/runtime';
import { invariant } from '#lib/invariant';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import {
  type RazorpayKey,
  razorpayKeyPrefix,
  type RazorpayOrdersAccount,
} from '#lib/payments/razorpay-orders';
import { createRazorpayRecords } from '#lib/payments/razorpay-records';
import type { StripeAccount } from '#lib/payments/stripe-client';
import { createStripeRecords } from '#lib/payments/stripe-records';
import type { ProviderRecords } from '#lib/purchases/provider-records';
import {
  createSecretReader,
  type SecretReader,
  type SecretSlots,
} from '#lib/secrets/secret-reader';

/** A deployment's accounts at its payment providers, and whether somebody has given us their keys. */
export interface ProviderAccounts {
  readonly stripe: StripeAccount;
  readonly razorpay: RazorpayOrdersAccount;
  readonly isSetUp: (provider: PaymentProvider) => Promise<boolean>;
}

interface Deployment {
  readonly env: Environment;
  readonly now: () => Date;
  /** Of one attempt. */
  readonly timeoutsMs: Readonly<Record<PaymentProvider, number>>;
}

/** The accounts whose secrets the environment names; their keys are read when they are needed, and again when refused. */
export function providerAccounts({ env, now, timeoutsMs }: Deployment): ProviderAccounts {
  const secretOf = (variable: string): SecretReader =>
    createSecretReader({ arn: requireVariable(env, variable), nowMs: () => now().getTime() });
  const stripeSecret = secretOf('STRIPE_SECRET_ARN');
  const razorpaySecret = secretOf('RAZORPAY_SECRET_ARN');
  const key = async (options?: { readonly fresh: boolean }) =>
    razorpayKeyOf(await razorpaySecret.read(options));
  const razorpay: RazorpayOrdersAccount = {
    client: createRazorpayClient({ credentials: key, timeoutMs: timeoutsMs.razorpay }),
    key,
    livemode: requireVariable(env, 'RAZORPAY_LIVEMODE') === 'true',
  };
  return {
    stripe: {
      apiKey: async (options) => stripeKeyOf(await stripeSecret.read(options)),
      livemode: requireVariable(env, 'STRIPE_LIVEMODE') === 'true',
      timeoutMs: timeoutsMs.stripe,
    },
    razorpay,
    // A secret that nobody has filled holds chance: an app may sell with one provider alone.
    isSetUp: async (provider) => {
      if (provider === 'stripe')
        return /^[rs]k_/.test((await stripeSecret.read())['api_key'] ?? '');
      // Its records do not say their mode: test money must never be credited in the live ledger.
      const { key_id: keyId = '' } = await razorpaySecret.read();
      return keyId.startsWith(razorpayKeyPrefix(razorpay));
    },
  };
}

/** A provider's records, or null while it is not set up. */
export function recordsOf(
  accounts: ProviderAccounts,
  now: () => Date,
): (provider: PaymentProvider) => Promise<ProviderRecords | null> {
  const records = {
    stripe: createStripeRecords({ ...accounts.stripe, now }),
    razorpay: createRazorpayRecords(accounts.razorpay.client),
  };
  return async (provider) => ((await accounts.isSetUp(provider)) ? records[provider] : null);
}

function stripeKeyOf({ api_key: apiKey }: SecretSlots): string {
  invariant(apiKey, 'the secret has a Stripe API key');
  return apiKey;
}

function razorpayKeyOf(slots: SecretSlots): RazorpayKey {
  const { key_id: keyId, key_secret: keySecret, previous_key_secret: previous } = slots;
  invariant(keyId && keySecret, 'the secret has a Razorpay key with its secret');
  return { keyId, keySecret, previousKeySecret: previous ?? '' };
}
