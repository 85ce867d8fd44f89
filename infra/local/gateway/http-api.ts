import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { corsHeaders, isPreflight, preflightHeaders } from '#infra/local/gateway/cors';
import {
  type HttpAnswer,
  type HttpRequest,
  message,
  readBody,
  readRequest,
} from '#infra/local/gateway/http-message';
import type { Authorization, Authorize } from '#infra/local/gateway/jwt-authorizer';
import { compileRoutes, type RouteMatch } from '#infra/local/gateway/match-route';
import { toAnswer, toEvent } from '#infra/local/gateway/payload';
import { createThrottle, type Throttle } from '#infra/local/gateway/throttle';
import type { InvocationResult } from '#infra/local/lambda/function-pool';
import type { Invoker } from '#infra/local/lambda/invoker';
import type { HttpApiModel, RouteModel } from '#infra/local/template/model';

/** Quotas of HTTP APIs. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;
const HEADER_BYTES_MAX = 10_240;

export interface HttpApiOptions {
  readonly api: HttpApiModel;
  readonly accountId: string;
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly authorize: Authorize;
  readonly now: () => Date;
}

/** Answers one request. Never throws for what a client or a function does. */
export type HandleHttp = (request: IncomingMessage) => Promise<HttpAnswer>;

/** API Gateway's HTTP API over the template's routes, with its limits and its own error bodies. */
export function createHttpApi(options: HttpApiOptions): HandleHttp {
  const { api } = options;
  const match = compileRoutes(api.routes);
  const throttles = new Map<RouteModel, Throttle>(
    api.routes.map((route) => [route, createThrottle(route.throttle ?? api.throttle)]),
  );
  return async (incoming) => {
    const request = readRequest(incoming);
    const requestId = randomUUID();
    if (api.cors !== undefined && isPreflight(request.method, request.headers)) {
      const headers = preflightHeaders(api.cors, request.headers);
      return { status: 204, headers, cookies: [], body: Buffer.alloc(0) };
    }
    const answer = await route({ ...options, incoming, request, requestId, match, throttles });
    return decorate(answer, { api, request, requestId });
  };
}

interface Exchange extends HttpApiOptions {
  readonly incoming: IncomingMessage;
  readonly request: HttpRequest;
  readonly requestId: string;
  readonly match: ReturnType<typeof compileRoutes<RouteModel>>;
  readonly throttles: ReadonlyMap<RouteModel, Throttle>;
}

async function route(exchange: Exchange): Promise<HttpAnswer> {
  const { request } = exchange;
  if (headerBytes(request) > HEADER_BYTES_MAX) {
    return message(431, 'Request Header Fields Too Large');
  }
  const path = decodePath(request.path);
  if (path === undefined) return message(400, 'Bad Request');
  const found = exchange.match(request);
  if (found === undefined) return message(404, 'Not Found');
  if (exchange.throttles.get(found.route)?.() === false) {
    return message(429, 'Too Many Requests');
  }
  const authorization = await authorizeRoute(exchange, found.route);
  if (authorization?.allowed === false) {
    return message(authorization.status, REFUSALS[authorization.status], {
      'www-authenticate': authorization.challenge,
    });
  }
  const body = await readBody(exchange.incoming, BODY_BYTES_MAX);
  if (body === undefined) return message(413, 'Request Entity Too Large');
  return callFunction(exchange, { ...found, path, body, authorization });
}

const REFUSALS = { 401: 'Unauthorized', 403: 'Forbidden' } as const;

async function authorizeRoute(
  { authorize, request }: Exchange,
  { authorizer, scopes }: RouteModel,
): Promise<Authorization | undefined> {
  if (authorizer === undefined) return undefined;
  return authorize({ authorizer, scopes, headers: request.headers });
}

async function callFunction(
  exchange: Exchange,
  call: RouteMatch<RouteModel> & {
    readonly path: string;
    readonly body: Buffer;
    readonly authorization: Extract<Authorization, { allowed: true }> | undefined;
  },
): Promise<HttpAnswer> {
  const { request, requestId } = exchange;
  const event = toEvent(request, call.body, {
    accountId: exchange.accountId,
    apiId: exchange.api.id,
    domainName: request.headers['host'] ?? 'localhost',
    requestId,
    routeKey: call.route.routeKey,
    path: call.path,
    pathParameters: call.pathParameters,
    ...(call.authorization && {
      authorizer: { claims: call.authorization.claims, scopes: call.authorization.scopes },
    }),
    time: exchange.now(),
  });
  const result = await within(
    call.route.timeoutMs,
    exchange.invoker.invoke(call.route.functionName, event),
  );
  if (result === undefined) return message(503, 'Service Unavailable');
  if (!result.ok) return explainFailure(result);
  return toAnswer(result.payload) ?? message(500, 'Internal Server Error');
}

function explainFailure(result: Extract<InvocationResult, { ok: false }>): HttpAnswer {
  switch (result.reason) {
    case 'throttled':
      return message(503, 'Service Unavailable');
    case 'too_large':
      return message(413, 'Request Entity Too Large');
    case 'error':
    case 'timeout':
      return message(500, 'Internal Server Error');
  }
}

/** The gateway stops waiting; the function itself goes on, as it does on AWS. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((done) => {
    timer = setTimeout(done, timeoutMs, undefined);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** With a CORS configuration the gateway's headers count and the function's are dropped. */
function decorate(
  answer: HttpAnswer,
  exchange: {
    readonly api: HttpApiModel;
    readonly request: HttpRequest;
    readonly requestId: string;
  },
): HttpAnswer {
  const { api, request, requestId } = exchange;
  const headers = { ...answer.headers, 'apigw-requestid': requestId };
  if (api.cors === undefined) return { ...answer, headers };
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('access-control-'));
  return {
    ...answer,
    headers: { ...Object.fromEntries(own), ...corsHeaders(api.cors, request.headers) },
  };
}

/** HTTP APIs hand the function the decoded path; a broken encoding is the client's mistake. */
function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function headerBytes(request: HttpRequest): number {
  const lines = Object.entries(request.headers).map(([name, value]) => name.length + value.length);
  return [...lines, ...request.cookies.map((cookie) => cookie.length)].reduce((a, b) => a + b, 0);
}
