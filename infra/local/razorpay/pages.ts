import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';

import { readBody } from '#infra/local/providers/http';
import { sendPage } from '#infra/local/providers/page';
import {
  type Checkout,
  type Outcome,
  OUTCOMES,
  type Payer,
  type PayResult,
} from '#infra/local/razorpay/checkout';
import { RazorpayApiError } from '#infra/local/razorpay/errors';
import { checkoutPage, type PageFacts, unknownOrderPage } from '#infra/local/razorpay/page-view';
import { METHODS, type Order, type Payment, type Records } from '#infra/local/razorpay/records';

const PATH = /^\/razorpay\/checkout\/([A-Za-z0-9_]+)\/?$/;
const FORM_MAX_BYTES = 16 * 1024;
/** Long enough to see an authorized payment in the app, short enough to wait for. */
const BANK_ANSWERS_AFTER_MS = 5_000;

const formSchema = z.object({
  outcome: z.enum([...OUTCOMES, 'late']),
  method: z.enum(METHODS).default('card'),
  email: z.string().max(320).default(''),
  contact: z.string().max(20).default(''),
});

interface PagesParts {
  readonly checkout: Checkout;
  readonly records: Records;
  /** Does first what the clock has brought. */
  readonly sweep: () => void;
  readonly pay: (orderId: string, outcome: Outcome, payer: Payer) => PayResult;
  readonly authorizeLate: (paymentId: string) => Payment;
}

/**
 * The checkout page (`/razorpay/checkout/{orderId}`): plain HTML, no script needed. As Razorpay's own
 * Checkout, it posts what it hands over to `callback_url`, when the address has one.
 */
export function createPages(parts: PagesParts): RequestListener {
  return (incoming, response) => {
    handle(parts, incoming, response).catch(() => incoming.socket.destroy());
  };
}

async function handle(
  parts: PagesParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { records } = parts;
  const [path = '', query = ''] = (incoming.url ?? '').split('?', 2);
  parts.sweep();
  const order = records.orders.get(PATH.exec(path)?.[1] ?? '');
  if (order === undefined) {
    sendPage(response, 404, unknownOrderPage);
    return;
  }
  const callbackUrl = readCallbackUrl(query);
  if (incoming.method === 'GET' || incoming.method === 'HEAD') {
    sendPage(response, 200, (nonce) => checkoutPage(factsOf(parts, order, callbackUrl), nonce));
    return;
  }
  if (incoming.method !== 'POST') {
    response.writeHead(405, { allow: 'GET, HEAD, POST' }).end();
    return;
  }
  const body = await readBody(incoming, FORM_MAX_BYTES);
  const form = formSchema.safeParse(Object.fromEntries(new URLSearchParams(body)));
  if (!form.success) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end('This form is not complete.\n');
    return;
  }
  const { outcome, email } = form.data;
  if (outcome !== 'cancel' && email !== '' && !z.email().safeParse(email).success) {
    const problem = { message: 'Please enter a valid e-mail address.', email };
    const facts: PageFacts = { ...factsOf(parts, order, callbackUrl), problem };
    sendPage(response, 422, (nonce) => checkoutPage(facts, nonce));
    return;
  }
  if (outcome === 'cancel') {
    const facts: PageFacts = { ...factsOf(parts, order, callbackUrl), cancelled: true };
    sendPage(response, 200, (nonce) => checkoutPage(facts, nonce));
    return;
  }
  act(parts, order, form.data);
  const location = query === '' ? path : `${path}?${query}`;
  response.writeHead(303, { location, 'cache-control': 'no-store' }).end();
}

function act(parts: PagesParts, order: Order, form: z.output<typeof formSchema>): void {
  const { outcome, method, email, contact } = form;
  try {
    if (outcome === 'late') {
      parts.authorizeLate(parts.checkout.paymentOf(order.id)?.id ?? '');
      return;
    }
    parts.pay(order.id, outcome, {
      method,
      ...(email !== '' && { email }),
      ...(contact !== '' && { contact }),
      settleAfterMs: BANK_ANSWERS_AFTER_MS,
    });
  } catch (error) {
    // A second click on a page that is out of date: the page itself says what the order has become.
    if (!(error instanceof RazorpayApiError)) throw error;
  }
}

function factsOf(parts: PagesParts, order: Order, callbackUrl: string | undefined): PageFacts {
  const payment = parts.checkout.paymentOf(order.id);
  return {
    order,
    payment,
    handover: payment && parts.checkout.handover(payment),
    callbackUrl,
  };
}

/** Only where a browser may be sent by a form: anything but the web is ignored. */
function readCallbackUrl(query: string): string | undefined {
  const given = new URLSearchParams(query).get('callback_url');
  if (given === null || !URL.canParse(given)) return undefined;
  const url = new URL(given);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}
