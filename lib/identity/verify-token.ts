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

/**
 * Verifies access tokens of one user pool: signature, issuer, expiry, `token_use` access, client on the list
 * (DESIGN 5). An id token is refused, though the gateway's authorizer lets it pass.
 */
export function createTokenVerifier(pool: UserPool): VerifyToken {
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
  return async (token) => {
    try {
      const claims = claimsSchema.safeParse(await verifier.verify(token));
      const kind = claims.success ? kinds.get(claims.data.client_id) : undefined;
      if (!claims.success || !kind) return { kind: 'invalid' };
      const { sub, client_id: clientId, scope, 'cognito:groups': groups } = claims.data;
      const scopes = new Set(scope.split(' ').filter((word) => word !== ''));
      return {
        kind: 'verified',
        caller: { kind, sub, clientId, groups: new Set(groups), scopes },
      };
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
