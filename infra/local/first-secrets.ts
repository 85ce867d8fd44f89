import { randomBytes } from 'node:crypto';
import * as z from 'zod';

import { LocalStackError } from '#infra/local/local-stack-error';
import type { Secrets } from '#infra/local/services/secrets';
import type { SecretModel } from '#infra/local/template/model';

const KEY_OF_STAND_IN = 'sk_test_local_';
const RANDOM_BYTES = 24;

const stripeKeySchema = z.object({ api_key: z.string() });
const webhookSchema = z.object({ current: z.string(), previous: z.string().optional() });

export interface StripeSettings {
  /** A real test key from the environment; without one the stand-in takes the place of Stripe. */
  readonly apiKey?: string;
  /** What `stripe listen` prints when the real Stripe delivers to this machine. */
  readonly webhookSecret?: string;
}

/** Refuses everything that could move real money. Throws `LocalStackError`. */
export function checkStripeKey(apiKey: string | undefined): void {
  if (apiKey === undefined || /^(?:sk|rk)_test_/.test(apiKey)) return;
  throw new LocalStackError(
    'STRIPE_API_KEY is not a test key (sk_test_...): the local stack never uses a live key.',
  );
}

/**
 * Gives every secret of the template its value at the first start: the payment providers' in the
 * shape that their stand-ins know, all others at random as CloudFormation would.
 */
export function ensureSecrets(options: {
  readonly models: readonly SecretModel[];
  readonly secrets: Secrets;
  readonly stripe: StripeSettings;
}): void {
  const { models, secrets, stripe } = options;
  for (const model of models) {
    if (isStripeKey(model)) {
      secrets.ensure({ name: model.name, value: stripeKeyValue(stripe.apiKey) });
      const { api_key: current } = stripeKeySchema.parse(JSON.parse(secrets.current(model.name)));
      const wanted = stripe.apiKey;
      const fits = wanted === undefined ? current.startsWith(KEY_OF_STAND_IN) : current === wanted;
      if (!fits) secrets.put(model.name, stripeKeyValue(wanted));
    } else if (isStripeWebhook(model)) {
      const value = stripe.webhookSecret ?? `whsec_${random()}`;
      secrets.ensure({ name: model.name, value: JSON.stringify({ current: value }) });
      if (stripe.webhookSecret !== undefined) {
        secrets.put(model.name, JSON.stringify({ current: stripe.webhookSecret }));
      }
    } else {
      secrets.ensure({ name: model.name, value: generate(model) });
    }
  }
}

/** The secrets that Stripe signs webhooks with now; undefined when the template has none. */
export function stripeWebhookSecrets(
  models: readonly SecretModel[],
  secrets: Secrets,
): z.infer<typeof webhookSchema> | undefined {
  const model = models.find(isStripeWebhook);
  if (model === undefined) return undefined;
  return webhookSchema.parse(JSON.parse(secrets.current(model.name)));
}

function isStripeKey({ name }: SecretModel): boolean {
  return name.endsWith('/stripe/api-key');
}

function isStripeWebhook({ name }: SecretModel): boolean {
  return name.endsWith('/stripe/webhook');
}

function stripeKeyValue(apiKey: string | undefined): string {
  return JSON.stringify({ api_key: apiKey ?? `${KEY_OF_STAND_IN}${random()}` });
}

function generate({ value }: SecretModel): string {
  if (value.kind === 'text') return value.text;
  const text = randomBytes(value.length).toString('base64url').slice(0, value.length);
  if (value.key === undefined) return text;
  const template: unknown = JSON.parse(value.template ?? '{}');
  return JSON.stringify({
    ...z.record(z.string(), z.unknown()).parse(template),
    [value.key]: text,
  });
}

function random(): string {
  return randomBytes(RANDOM_BYTES).toString('hex');
}
