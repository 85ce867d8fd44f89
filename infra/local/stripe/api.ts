import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import type { Clock } from '#infra/local/clock';
import { isCarriedOut, type Fault } from '#infra/local/providers/faults';
import { readBody, type Reply } from '#infra/local/providers/http';
import { showFault } from '#infra/local/providers/show-fault';
import { API_VERSION } from '#infra/local/stripe/api-version';
import { invalidRequest, renderError, StripeApiError } from '#infra/local/stripe/errors';
import { decodeForm, type FormFields } from '#infra/local/stripe/form';
import { createIdempotency } from '#infra/local/stripe/idempotency';
import { newId } from '#infra/local/stripe/ids';
import type { Records } from '#infra/local/stripe/records';
import { matchRoute, type stripeRoutes } from '#infra/local/stripe/routes';

interface ApiParts {
  readonly clock: Clock;
  readonly records: Records;
  readonly routes: ReturnType<typeof stripeRoutes>;
  /** The keys of the account; any test key when not given. */
  readonly apiKeys: readonly string[] | undefined;
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
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
  readonly incoming: IncomingMessage;
}

const BODY_MAX_BYTES = 1024 * 1024;

/** The HTTP side of Stripe's API: who may call, one call once, and the faults that are switched on. */
export function createApi(parts: ApiParts): RequestListener {
  const idempotency = createIdempotency(parts.clock, parts.records);

  const carryOut = (call: Call): Reply => {
    const matched = matchRoute(parts.routes, call);
    if (matched === undefined) throw unknownRoute(call);
    const fields = readFields(call);
    const key = call.method === 'POST' ? call.idempotencyKey : undefined;
    const cause = { id: call.requestId, idempotency_key: key ?? null };
    const run = (): object => matched.route.run({ id: matched.id, fields, cause });
    if (key === undefined) return reply(200, run(), call);

    const once = { key, route: `${call.method} ${call.path}`, fields };
    // The change and its stored answer are one: a crash between them would run the call twice.
    return parts.records.transaction(() => {
      const answer = answerOf(run, call);
      idempotency.keep(once, { ...answer, request_id: call.requestId });
      return answer;
    });
  };

  const answer = async (call: Call, fault: Fault | undefined): Promise<Reply | 'broken'> => {
    authenticate(call.incoming, parts.apiKeys);
    checkVersion(call.incoming);
    const key = call.method === 'POST' ? call.idempotencyKey : undefined;
    const once =
      key === undefined
        ? undefined
        : { key, route: `${call.method} ${call.path}`, fields: readFields(call) };
    const stored = once && idempotency.begin(once);
    if (stored !== undefined) return replay(stored, call);
    try {
      if (fault !== undefined && !isCarriedOut(fault)) {
        const faulty = await showOn(fault, call);
        if (faulty !== 'slow') return faulty;
      }
      return carryOut(call);
    } finally {
      if (once !== undefined) idempotency.end(once);
    }
  };

  return (incoming, response) => {
    void handle(incoming, response).catch((error: unknown) => {
      parts.log(`stripe: ${error instanceof Error ? (error.stack ?? error.message) : 'failed'}`);
      incoming.socket.destroy();
    });
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://stripe.local');
    const header = incoming.headers['idempotency-key'];
    const call: Call = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.search.slice(1),
      body: await readBody(incoming, BODY_MAX_BYTES),
      requestId: newId('request'),
      idempotencyKey: typeof header === 'string' && header !== '' ? header : undefined,
      incoming,
    };
    const fault = parts.takeFault(call);
    let result: Reply | 'broken';
    try {
      result = await answer(call, fault);
    } catch (error) {
      if (!(error instanceof StripeApiError)) throw error;
      result = refuse(error, call);
    }
    if (result !== 'broken' && fault !== undefined && isCarriedOut(fault)) {
      const faulty = await showOn(fault, call);
      if (faulty !== 'slow') result = faulty;
    }
    parts.log(
      `stripe: ${call.method} ${call.path} ${result === 'broken' ? 'broken' : result.status}${fault === undefined ? '' : ` (fault ${fault.kind})`}`,
    );
    if (result === 'broken') incoming.socket.destroy();
    else send(response, result);
    if (call.method !== 'GET') parts.onChange();
  }
}

