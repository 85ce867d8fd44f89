import { createServer, type RequestListener, type Server } from 'node:http';
import Razorpay from 'razorpay';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

import { type Clock, createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { createRazorpay, type RazorpayStandIn } from '#infra/local/razorpay/create-razorpay';
import { openState } from '#infra/local/state';

export const WEBHOOK_SECRET = 'local-webhook-secret';
export const KEY = { keyId: 'rzp_test_local', keySecret: 'local-key-secret' } as const;

const eventSchema = z.looseObject({
  entity: z.literal('event'),
  event: z.string(),
  contains: z.array(z.string()),
  payload: z.record(z.string(), z.looseObject({ entity: z.looseObject({ id: z.string() }) })),
});

/** What the webhook receiver got and found to be signed. */
export interface Received {
  readonly id: string;
  readonly secret: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly event: z.infer<typeof eventSchema>;
}

export interface Running {
  readonly razorpay: RazorpayStandIn;
  readonly clock: Clock;
  readonly sdk: Razorpay;
  readonly pagesUrl: string;
  readonly apiUrl: string;
  readonly received: Received[];
  /** How the receiver answers from now on. */
  answer: (received: Received) => number;
  /** The secret that the account signs with; the receiver knows this one and the first. */
  webhookSecret: string;
  /** Returns when all that is due was delivered. */
  readonly settle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A whole stand-in on free loopback ports, with a webhook receiver and the real SDK pointed at it. */
export async function startRazorpay(
  options: { readonly file?: string; readonly events?: readonly string[] } = {},
): Promise<Running> {
  const state = openState(options.file ?? ':memory:');
  const clock = createClock(state);
  const received: Received[] = [];
  const running: Pick<Running, 'answer' | 'webhookSecret'> = {
    answer: () => 200,
    webhookSecret: WEBHOOK_SECRET,
  };
  const receiver = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const signature = String(request.headers['x-razorpay-signature']);
      const secret = [running.webhookSecret, WEBHOOK_SECRET].find((candidate) =>
        Razorpay.validateWebhookSignature(body, signature, candidate),
      );
      // Refused as the product refuses it: what is not signed counts as not received.
      if (secret === undefined) {
        response.writeHead(400).end();
        return;
      }
      const delivery: Received = {
        id: String(request.headers['x-razorpay-event-id']),
        secret,
        body,
        headers: request.headers,
        event: eventSchema.parse(JSON.parse(body)),
      };
      received.push(delivery);
      response.writeHead(running.answer(delivery)).end();
    });
  });
  const urls = { pages: '' };
  const razorpay = createRazorpay({
    clock,
    state,
    publicUrl: () => urls.pages,
    keys: () => [KEY],
    webhooks: () => [
      {
        url: `${receiver.url}/webhooks/razorpay`,
        secret: running.webhookSecret,
        events: options.events ?? ['*'],
      },
    ],
  });
  const api = await serve(razorpay.api);
  const pages = await serve(razorpay.pages);
  urls.pages = pages.url;

  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await razorpay.close();
    await Promise.all([api, pages, receiver].map(({ server }) => stopListening(server)));
    state.close();
  };
  onTestFinished(stop);
  return Object.assign(running, {
    razorpay,
    clock,
    sdk: clientFor(api.url),
    pagesUrl: pages.url,
    apiUrl: api.url,
    received,
    settle: async () => {
      do await razorpay.tick();
      while (!razorpay.idle());
    },
    stop,
  });
}

/** The real SDK, pointed at a stand-in; it has no option for that. */
export function clientFor(
  apiUrl: string,
  config: { readonly keySecret?: string; readonly timeout?: number } = {},
): Razorpay {
  const sdk = new Razorpay({
    key_id: KEY.keyId,
    key_secret: config.keySecret ?? KEY.keySecret,
  });
  const defaults = z
    .object({ rq: z.custom<{ defaults: { baseURL: string; timeout: number } }>() })
    .parse(Reflect.get(sdk, 'api')).rq.defaults;
  defaults.baseURL = apiUrl;
  defaults.timeout = config.timeout ?? 0;
  return sdk;
}

/** An order as the product asks for one. */
export async function newOrder(
  sdk: Razorpay,
  change: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { id } = await sdk.orders.create({
    amount: 50_000,
    currency: 'INR',
    receipt: 'pur_1',
    notes: { purchase_id: 'pur_1' },
    ...change,
  });
  return id;
}

/** An order that was paid at once; ids of order and payment. */
export async function paidOrder(
  { sdk, razorpay }: Running,
  change: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly orderId: string; readonly paymentId: string }> {
  const orderId = await newOrder(sdk, change);
  const { razorpay_payment_id: paymentId } = razorpay.pay(orderId, 'success');
  return { orderId, paymentId: paymentId ?? '' };
}

/** Sends a request as it is, as `curl -u` would. */
export async function raw(
  apiUrl: string,
  request: {
    readonly method?: string;
    readonly path: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(apiUrl + request.path, {
    method: request.method ?? 'GET',
    headers: {
      authorization: `Basic ${Buffer.from(`${KEY.keyId}:${KEY.keySecret}`).toString('base64')}`,
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body !== undefined && { body: request.body }),
  });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

async function serve(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener);
  return { url: `http://127.0.0.1:${await listen(server)}`, server };
}
