import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';

import type { JwtAuthorizerModel } from '#infra/local/template/model';

/** The public keys of an issuer, as its `jwks_uri` serves them. */
export type FetchKeys = (issuer: string) => Promise<JSONWebKeySet>;

export type Authorization =
  | {
      readonly allowed: true;
      readonly claims: Readonly<Record<string, string>>;
      readonly scopes: readonly string[] | null;
    }
  | { readonly allowed: false; readonly status: 401 | 403; readonly challenge: string };

export type Authorize = (request: {
  readonly authorizer: JwtAuthorizerModel;
  readonly scopes: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}) => Promise<Authorization>;

/**
 * HTTP API's JWT authorizer: signature by the issuer's keys, `iss`, `aud` or else `client_id` on the
 * list, times by the stack's clock, one of the route's scopes. It knows nothing of users and groups.
 */
export function createAuthorize(options: {
  readonly fetchKeys: FetchKeys;
  readonly now: () => Date;
}): Authorize {
  const keysOf = cacheKeys(options.fetchKeys);
  return async ({ authorizer, scopes, headers }) => {
    const token = headers[authorizer.header]?.replace(/^Bearer\s+/i, '');
    if (token === undefined || token === '') return refuse(401, 'Bearer');
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keysOf(authorizer.issuer), {
        algorithms: ['RS256', 'RS384', 'RS512'],
        currentDate: options.now(),
        issuer: authorizer.issuer,
        requiredClaims: ['exp'],
      }));
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      return refuse(401, `Bearer error="invalid_token" error_description="${describe(error)}"`);
    }
    if (!isForAudience(payload, authorizer.audience)) {
      return refuse(401, 'Bearer error="invalid_token" error_description="invalid audience"');
    }
    const granted = scopesOf(payload);
    if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope))) {
      return refuse(403, `Bearer scope="${scopes.join(' ')}" error="insufficient_scope"`);
    }
    return {
      allowed: true,
      claims: flattenClaims(payload),
      scopes: scopes.length === 0 ? null : granted,
    };
  };
}

/** Keys are fetched once and again when a token names one that is not among them: a rotation. */
function cacheKeys(fetchKeys: FetchKeys): (issuer: string) => JWTVerifyGetKey {
  const cached = new Map<string, JWTVerifyGetKey>();
  const load = async (issuer: string): Promise<JWTVerifyGetKey> => {
    const keys = createLocalJWKSet(await fetchKeys(issuer));
    cached.set(issuer, keys);
    return keys;
  };
  return (issuer) => async (header, token) => {
    const known = cached.get(issuer);
    try {
      return await (known ?? (await load(issuer)))(header, token);
    } catch (error) {
      if (known === undefined || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await load(issuer))(header, token);
    }
  };
}

/** Every claim becomes text: an array `[a b]`, so that groups must be parsed with care. */
function flattenClaims(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, claimText(value)]),
  );
}

function claimText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return JSON.stringify(value);
}

/** `client_id` counts only in a token without `aud`, as Cognito's access tokens are. */
function isForAudience(payload: JWTPayload, audience: readonly string[]): boolean {
  const named = payload.aud ?? payload['client_id'];
  const list: readonly unknown[] = Array.isArray(named) ? named : [named];
  return list.some((item) => typeof item === 'string' && audience.includes(item));
}

function scopesOf(payload: JWTPayload): readonly string[] {
  const scope = payload['scp'] ?? payload['scope'];
  if (typeof scope === 'string') return scope.split(' ').filter((item) => item !== '');
  return Array.isArray(scope) ? scope.filter((item) => typeof item === 'string') : [];
}

function describe(error: errors.JOSEError): string {
  return error instanceof errors.JWTExpired ? 'the token has expired' : 'the token is not valid';
}

function refuse(status: 401 | 403, challenge: string): Authorization {
  return { allowed: false, status, challenge };
}
