import { hash } from 'node:crypto';
import { CognitoJwtVerifier } from 'aws-jwt-verify/cognito-verifier';
import {
  FetchError,
  JwksNotAvailableInCacheError,
  JwksValidationError,
  JwtBaseError,
  JwkValidationError,
} from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import * as z from 'zod';
import { KEY_PART } from '#lib/contract/ids';
import type { Caller } from '#lib/identity/caller';

export interface UserPool {
  /** Such as `eu-west-1_AbCdEf123`. */
  readonly userPoolId: string;
  /** The app clients whose tokens count, and what a token of each makes its bearer. */
  readonly clientIds: { readonly user: string; readonly admin: string; readonly service: string };
  /** Gets the issuer's published keys; over https from Cognito when absent. */
  readonly fetchKeys?: (url: string) => Promise<ArrayBuffer>;
}

export type Verification =
  | { readonly kind: 'verified'; readonly caller: Caller }
  | { readonly kind: 'invalid' }
  /** The issuer's keys could not be fetched: not the caller's fault. */
  | { readonly kind: 'unavailable'; readonly error: Error };

/** Turns an access token into who calls, or says that it is none of ours. */
export type VerifyToken = (token: string) => Promise<Verification>;

const claimsSchema = z.object({
  sub: z.string().regex(KEY_PART),
  client_id: z.string(),
  // Without an expiry a token would live for ever; the library only checks what is there.
  exp: z.number(),
  scope: z.string().default(''),
  'cognito:groups': z.array(z.string()).default([]),
});

/** More than that are forgotten, all at once: an instance of a function serves a few at a time. */
const REMEMBERED_MAX = 1_000;

/**
 * Verifies access tokens of one user pool: signature, issuer, expiry, `token_use` access, client on the list
 * (DESIGN 5). An id token is refused, though the gateway's authorizer lets it pass.
 *
 * A token that was good stays so until it expires, whatever becomes of its bearer, and a backend calls with the same
 * one for an hour: it is verified once by an instance, and remembered until then.
 */
export function createTokenVerifier(pool: UserPool, now: () => Date): VerifyToken {
  const verify = createVerifier(pool);
  const known = new Map<string, { readonly caller: Caller; readonly expiresAtMs: number }>();
  return async (token) => {
    const id = hash('sha256', token, 'base64url');
    const remembered = known.get(id);
    if (remembered && now().getTime() < remembered.expiresAtMs) {
      return { kind: 'verified', caller: remembered.caller };
    }
    const verified = await verify(token);
    if ('kind' in verified) return verified;
    if (known.size >= REMEMBERED_MAX) known.clear();
    known.set(id, verified);
    return { kind: 'verified', caller: verified.caller };
  };
}

function createVerifier(pool: UserPool) {
  const { user, admin, service } = pool.clientIds;
  const kinds = new Map([
    [user, 'user'],
    [admin, 'admin'],
    [service, 'service'],
  ] as const);
  const verifier = CognitoJwtVerifier.create(
    { userPoolId: pool.userPoolId, tokenUse: 'access', clientId: [user, admin, service] },
    { jwksCache: createJwksCache(pool.fetchKeys) },
  );
  return async (
    token: string,
  ): Promise<
    | { readonly caller: Caller; readonly expiresAtMs: number }
    | Exclude<Verification, { readonly kind: 'verified' }>
  > => {
    try {
      const claims = claimsSchema.safeParse(await verifier.verify(token));
      const kind = claims.success ? kinds.get(claims.data.client_id) : undefined;
      if (!claims.success || !kind) return { kind: 'invalid' };
      const { sub, client_id: clientId, exp, scope, 'cognito:groups': groups } = claims.data;
      const scopes = new Set(scope.split(' ').filter((word) => word !== ''));
      const caller = { kind, sub, clientId, groups: new Set(groups), scopes };
      return { caller, expiresAtMs: exp * 1_000 };
    } catch (error) {
      if (isOutage(error)) return { kind: 'unavailable', error };
      // Everything else that the library refuses is a bad token; what is not the library's is a bug.
      if (error instanceof JwtBaseError) return { kind: 'invalid' };
      throw error;
    }
  };
}

function isOutage(error: unknown): error is Error {
  return (
    error instanceof FetchError ||
    error instanceof JwksValidationError ||
    error instanceof JwkValidationError ||
    error instanceof JwksNotAvailableInCacheError
  );
}

function createJwksCache(fetchKeys: UserPool['fetchKeys']): SimpleJwksCache {
  return fetchKeys ? new SimpleJwksCache({ fetcher: { fetch: fetchKeys } }) : new SimpleJwksCache();
}
