import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';

import { createClock, type Clock } from '#infra/local/clock';
import { openState } from '#infra/local/state';
import { createStripe, type StripeStandIn } from '#infra/local/stripe/create-stripe';

export const WEBHOOK_SECRET = 'whsec_local_test';

/** What the webhook receiver got: the exact bytes and the headers. */
export interface Received {
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly event: Stripe.Event;
}

export interface Running {
  readonly stripe: StripeStandIn;
  readonly clock: Clock;
  readonly sdk: Stripe;
  readonly pagesUrl: string;
  readonly apiUrl: string;
  readonly received: Received[];
  /** How the receiver answers from now on. */
  answer: (received: Received) => number;
  /** Returns when all that is due was delivered. */
  readonly settle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A whole stand-in on free loopback ports, with a webhook receiver and the real SDK pointed at it. */
export async function startStripe(
  options: {
    readonly file?: string;
    readonly events?: readonly string[];
    readonly apiKeys?: readonly string[];
  } = {},
): Promise<Running> {
  const state = openState(options.file ?? ':memory:');
  const clock = createClock(state);
  const received: Received[] = [];
  const verifier = new Stripe('sk_test_verify');
  const running: { answer: Running['answer'] } = { answer: () => 200 };

  const receiver = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const header = request.headers['stripe-signature'] ?? '';
      const now = clock.now().getTime();
      try {
        const event = verifier.webhooks.constructEvent(
          body,
          header,
          WEBHOOK_SECRET,
          300,
          undefined,
          now,
        );
        const delivery = { body, headers: request.headers, event };
        received.push(delivery);
        response.writeHead(running.answer(delivery)).end();
      } catch (error) {
        // Refused as the product refuses it: what is not signed counts as not received.
        response.writeHead(400).end(String(error));
      }
    });
  });
  const urls = { pages: '' };
  const stripe = createStripe({
    clock,
    state,
    publicUrl: () => urls.pages,
    webhooks: () => [
      {
        url: `${receiver.url}/webhooks/stripe`,
        secret: WEBHOOK_SECRET,
        events: options.events ?? ['*'],
      },
    ],
    ...(options.apiKeys === undefined ? {} : { apiKeys: options.apiKeys }),
  });
  const api = await listen(stripe.api);
  const pages = await listen(stripe.pages);
  urls.pages = pages.url;

  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await stripe.close();
    await Promise.all([api, pages, receiver].map(close));
    state.close();
  };
  onTestFinished(stop);
  return Object.assign(running, {
    stripe,
    clock,
    sdk: clientFor(api.url),
    pagesUrl: pages.url,
    apiUrl: api.url,
    received,
    settle: async () => {
      do await stripe.tick();
      while (!stripe.idle());
    },
    stop,
  });
}

/** The real SDK, pointed at a stand-in. */
export function clientFor(
  apiUrl: string,
  config: { readonly key?: string; readonly timeout?: number; readonly retries?: number } = {},
): Stripe {
  const { hostname, port } = new URL(apiUrl);
  return new Stripe(config.key ?? 'sk_test_local', {
    host: hostname,
    port: Number(port),
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: config.retries ?? 0,
    ...(config.timeout === undefined ? {} : { timeout: config.timeout }),
  });
}

/** A session as the product asks for one; any part can be changed. */
export function sessionParams(
  change: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Stripe.Checkout.SessionCreateParams {
  return {
    mode: 'payment',
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: 'usd',
          unit_amount: 1999,
          product_data: { name: '100 credits' },
        },
      },
    ],
    success_url: 'https://app.example/thanks?session_id={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://app.example/shop',
    client_reference_id: 'user-1',
    metadata: { purchase_id: 'pur_1' },
    payment_intent_data: { metadata: { purchase_id: 'pur_1' } },
    ...change,
  };
}

/** Sends an encoded request as it is, as `curl` would. */
export async function raw(
  apiUrl: string,
  request: {
    readonly method?: string;
    readonly path: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown }> {
  const response = await fetch(apiUrl + request.path, {
    method: request.method ?? 'GET',
    headers: {
      authorization: 'Bearer sk_test_local',
      ...(request.body === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
}

async function listen(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${portOf(address)}`, server };
}

function portOf(address: AddressInfo): number {
  return address.port;
}

async function close(listening: { readonly server: Server }): Promise<void> {
  listening.server.closeAllConnections();
  await new Promise((resolve) => listening.server.close(resolve));
}
