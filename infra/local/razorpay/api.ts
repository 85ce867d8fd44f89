import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { type Fault, isCarriedOut } from '#infra/local/providers/faults';
import { readBody, type Reply } from '#infra/local/providers/http';
import { showFault } from '#infra/local/providers/show-fault';
import type { KeyPair } from '#infra/local/razorpay/checkout';
import { badRequest, RazorpayApiError, refused, renderError } from '#infra/local/razorpay/errors';
import { readJson, readQuery } from '#infra/local/razorpay/parameters';
import type { Records } from '#infra/local/razorpay/records';
import { createRefundIdempotency } from '#infra/local/razorpay/refund-idempotency';
import { matchRoute, type Route } from '#infra/local/razorpay/routes';

interface ApiParts {
  readonly records: Records;
  readonly routes: readonly Route[];
  readonly keys: () => readonly KeyPair[];
  readonly takeFault: (call: {
    readonly method: string;
    readonly path: string;
  }) => Fault | undefined;
  /** Called after a call that may have changed something. */
  readonly onChange: () => void;
  readonly log: (line: string) => void;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly incoming: IncomingMessage;
}

const BODY_MAX_BYTES = 1024 * 1024;

/** The HTTP side of Razorpay's API: who may call, one refund once, and the faults that are on. */
export function createApi(parts: ApiParts): RequestListener {
  const answer = createAnswer(parts);
  return (incoming, response) => {
    void handle(incoming, response).catch((error: unknown) => {
      parts.log(`razorpay: ${error instanceof Error ? (error.stack ?? error.message) : 'failed'}`);
      incoming.socket.destroy();
    });
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://razorpay.local');
    const call: Call = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.search.slice(1),
      body: await readBody(incoming, BODY_MAX_BYTES),
      incoming,
    };
    const fault = parts.takeFault(call);
    let result: Reply | 'broken';
    try {
      result = await answer(call, fault);
    } catch (error) {
      if (!(error instanceof RazorpayApiError)) throw error;
      result = refuse(error);
    }
    if (result !== 'broken' && fault !== undefined && isCarriedOut(fault)) {
      const faulty = await showOn(fault, call);
      if (faulty !== 'slow') result = faulty;
    }
    parts.log(
      `razorpay: ${call.method} ${call.path} ${result === 'broken' ? 'broken' : result.status}${fault === undefined ? '' : ` (fault ${fault.kind})`}`,
    );
    if (result === 'broken') incoming.socket.destroy();
    else send(response, result);
    if (call.method !== 'GET') parts.onChange();
  }
}

/** Carries a call out once, whatever fault stands in its way. */
function createAnswer(
  parts: ApiParts,
): (call: Call, fault: Fault | undefined) => Promise<Reply | 'broken'> {
  const { records, routes, keys } = parts;
  const idempotency = createRefundIdempotency(records);
  return async (call, fault) => {
    const keyId = authenticate(call.incoming, keys());
    const matched = matchRoute(routes, call);
    if (matched === undefined) throw badRequest('The requested URL was not found on the server.');
    const { id, route } = matched;
    const key = call.incoming.headers['x-refund-idempotency'];
    const once =
      route.isIdempotent === true && typeof key === 'string'
        ? { key, path: call.path, body: call.body }
        : undefined;
    const stored = once && idempotency.begin(once);
    if (stored !== undefined) return reply(200, stored);
    try {
      if (fault !== undefined && !isCarriedOut(fault)) {
        const faulty = await showOn(fault, call);
        if (faulty !== 'slow') return faulty;
      }
      const fields = call.method === 'GET' ? readQuery(call.query) : readFields(call);
      // The change and its stored answer are one: a crash between them would refund twice.
      return records.transaction(() => {
        const body = JSON.stringify(route.run({ id, fields, keyId }));
        if (once !== undefined) idempotency.keep(once, body);
        return reply(200, body);
      });
    } finally {
      if (once !== undefined) idempotency.end(once);
    }
  };
}

/** Basic, the key's id as user and its secret as password; answers with the id. */
function authenticate(incoming: IncomingMessage, keys: readonly KeyPair[]): string {
  const [scheme = '', credentials = ''] = (incoming.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'basic' || credentials === '') {
    throw refused('Please provide your api key for authentication purposes.', 401);
  }
  const given = Buffer.from(credentials, 'base64').toString();
  const pair = keys.find(({ keyId, keySecret }) => given === `${keyId}:${keySecret}`);
  if (pair === undefined) throw refused('Authentication failed', 401);
  return pair.keyId;
}

function readFields(call: Call): unknown {
  const type = call.incoming.headers['content-type'] ?? 'application/json';
  if (call.body !== '' && !type.startsWith('application/json')) {
    throw badRequest('The local Razorpay stand-in reads JSON bodies only.');
  }
  return readJson(call.body);
}

/** Razorpay's own words for a call that a fault hits. */
function showOn(fault: Fault, call: Call): Promise<Reply | 'broken' | 'slow'> {
  return showFault({
    fault,
    incoming: call.incoming,
    refuse: (status) =>
      refuse(
        status === 429
          ? refused('Request failed. Please try after sometime.', status)
          : new RazorpayApiError({
              status,
              code: 'SERVER_ERROR',
              description:
                'We are facing some trouble completing your request at the moment. Please try again shortly.',
              source: 'NA',
              step: 'NA',
              reason: 'NA',
            }),
      ),
  });
}

function refuse(error: RazorpayApiError): Reply {
  return reply(error.facts.status, JSON.stringify(renderError(error)));
}

function reply(status: number, body: string): Reply {
  return { status, body, headers: { 'content-type': 'application/json; charset=UTF-8' } };
}

function send(response: ServerResponse, result: Reply): void {
  response.writeHead(result.status, {
    ...result.headers,
    'content-length': Buffer.byteLength(result.body),
  });
  response.end(result.body);
}
