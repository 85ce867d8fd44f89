import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '#infra/acknowledge';

/**
 * What only the payment providers and this account know. Each is created with a random value in its slot, so that
 * until an operator fills it every provider call and every webhook is refused; a deployment never overwrites it.
 *
 *     aws secretsmanager put-secret-value --secret-id credit-ledger-prod/stripe/api-key \
 *       --secret-string '{"api_key":"sk_live_..."}'
 *     aws secretsmanager put-secret-value --secret-id credit-ledger-prod/stripe/webhook \
 *       --secret-string '{"current":"whsec_new","previous":"whsec_old"}'
 *     aws secretsmanager put-secret-value --secret-id credit-ledger-prod/razorpay/api-key \
 *       --secret-string '{"key_id":"rzp_live_...","key_secret":"...","previous_key_secret":""}'
 *     aws secretsmanager put-secret-value --secret-id credit-ledger-prod/razorpay/webhook \
 *       --secret-string '{"current":"new","previous":"old"}'
 */
export class ProviderSecrets extends Construct {
  readonly stripeApiKey: Secret;
  readonly stripeWebhook: Secret;
  readonly razorpayApiKey: Secret;
  readonly razorpayWebhook: Secret;

  constructor(scope: Construct, id: string, prefix: string) {
    super(scope, id);
    this.stripeApiKey = this.#secret('StripeApiKey', {
      name: `${prefix}/stripe/api-key`,
      slot: 'api_key',
      description: 'Stripe API key: {"api_key"}.',
    });
    this.stripeWebhook = this.#secret('StripeWebhook', {
      name: `${prefix}/stripe/webhook`,
      slot: 'current',
      description:
        'Stripe webhook signing secrets: {"current", "previous"}; previous while rolling.',
    });
    this.razorpayApiKey = this.#secret('RazorpayApiKey', {
      name: `${prefix}/razorpay/api-key`,
      slot: 'key_secret',
      description:
        'Razorpay API key: {"key_id", "key_secret", "previous_key_secret"}; previous while exchanging.',
    });
    this.razorpayWebhook = this.#secret('RazorpayWebhook', {
      name: `${prefix}/razorpay/webhook`,
      slot: 'current',
      description:
        'Razorpay webhook secrets: {"current", "previous"}; resends are signed with the one of their event.',
    });
  }

  #secret(id: string, props: { name: string; slot: string; description: string }): Secret {
    const secret = new Secret(this, id, {
      secretName: props.name,
      description: props.description,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: props.slot,
        excludePunctuation: true,
        passwordLength: 40,
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(secret, {
      'AwsSolutions-SMG4':
        'The provider issues this secret, so only its dashboard can rotate it; the receiver takes current and previous.',
    });
    return secret;
  }
}
