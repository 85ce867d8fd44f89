import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { providerAccounts, recordsOf } from '#lib/payments/provider-accounts';

const secrets = mockClient(SecretsManagerClient);
afterEach(() => {
  secrets.reset();
});

/** A deployment whose two secrets hold this. */
function accountsOf(held: {
  readonly stripe: object;
  readonly razorpay: object;
  readonly livemode?: boolean;
}) {
  const { livemode = false, razorpay, stripe } = held;
  for (const [SecretId, slots] of [
    ['arn:stripe', stripe],
    ['arn:razorpay', razorpay],
  ] as const) {
    secrets
      .on(GetSecretValueCommand, { SecretId })
      .resolves({ SecretString: JSON.stringify(slots) });
  }
  const env = {
    STRIPE_SECRET_ARN: 'arn:stripe',
    STRIPE_LIVEMODE: String(livemode),
    RAZORPAY_SECRET_ARN: 'arn:razorpay',
    RAZORPAY_LIVEMODE: String(livemode),
  };
  const now = () => new Date('2026-11-20T12:00:00.000Z');
  const accounts = providerAccounts({ env, now, timeoutsMs: { stripe: 1, razorpay: 1 } });
  return { accounts, records: recordsOf(accounts, now) };
}

// As a deployment creates them.
const unfilled = { stripe: { api_key: 'chance' }, razorpay: { key_secret: 'chance' } };

describe('a deployment’s accounts', () => {
  it.each([
    ['nothing filled in', unfilled, [false, false]],
    ['Stripe alone', { ...unfilled, stripe: { api_key: 'rk_test_1' } }, [true, false]],
    [
      'Razorpay alone',
      { ...unfilled, razorpay: { key_id: 'rzp_test_1', key_secret: 's' } },
      [false, true],
    ],
    [
      'a Razorpay key of the other mode',
      { ...unfilled, livemode: true, razorpay: { key_id: 'rzp_test_1', key_secret: 's' } },
      [false, false],
    ],
  ])('with %s have the records of what is set up', async (_, held, expected) => {
    const { records } = accountsOf(held);
    const found = [await records('stripe'), await records('razorpay')];
    expect(found.map((each) => each !== null)).toEqual(expected);
  });

  it('refuse to go on without a key instead of asking with none', async () => {
    const { accounts } = accountsOf({ stripe: {}, razorpay: { key_id: 'rzp_test_1' } });
    await expect(accounts.stripe.apiKey()).rejects.toThrow('Stripe API key');
    await expect(accounts.razorpay.key()).rejects.toThrow('Razorpay key');
  });
});
