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
 */
export class ProviderSecrets extends Construct {
  readonly stripeApiKey: Secret;
  readonly stripeWebhook: Secret;

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
