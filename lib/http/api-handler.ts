import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { errorTable } from '#lib/contract/errors';
import { ProblemError, problem } from '#lib/contract/problem';
import { routeKey } from '#lib/contract/route';
import type { RecordRefusal } from '#lib/admin/count-refusals';
import type { Endpoint } from '#lib/http/endpoint';
import type { Log } from '#lib/http/log';
import { type HttpEvent, readBearerToken } from '#lib/http/parse-request';
import { renderAnswer, renderProblem } from '#lib/http/render';
import { takeToken } from '#lib/http/rate-limit';
import type { Runtime } from '#lib/http/runtime';
import { auditRefusal } from '#lib/http/audit-refusal';
import { authorize } from '#lib/identity/authorize';
import { anonymous, type Caller } from '#lib/identity/caller';
import type { VerifyToken } from '#lib/identity/verify-token';
import { ContentionError, type RateLimitStore } from '#lib/ports';
import { invariant } from '#lib/invariant';

/** What the stack itself needs of a function's dependencies. */
export interface ApiDependencies {
  readonly verifyToken: VerifyToken;
  /** Where routes with a limit count; a function without one needs none. */
  readonly rateLimits?: RateLimitStore;
  /** Puts on record who was refused an admin's route; a function that serves one must have it. */
  readonly recordRefusal?: RecordRefusal;
}

export type ApiHandler = (
  event: HttpEvent,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

// What is left of the Lambda's time when the caller is told that it ran out; enough to render and log.
const TIMEOUT_MARGIN_MS = 250;

/**
 * The Lambda that serves these routes: the one middy stack (DESIGN 8). For each request: find the route, verify the
 * token, authorize, parse, run, render. Dependencies are made once, while the function starts, and kept.
 */
export function apiHandler<D extends ApiDependencies>(
  endpoints: readonly Endpoint<D>[],
  createDependencies: (runtime: Runtime) => D | Promise<D>,
  runtime: Runtime,
): ApiHandler {
  const byKey = new Map(endpoints.map((endpoint) => [routeKey(endpoint.route), endpoint]));
  // How a caller's bucket stands is told with the answer, also when that is a refusal.
  const limitHeaders = new WeakMap<HttpEvent, Readonly<Record<string, string>>>();
  const servesAdmins = endpoints.some(({ route }) => route.access.kind === 'admin');
  const dependencies = warm(async () => {
    const created = await createDependencies(runtime);
    invariant(created.recordRefusal || !servesAdmins, 'refusals of admin routes are put on record');
    return created;
  });
  return middy<HttpEvent, APIGatewayProxyStructuredResultV2>({
    timeoutEarlyInMillis: TIMEOUT_MARGIN_MS,
    timeoutEarlyResponse: () => {
      throw problem('TIMED_OUT');
    },
  })
    .use(extraHeaders((event) => ({ ...STANDARD_HEADERS, ...limitHeaders.get(event) })))
    .use(problems(runtime.log))
    .handler(async (event: HttpEvent) => {
      const found = byKey.get(event.routeKey);
      if (!found) throw problem('ROUTE_NOT_FOUND');
      const { route } = found;
      const offered = await dependencies();
      const caller =
        route.access.kind === 'public'
          ? anonymous
          : await identify(event, offered.verifyToken, runtime.log);
      const authorization = authorize(route, caller, event.pathParameters ?? {});
      if (!authorization.ok) {
        const refused = { event, route, caller, code: authorization.code };
        await auditRefusal(refused, offered.recordRefusal, runtime);
        throw problem(authorization.code);
      }
      const now = runtime.now();
      const admit = async (): Promise<void> => {
        if (!route.limit) return;
        const taken = await takeToken(route, route.limit, {
          caller,
          now: now.toISOString(),
          store: offered.rateLimits,
          log: runtime.log,
        });
        limitHeaders.set(event, taken.headers);
        if (taken.refusal) throw taken.refusal;
      };
      return renderAnswer(route, await found.handle({ event, caller, now, admit }, offered), event);
    });
}

/** Starts at once, while Lambda gives a starting function its full CPU; a failed start is tried again by the next request. */
function warm<T>(create: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | null = null;
  const start = (): Promise<T> => {
    started ??= create().catch((error: unknown) => {
      started = null;
      throw error;
    });
    return started;
  };
  // Nobody waits for the early start; the request that does gets the error.
  start().catch(() => undefined);
  return start;
}

async function identify(event: HttpEvent, verifyToken: VerifyToken, log: Log): Promise<Caller> {
  const token = readBearerToken(event);
  if (token === null) return anonymous;
  const verification = await verifyToken(token);
  switch (verification.kind) {
    case 'verified':
      return verification.caller;
    case 'invalid':
      return anonymous;
    case 'unavailable':
      log.error('the issuer’s keys could not be fetched', { error: verification.error });
      throw problem('IDENTITY_UNAVAILABLE');
  }
}

type Middleware = MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2>;

const STANDARD_HEADERS = {
  'cache-control': 'no-store',
  // Receipts style themselves; nothing that we answer loads or runs anything.
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;

/** Headers of every answer, refusals too; an answer that names one itself keeps its own. */
function extraHeaders(headersOf: (event: HttpEvent) => Readonly<Record<string, string>>) {
  const add: NonNullable<Middleware['after']> = (request) => {
    if (!request.response) return;
    request.response = {
      ...request.response,
      headers: {
        ...headersOf(request.event),
        'x-request-id': request.event.requestContext.requestId,
        ...request.response.headers,
      },
    };
  };
  return { after: add, onError: add } satisfies Middleware;
}

/** Turns what was thrown into an answer: refusals into theirs, everything else into a 500 that says nothing. */
function problems(log: Log): Middleware {
  return {
    onError: (request) => {
      const { requestId } = request.event.requestContext;
      const refusal = refusalOf(request.error);
      const { status } = errorTable[refusal.code];
      const line = {
        request_id: requestId,
        route: request.event.routeKey,
        status,
        code: refusal.code,
      };
      if (status >= 500) log.error('request failed', { ...line, error: request.error });
      else log.debug('request refused', line);
      request.response = renderProblem(refusal, requestId);
    },
  };
}

function refusalOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof ContentionError) return problem('CONTENTION', {});
  return problem('INTERNAL');
}
