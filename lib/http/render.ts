import { hash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { errorTable } from '#lib/contract/errors';
import { FILE_TYPES } from '#lib/contract/file-formats';
import type { ProblemError } from '#lib/contract/problem';
import type { Route } from '#lib/contract/route';
import type { AnsweredFile, AnyAnswer } from '#lib/http/endpoint';
import type { HttpEvent } from '#lib/http/parse-request';
import { invariant } from '#lib/invariant';

const CONTENT_TYPES = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
} as const;

/** An answer as the gateway takes it; a conditional route answers 304 to a caller who has this very body. */
export function renderAnswer(
  route: Route,
  answer: AnyAnswer,
  event: HttpEvent,
): APIGatewayProxyStructuredResultV2 {
  if (answer.file) return renderFile(route, answer.status, answer.file);
  const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  const headers = {
    'content-type': CONTENT_TYPES[route.produces],
    ...(answer.replayed && { 'idempotent-replayed': 'true' }),
    ...answer.headers,
  };
  if (!route.conditional) return { statusCode: answer.status, headers, body };

  // Taken from the body itself, so that nothing that the answer shows can change unseen.
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
  const caching = { 'cache-control': 'private, no-cache', vary: 'Authorization', etag };
  if (matches(event.headers['if-none-match'], etag)) {
    return { statusCode: 304, headers: { ...caching, ...answer.headers } };
  }
  return { statusCode: answer.status, headers: { ...caching, ...headers }, body };
}

function renderFile(
  route: Route,
  statusCode: number,
  { format, name, text }: AnsweredFile,
): APIGatewayProxyStructuredResultV2 {
  invariant(route.files?.formats.includes(format), 'only a route that says so answers a file');
  invariant(/^[\w.-]+$/.test(name), 'a file has a harmless name');
  return {
    statusCode,
    headers: {
      'content-type': FILE_TYPES[format],
      'content-disposition': `attachment; filename="${name}"`,
    },
    body: text,
  };
}

/** If-None-Match is a list, and compares weakly (RFC 9110, 13.1.2). */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** A refusal as a problem document (RFC 9457), with `Retry-After` where waiting helps. */
export function renderProblem(
  problem: ProblemError,
  requestId: string,
): APIGatewayProxyStructuredResultV2 {
  const { status, title, retryAfterSeconds } = errorTable[problem.code];
  const { retry_after: retryAfter = retryAfterSeconds, ...details } = problem.details;
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      ...(typeof retryAfter === 'number' && { 'retry-after': String(retryAfter) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    body: JSON.stringify({
      type: `urn:credit-ledger:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status,
      detail: problem.message,
      code: problem.code,
      errors: [],
      ...details,
      request_id: requestId,
    }),
  };
}
