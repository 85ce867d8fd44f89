import { randomBytes } from 'node:crypto';
import * as z from 'zod';

import { LocalStackError } from '#infra/local/local-stack-error';
import type { Secrets } from '#infra/local/services/secrets';
import type { SecretModel } from '#infra/local/template/model';

const KEY_OF_STAND_IN = 'sk_test_local_';
const RAZORPAY_KEY_OF_STAND_IN = 'rzp_test_local';
const RANDOM_BYTES = 24;

const stripeKeySchema = z.object({ api_key: z.string() });
const razorpayKeySchema = z.object({ key_id: z.string(), key_secret: z.string() });
const webhookSchema = z.object({ current: z.string(), previous: z.string().optional() });

export interface StripeSettings {
  /** A real test key from the environment; without one the stand-in takes the place of Stripe. */
  readonly apiKey?: string;
  /** What `stripe listen` prints when the real Stripe delivers to this machine. */
  readonly webhookSecret?: string;
}

export interface RazorpaySettings {
  /** A real test key from the environment; without one the stand-in takes the place of Razorpay. */
  readonly key?: { readonly id: string; readonly secret: string };
  /** What the dashboard's webhook signs with when the real Razorpay delivers to this machine. */
  readonly webhookSecret?: string;
}

/** Refuses everything that could move real money. Throws `LocalStackError`. */
export function checkProviderKeys(keys: {
  readonly stripe: StripeSettings;
  readonly razorpay: RazorpaySettings;
}): void {
  const { razorpay, stripe } = keys;
  if (stripe.apiKey !== undefined && !/^(?:sk|rk)_test_/.test(stripe.apiKey)) {
    throw new LocalStackError(
      'STRIPE_API_KEY is not a test key (sk_test_...): the local stack never uses a live key.',
    );
  }
  if (razorpay.key && !razorpay.key.id.startsWith('rzp_test_')) {
    throw new LocalStackError(
      'RAZORPAY_KEY_ID is not a test key (rzp_test_...): the local stack never uses a live key.',
    );
  }
}

/**
 * Gives every secret of the template its value at the first start: the payment providers' in the
 * shape that their stand-ins know, all others at random as CloudFormation would.
 */
export function ensureSecrets(options: {
  readonly models: readonly SecretModel[];
  readonly secrets: Secrets;
  readonly stripe?: StripeSettings;
  readonly razorpay?: RazorpaySettings;
}): void {
  const { models, razorpay = {}, secrets, stripe = {} } = options;
  for (const model of models) {
    if (isRazorpayKey(model)) {
      ensureRazorpayKey({ name: model.name, secrets, key: razorpay.key });
    } else if (isStripeKey(model)) {
      secrets.ensure({ name: model.name, value: stripeKeyValue(stripe.apiKey) });
      const { api_key: current } = stripeKeySchema.parse(JSON.parse(secrets.current(model.name)));
      const wanted = stripe.apiKey;
      const fits = wanted === undefined ? current.startsWith(KEY_OF_STAND_IN) : current === wanted;
      if (!fits) secrets.put(model.name, stripeKeyValue(wanted));
    } else if (isStripeWebhook(model)) {
      const given = stripe.webhookSecret;
      ensureWebhookSecret({ name: model.name, secrets, given, prefix: 'whsec_' });
    } else if (isRazorpayWebhook(model)) {
      const given = razorpay.webhookSecret;
      ensureWebhookSecret({ name: model.name, secrets, given, prefix: '' });
    } else {
      secrets.ensure({ name: model.name, value: generate(model) });
    }
  }
}

type WebhookSecrets = z.infer<typeof webhookSchema>;

/** The secrets that Stripe signs webhooks with now; undefined when the template has none. */
export function stripeWebhookSecrets(
  models: readonly SecretModel[],
  secrets: Secrets,
): WebhookSecrets | undefined {
  return webhookSecrets(models.find(isStripeWebhook), secrets);
}

/** The secrets that Razorpay signs webhooks with now; undefined when the template has none. */
export function razorpayWebhookSecrets(
  models: readonly SecretModel[],
  secrets: Secrets,
): WebhookSecrets | undefined {
  return webhookSecrets(models.find(isRazorpayWebhook), secrets);
}

/** The API key that the functions use of Razorpay now; undefined when the template has none. */
export function razorpayKey(
  models: readonly SecretModel[],
  secrets: Secrets,
): { readonly keyId: string; readonly keySecret: string } | undefined {
  const model = models.find(isRazorpayKey);
  if (model === undefined) return undefined;
  const value = razorpayKeySchema.parse(JSON.parse(secrets.current(model.name)));
  return { keyId: value.key_id, keySecret: value.key_secret };
}

function webhookSecrets(
  model: SecretModel | undefined,
  secrets: Secrets,
): WebhookSecrets | undefined {
  if (model === undefined) return undefined;
  return webhookSchema.parse(JSON.parse(secrets.current(model.name)));
}

function ensureWebhookSecret(secret: {
  readonly name: string;
  readonly secrets: Secrets;
  readonly given: string | undefined;
  readonly prefix: string;
}): void {
  const { given, name, prefix, secrets } = secret;
  secrets.ensure({ name, value: JSON.stringify({ current: given ?? `${prefix}${random()}` }) });
  if (given !== undefined) secrets.put(name, JSON.stringify({ current: given }));
}

/** A key of the stand-in gives way to a real one from the environment, and the other way round. */
function ensureRazorpayKey(secret: {
  readonly name: string;
  readonly secrets: Secrets;
  readonly key: RazorpaySettings['key'];
}): void {
  const { key, name, secrets } = secret;
  const wanted = JSON.stringify(
    key
      ? { key_id: key.id, key_secret: key.secret }
      : { key_id: `${RAZORPAY_KEY_OF_STAND_IN}${random()}`, key_secret: random() },
  );
  secrets.ensure({ name, value: wanted });
  const current = razorpayKeySchema.safeParse(JSON.parse(secrets.current(name))).data;
  const fits = key
    ? current?.key_id === key.id && current.key_secret === key.secret
    : current?.key_id.startsWith(RAZORPAY_KEY_OF_STAND_IN) === true;
  if (!fits) secrets.put(name, wanted);
}

function isRazorpayKey({ name }: SecretModel): boolean {
  return name.endsWith('/razorpay/api-key');
}

function isRazorpayWebhook({ name }: SecretModel): boolean {
  return name.endsWith('/razorpay/webhook');
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
