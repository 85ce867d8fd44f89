import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { AwsError } from '#infra/local/services/aws-error';

/** A request as it arrived: the path still encoded, header names in lower case. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** A link lasts a week at the most (S3, presigned URLs). */
const EXPIRES_MAX_S = 604_800;

/**
 * Lets a signed link through until it expires, and nothing that was changed after signing (AWS Signature Version 4,
 * query parameters). Throws what S3 answers; times are the stack's.
 */
export function checkPresigned(
  request: SignedRequest,
  options: { readonly secretAccessKey: string; readonly now: Date },
): void {
  const { query } = request;
  const part = (name: string): string => query.get(`X-Amz-${name}`) ?? '';
  const scope = part('Credential').split('/').slice(1);
  const expiresS = Number(part('Expires'));
  const signedAt = Date.parse(
    part('Date').replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  const isWhole =
    part('Algorithm') === ALGORITHM &&
    scope.length === 4 &&
    Number.isInteger(expiresS) &&
    expiresS >= 1 &&
    expiresS <= EXPIRES_MAX_S &&
    !Number.isNaN(signedAt);
  if (!isWhole) {
    throw new AwsError('AuthorizationQueryParametersError', 'The link is not signed as S3 signs.', {
      status: 400,
    });
  }
  if (options.now.getTime() >= signedAt + expiresS * 1000) {
    throw new AwsError('AccessDenied', 'Request has expired', { status: 403 });
  }
  const text = [ALGORITHM, part('Date'), scope.join('/'), sha256(canonicalRequest(request))].join(
    '\n',
  );
  const key = scope.reduce<string | Buffer>(
    (secret, name) => hmac(secret, name),
    `AWS4${options.secretAccessKey}`,
  );
  const expected = hmac(key, text);
  const given = Buffer.from(part('Signature'), 'hex');
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new AwsError('SignatureDoesNotMatch', 'The signature does not match the request.', {
    status: 403,
  });
}

function canonicalRequest({ headers, method, path, query }: SignedRequest): string {
  const parameters = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted();
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const lines = signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  return [
    method,
    path,
    parameters.join('&'),
    lines.join(''),
    signed.join(';'),
    query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

/** RFC 3986, of which `encodeURIComponent` leaves five characters out. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