/** A refusal that came after the work had begun is an answer like any other: it is kept and replayed. */
function answerOf(run: () => object, call: Call): Reply {
  try {
    return reply(200, run(), call);
  } catch (error) {
    if (error instanceof StripeApiError && error.facts.executed === true) {
      return refuse(error, call);
    }
    throw error;
  }
}

/** Stripe's own words for a call that a fault hits. */
function showOn(fault: Fault, call: Call): Promise<Reply | 'broken' | 'slow'> {
  const refusal = (status: 429 | 500): StripeApiError =>
    status === 429
      ? new StripeApiError({
          status,
          type: 'invalid_request_error',
          code: 'rate_limit',
          message: 'Testmode request rate limit exceeded. Learn more about rate limits.',
        })
      : new StripeApiError({
          status,
          type: 'api_error',
          message: 'An unknown error occurred. Please try again.',
        });
  return showFault({
    fault,
    incoming: call.incoming,
    refuse: (status) => refuse(refusal(status), call),
  });
}

function reply(status: number, body: object, call: Call): Reply {
  return {
    status,
    body: JSON.stringify(body, null, 2),
    headers: {
      'content-type': 'application/json',
      'request-id': call.requestId,
      'stripe-version': API_VERSION,
      ...(call.method === 'POST' && call.idempotencyKey !== undefined
        ? { 'idempotency-key': call.idempotencyKey, 'original-request': call.requestId }
        : {}),
    },
  };
}

function refuse(error: StripeApiError, call: Call): Reply {
  return reply(error.facts.status, renderError(error, call.requestId), call);
}

function replay(
  stored: { readonly status: number; readonly body: string; readonly request_id: string },
  call: Call,
): Reply {
  return {
    status: stored.status,
    body: stored.body,
    headers: {
      ...reply(stored.status, {}, call).headers,
      'original-request': stored.request_id,
      'idempotent-replayed': 'true',
    },
  };
}

function send(response: ServerResponse, result: Reply): void {
  response.writeHead(result.status, {
    ...result.headers,
    'content-length': Buffer.byteLength(result.body),
  });
  response.end(result.body);
}

/** Bearer, or the key as the user of Basic, as with `curl -u`. */
function authenticate(incoming: IncomingMessage, apiKeys: readonly string[] | undefined): void {
  const [scheme = '', credentials = ''] = (incoming.headers.authorization ?? '').split(' ');
  const key =
    scheme.toLowerCase() === 'basic'
      ? Buffer.from(credentials, 'base64').toString().split(':', 1).join('')
      : credentials;
  if (key === '' || !['basic', 'bearer'].includes(scheme.toLowerCase())) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  const isKnown = apiKeys?.includes(key) ?? /^[rs]k_test_\w+$/.test(key);
  if (!isKnown) {
    throw unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}${'*'.repeat(8)}`);
  }
}

function unauthorized(message: string): StripeApiError {
  return new StripeApiError({ status: 401, type: 'invalid_request_error', message });
}

/** Shapes differ by version, and this stand-in has one: another is refused, not answered wrongly. */
function checkVersion(incoming: IncomingMessage): void {
  const version = incoming.headers['stripe-version'];
  if (version === undefined || version === API_VERSION) return;
  throw invalidRequest(
    `Invalid Stripe API version: ${String(version)}. The local stand-in speaks ${API_VERSION} only.`,
  );
}

function readFields(call: Call): FormFields {
  // A DELETE carries its parameters as a GET does.
  if (call.method !== 'POST') return decodeForm(call.query);
  const type = call.incoming.headers['content-type'] ?? 'application/x-www-form-urlencoded';
  if (call.body !== '' && !type.startsWith('application/x-www-form-urlencoded')) {
    throw invalidRequest(
      `Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.`,
    );
  }
  return decodeForm(call.body);
}

function unknownRoute(call: Call): StripeApiError {
  return new StripeApiError({
    status: 404,
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${call.method}: ${call.path}). The local stand-in has only a part of Stripe's API.`,
  });
}
