import type { Context } from 'aws-lambda';
import type { Route } from '#lib/contract/route';
import { routeKey } from '#lib/contract/route';
import type { Log, LogFields } from '#lib/http/log';
import type { HttpEvent } from '#lib/http/parse-request';
import type { Runtime } from '#lib/http/runtime';

export const NOW = '2026-03-01T12:00:00.000Z';

/** A request as API Gateway hands it over (payload 2.0): say only what the test is about. */
export function httpEvent(
  route: Pick<Route, 'method' | 'path'>,
  request: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** Text is sent as it is, anything else as JSON with its content type. */
    readonly body?: unknown;
    readonly token?: string;
    readonly isBase64Encoded?: boolean;
    readonly requestId?: string;
  } = {},
): HttpEvent {
  const { params, query, headers, body, token, isBase64Encoded, requestId } = request;
  return {
    routeKey: routeKey(route),
    rawQueryString: query ?? '',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(params && { pathParameters: params }),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: isBase64Encoded ?? false,
    requestContext: { requestId: requestId ?? 'req-1', http: { sourceIp: '192.0.2.1' } },
  };
}

/** A context with time left, and nothing else that anyone may read. */
export function context(remainingMs = 10_000): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'fixture',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:fixture',
    memoryLimitInMB: '512',
    awsRequestId: 'aws-1',
    logGroupName: 'fixture',
    logStreamName: 'fixture',
    getRemainingTimeInMillis: () => remainingMs,
    // The type still asks for the callbacks of Node 8.
    /* eslint-disable @typescript-eslint/no-deprecated */
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
    /* eslint-enable @typescript-eslint/no-deprecated */
  };
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A runtime with a still clock and a log that can be read. */
export function testRuntime(): Runtime & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (message: string, fields: LogFields) => {
    lines.push({ level, message, fields });
  };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return {
    env: {},
    now: () => new Date(NOW),
    log,
    lines,
  };
}
