import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';

import { clockRoutes } from '#infra/local/control/clock-routes';
import { faultRoutes } from '#infra/local/control/fault-routes';
import { identityRoutes } from '#infra/local/control/identity-routes';
import { mailRoutes } from '#infra/local/control/mail-routes';
import { matchControlRoute, type Reply, type Route } from '#infra/local/control/route';
import { razorpayRoutes } from '#infra/local/control/razorpay-routes';
import { stackRoutes } from '#infra/local/control/stack-routes';
import { stripeRoutes } from '#infra/local/control/stripe-routes';
import { readBody } from '#infra/local/gateway/http-message';
import { LocalStackError } from '#infra/local/local-stack-error';
import { AwsError } from '#infra/local/services/aws-error';
import type { Parts } from '#infra/local/stack';
import { RazorpayApiError } from '#infra/local/razorpay/errors';
import { StripeApiError } from '#infra/local/stripe/errors';

const BODY_BYTES_MAX = 1024 * 1024;

/** The control API of the local stack (DESIGN 10), for tests and for the person at the terminal. */
export function createControl(parts: Parts): RequestListener {
  const routes: readonly Route[] = [
    ...stackRoutes(parts),
    ...identityRoutes(parts),
    ...mailRoutes(parts),
    ...clockRoutes(parts),
    ...faultRoutes(parts),
    ...stripeRoutes(parts),
    ...razorpayRoutes(parts),
  ];
  return (request, response) => {
    void answer(routes, request)
      .catch(explain)
      .then((reply) => write(response, reply));
  };
}

async function answer(routes: readonly Route[], request: IncomingMessage): Promise<Reply> {
  const refusal = refuseStrangers(request);
  if (refusal !== undefined) return refusal;
  const url = new URL(request.url ?? '/', 'http://localhost');
  const method = request.method ?? 'GET';
  const found = matchControlRoute(routes, { method, path: url.pathname });
  if (found === undefined) {
    const known = routes.map((route) => `${route.method} ${route.path}`);
    return { status: 404, json: { message: 'There is no such control route.', routes: known } };
  }
  const text = ((await readBody(request, BODY_BYTES_MAX)) ?? '').toString();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  const accept = request.headers.accept ?? '';
  return found.route.run({
    ...found,
    body,
    query: url.searchParams,
    wantsHtml: accept.includes('text/html'),
  });
}

/**
 * The control API mints tokens for whoever asks, so a web page must not be able to ask: neither from
 * another origin nor by a host name of its own that leads to this machine.
 */
function refuseStrangers({ headers }: IncomingMessage): Reply | undefined {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const origin = headers.origin === undefined ? host : URL.parse(headers.origin)?.hostname;
  if ([host, origin].every((name) => name === 'localhost' || name === '127.0.0.1'))
    return undefined;
  return { status: 403, json: { message: 'The control API answers this machine only.' } };
}

function explain(error: unknown): Reply {
  if (error instanceof z.ZodError) {
    return { status: 400, json: { message: z.prettifyError(error) } };
  }
  if (error instanceof SyntaxError) {
    return { status: 400, json: { message: `The body is not JSON: ${error.message}` } };
  }
  if (error instanceof RangeError) return { status: 400, json: { message: error.message } };
  if (error instanceof StripeApiError || error instanceof RazorpayApiError) {
    return { status: error.facts.status, json: { message: error.message } };
  }
  if (error instanceof AwsError) return { status: 404, json: { message: error.message } };
  if (error instanceof LocalStackError) return { status: 409, json: { message: error.message } };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 500, json: { message } };
}

function write(response: ServerResponse, reply: Reply): void {
  const [type, text] =
    'html' in reply
      ? ['text/html; charset=utf-8', reply.html]
      : ['application/json', JSON.stringify(reply.json)];
  response.writeHead(reply.status ?? 200, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
