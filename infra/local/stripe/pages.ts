import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';

import { readBody } from '#infra/local/providers/http';
import { sendPage } from '#infra/local/providers/page';
import {
  OUTCOMES,
  type Checkout,
  type Outcome,
  type Payer,
  type PayResult,
} from '#infra/local/stripe/checkout';
import { CARD_BEHAVIOURS } from '#infra/local/stripe/customer-records';
import { StripeApiError } from '#infra/local/stripe/errors';
import type { PageFacts } from '#infra/local/stripe/page-parts';
import { checkoutPage, unknownSessionPage } from '#infra/local/stripe/page-view';
import { knownEmail, type Records, type Session } from '#infra/local/stripe/records';

const PATH = /\/stripe\/checkout\/([A-Za-z0-9_]+)\/?$/;
const FORM_MAX_BYTES = 16 * 1024;
/** Long enough to see an unpaid order in the app, short enough to wait for. */
const BANK_ANSWERS_AFTER_MS = 5_000;

const formSchema = z.object({
  outcome: z.enum(OUTCOMES),
  email: z.string().max(320).default(''),
  name: z.string().max(200).default(''),
  card: z.enum(CARD_BEHAVIOURS).optional(),
});

interface PagesParts {
  readonly checkout: Checkout;
  readonly records: Records;
  readonly pay: (sessionId: string, outcome: Outcome, payer: Payer) => PayResult;
}

/** The hosted checkout page (`/stripe/checkout/{sessionId}`): plain HTML, no script needed. */
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
  const path = (incoming.url ?? '').split('?', 1).join('');
  parts.checkout.sweep();
  const session = records.sessions.get(PATH.exec(path)?.[1] ?? '');
  if (session === undefined) {
    sendPage(response, 404, unknownSessionPage);
    return;
  }
  if (incoming.method === 'GET' || incoming.method === 'HEAD') {
    sendPage(response, 200, (nonce) => checkoutPage(factsOf(records, session), nonce));
    return;
  }
  if (incoming.method !== 'POST') {
    response.writeHead(405, { allow: 'GET, HEAD, POST' }).end();
    return;
  }
  const form = formSchema.safeParse(
    Object.fromEntries(new URLSearchParams(await readBody(incoming, FORM_MAX_BYTES))),
  );
  if (!form.success) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end('This form is not complete.\n');
    return;
  }
  submit(parts, { session, form: form.data, response, path });
}

function submit(
  parts: PagesParts,
  sent: {
    readonly session: Session;
    readonly form: z.output<typeof formSchema>;
    readonly response: ServerResponse;
    readonly path: string;
  },
): void {
  const { session, form, response, path } = sent;
  const asksEmail =
    session.status === 'open' && knownEmail(session) === null && form.outcome !== 'cancel';
  if (asksEmail && !z.email().safeParse(form.email).success) {
    const problem = { message: 'Please enter a valid e-mail address.', email: form.email };
    const facts: PageFacts = { ...factsOf(parts.records, session), problem };
    sendPage(response, 422, (nonce) => checkoutPage(facts, nonce));
    return;
  }
  let location = path;
  try {
    const result = parts.pay(session.id, form.outcome, {
      ...(asksEmail ? { email: form.email } : {}),
      ...(form.name === '' ? {} : { name: form.name }),
      card: form.card,
      settleAfterMs: BANK_ANSWERS_AFTER_MS,
    });
    const settlesHere = session.status === 'complete';
    if (result.redirect_url !== null && !settlesHere) location = result.redirect_url;
  } catch (error) {
    // A second click on a page that is out of date: the page itself says what the session has become.
    if (!(error instanceof StripeApiError)) throw error;
  }
  response.writeHead(303, { location, 'cache-control': 'no-store' }).end();
}

function factsOf(records: Records, session: Session): PageFacts {
  const setup = records.setupIntents.get(session.setup_intent ?? '');
  return {
    session,
    payment: records.payments.get(session.payment_intent ?? ''),
    isDeclined: setup?.declined ?? false,
  };
}
