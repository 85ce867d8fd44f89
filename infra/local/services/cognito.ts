import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';

import { exportJWK, importPKCS8, type JWTPayload, SignJWT } from 'jose';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import type { StateStore } from '#infra/local/state';

const TOKEN_SECONDS = 3_600;
const KEY_BITS = 2_048;

const keySchema = z.object({ id: z.string(), pkcs8: z.string() });
const userSchema = z.object({ sub: z.string(), email: z.string(), created_at: z.string() });
export type PoolUser = z.infer<typeof userSchema>;

export interface TokenRequest {
  /** The user; for a client-credentials token the client itself. */
  readonly sub: string;
  readonly email?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  /** Scopes separated by spaces; a user's access token has Cognito's own scope by default. */
  readonly scope?: string | undefined;
  readonly clientId: string;
  readonly tokenUse?: 'access' | 'id' | undefined;
  /** One hour unless given; negative for a token that is already over. */
  readonly expiresInSeconds?: number | undefined;
}

/** A Cognito user pool: it signs tokens that the real verifier accepts, and knows who signed up. */
export interface Cognito {
  readonly poolId: string;
  readonly issuer: string;
  /** Serves `/<pool>/.well-known/jwks.json` and `openid-configuration`. */
  readonly listener: RequestListener;
  /** A token with the claims of Cognito, its times on the stack's clock. */
  mintToken(request: TokenRequest): Promise<string>;
  /** A token as `grant_type=client_credentials` gets it: no user, no groups. */
  mintClientToken(request: {
    readonly clientId: string;
    readonly scope?: string | undefined;
    readonly expiresInSeconds?: number | undefined;
  }): Promise<string>;
  /** Remembers a user; true when the user is new, so that post-confirmation runs once. */
  signUp(sub: string, email: string): boolean;
  users(): PoolUser[];
  /** Signs with the other key from now on; tokens of the first stay valid, as in a rotation. */
  rotateKey(): void;
}

/** The two keys are made at the first start and live in `state`, readable by its owner only. */
export async function createCognito(options: {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly region?: string;
  readonly poolId?: string;
}): Promise<Cognito> {
  const { state, clock, region = 'us-east-1' } = options;
  const poolId = options.poolId ?? `${region}_LocalDev1`;
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${poolId}`;
  const users = state.collection('cognito_users', userSchema);
  const active = state.collection('cognito_active_key', z.object({ index: z.int().min(0).max(1) }));
  const keys = await Promise.all(loadKeys(state).map(importKey));
  const documents = publicDocuments({ poolId, issuer, jwks: keys.map(({ jwk }) => jwk) });

  const activeKey = () => {
    const key = keys[active.get('active')?.index ?? 0];
    if (key === undefined) throw new Error('The pool always has two keys.');
    return key;
  };
  const sign = (claims: JWTPayload): Promise<string> => {
    const { id, privateKey } = activeKey();
    return new SignJWT(claims).setProtectedHeader({ kid: id, alg: 'RS256' }).sign(privateKey);
  };
  const times = (seconds = TOKEN_SECONDS) => {
    const iat = Math.floor(clock.now().getTime() / 1_000);
    return { auth_time: iat, iat, exp: iat + seconds };
  };

  return {
    poolId,
    issuer,
    listener: (request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      sendJson(response, request.method === 'GET' ? documents.get(path) : undefined);
    },
    mintToken: (request) =>
      sign(
        request.tokenUse === 'id'
          ? { iss: issuer, ...idClaims(request), ...times(request.expiresInSeconds) }
          : { iss: issuer, ...accessClaims(request), ...times(request.expiresInSeconds) },
      ),
    mintClientToken: ({ clientId, scope, expiresInSeconds }) =>
      sign({
        sub: clientId,
        token_use: 'access',
        scope: scope ?? 'credits/write credits/read',
        iss: issuer,
        version: 2,
        jti: randomUUID(),
        client_id: clientId,
        ...times(expiresInSeconds),
      }),
    signUp: (sub, email) =>
      state.transaction(() => {
        if (users.get(sub) !== undefined) return false;
        users.put(sub, { sub, email, created_at: clock.now().toISOString() });
        return true;
      }),
    users: () => users.list(),
    rotateKey: () => {
      active.put('active', { index: active.get('active')?.index === 1 ? 0 : 1 });
    },
  };
}

/** No `aud`: an access token of Cognito names its client in `client_id`. */
function accessClaims(request: TokenRequest): JWTPayload {
  return {
    sub: request.sub,
    ...groupClaim(request),
    client_id: request.clientId,
    origin_jti: randomUUID(),
    event_id: randomUUID(),
    token_use: 'access',
    scope: request.scope ?? 'aws.cognito.signin.user.admin',
    jti: randomUUID(),
    username: request.sub,
    version: 2,
  };
}

function idClaims(request: TokenRequest): JWTPayload {
  return {
    sub: request.sub,
    ...groupClaim(request),
    ...(request.email === undefined ? {} : { email: request.email, email_verified: true }),
    'cognito:username': request.sub,
    origin_jti: randomUUID(),
    aud: request.clientId,
    event_id: randomUUID(),
    token_use: 'id',
    jti: randomUUID(),
  };
}

/** A user in no group has no such claim at all. */
function groupClaim({ groups = [] }: TokenRequest): JWTPayload {
  return groups.length === 0 ? {} : { 'cognito:groups': groups };
}

function loadKeys(state: StateStore): z.infer<typeof keySchema>[] {
  const stored = state.collection('cognito_keys', keySchema);
  return state.transaction(() => {
    while (stored.list().length < 2) {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: KEY_BITS });
      const pkcs8 = z.string().parse(privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const id = randomUUID();
      stored.put(id, { id, pkcs8 });
    }
    return stored.list();
  });
}

async function importKey({ id, pkcs8 }: z.infer<typeof keySchema>) {
  const { kty, n, e } = await exportJWK(createPrivateKey(pkcs8));
  const jwk = { kid: id, alg: 'RS256', use: 'sig', kty, n, e };
  return { id, jwk, privateKey: await importPKCS8(pkcs8, 'RS256') };
}

function publicDocuments(pool: {
  readonly poolId: string;
  readonly issuer: string;
  readonly jwks: readonly object[];
}): ReadonlyMap<string, unknown> {
  const { poolId, issuer, jwks } = pool;
  const at = (name: string): string => `/${poolId}/.well-known/${name}`;
  return new Map<string, unknown>([
    [at('jwks.json'), { keys: jwks }],
    [
      at('openid-configuration'),
      {
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        id_token_signing_alg_values_supported: ['RS256'],
        response_types_supported: ['code', 'token'],
        scopes_supported: ['openid', 'email', 'phone', 'profile'],
        subject_types_supported: ['public'],
      },
    ],
  ]);
}

function sendJson(response: ServerResponse, document: unknown): void {
  const found = document !== undefined;
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found ? document : { message: 'Not found' }));
}
