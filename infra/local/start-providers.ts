import type { Clock } from '#infra/local/clock';
import {
  razorpayKey,
  type RazorpaySettings,
  razorpayWebhookSecrets,
  type StripeSettings,
  stripeWebhookSecrets,
} from '#infra/local/first-secrets';
import { createRazorpay, type RazorpayStandIn } from '#infra/local/razorpay/create-razorpay';
import { type Closing, serveOn, type Services } from '#infra/local/start-services';
import type { StateStore } from '#infra/local/state';
import { createStripe, type StripeStandIn } from '#infra/local/stripe/create-stripe';
import type { StackModel } from '#infra/local/template/model';

/** The payment providers' stand-ins. */
export interface Providers {
  readonly stripe: StripeStandIn;
  readonly razorpay: RazorpayStandIn;
  /** Where the functions' calls go instead of to the providers; none for one whose real test key is used. */
  readonly redirects: Readonly<Record<string, number>>;
  /** To be called when the clock was moved. */
  tick(): Promise<void>;
}

interface Options {
  readonly clock: Clock;
  readonly state: StateStore;
  readonly front: { readonly url: string; readonly port: number };
  readonly model: StackModel;
  readonly services: Services;
  readonly settings: { readonly stripe: StripeSettings; readonly razorpay: RazorpaySettings };
  readonly closing: Closing;
  readonly log: (line: string) => void;
}

/** Starts both stand-ins; their webhooks go to the receivers of the template, as the providers' would. */
export async function startProviders(options: Options): Promise<Providers> {
  const { clock, closing, front, log, model, services, settings, state } = options;
  const base = { clock, state, log, publicUrl: () => front.url };
  const targets = (path: string, secret: string | undefined) => {
    const isReceived = model.functionUrls.some((receiver) => receiver.path === path);
    if (!isReceived || secret === undefined) return [];
    return [{ url: `http://127.0.0.1:${front.port}${path}`, secret, events: ['*'] }];
  };
  const stripe = createStripe({
    ...base,
    webhooks: () =>
      targets('/webhooks/stripe', stripeWebhookSecrets(model.secrets, services.secrets)?.current),
  });
  closing.add(() => stripe.close());
  const razorpay = createRazorpay({
    ...base,
    keys: () => {
      const key = razorpayKey(model.secrets, services.secrets);
      return key ? [key] : [];
    },
    webhooks: () =>
      targets(
        '/webhooks/razorpay',
        razorpayWebhookSecrets(model.secrets, services.secrets)?.current,
      ),
  });
  closing.add(() => razorpay.close());
  return {
    stripe,
    razorpay,
    redirects: {
      ...(settings.stripe.apiKey === undefined && {
        'api.stripe.com': await serveOn(stripe.api, closing),
      }),
      ...(settings.razorpay.key === undefined && {
        'api.razorpay.com': await serveOn(razorpay.api, closing),
      }),
    },
    tick: async () => {
      await stripe.tick();
      await razorpay.tick();
    },
  };
}
