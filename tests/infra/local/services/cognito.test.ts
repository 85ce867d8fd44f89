import { createServer } from 'node:http';

import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { type Clock, createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { type Cognito, createCognito } from '#infra/local/services/cognito';
import { openState, type StateStore } from '#infra/local/state';

let state: StateStore;
let clock: Clock;
let cognito: Cognito;
let origin: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  state = openState(':memory:');
  clock = createClock(state);
  cognito = await createCognito({ state, clock });
  const server = createServer(cognito.listener);
  origin = `http://127.0.0.1:${await listen(server)}`;
  stop = () => stopListening(server);
});

afterEach(async () => {
  await stop();
  state.close();
});

/** The real verifier; only the host that it fetches the keys from is another. */
const verifierFor = (more: { userPoolId?: string; clientId?: string; tokenUse?: 'id' } = {}) => {
  const fetcher = {
    fetch: async (uri: string) => {
      const { host, pathname } = new URL(uri);
      expect(host).toBe('cognito-idp.us-east-1.amazonaws.com');
      return (await fetch(origin + pathname)).arrayBuffer();
    },
  };
  return CognitoJwtVerifier.create(
    {
      userPoolId: more.userPoolId ?? cognito.poolId,
      clientId: more.clientId ?? 'app-client',
      tokenUse: more.tokenUse ?? 'access',
    },
    { jwksCache: new SimpleJwksCache({ fetcher }) },
  );
};
const mint = (more: Partial<Parameters<Cognito['mintToken']>[0]> = {}) =>
  cognito.mintToken({ sub: 'user-1', clientId: 'app-client', ...more });

describe('a token', () => {
  it('is accepted by the real verifier, with the claims of a Cognito access token', async () => {
    const claims = await verifierFor().verify(await mint({ groups: ['admin', 'finance'] }));
    const iat = Math.floor(clock.now().getTime() / 1_000);
    expect(claims).toMatchObject({
      sub: 'user-1',
      username: 'user-1',
      token_use: 'access',
      client_id: 'app-client',
      scope: 'aws.cognito.signin.user.admin',
      'cognito:groups': ['admin', 'finance'],
      version: 2,
      iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_LocalDev1',
    });
    expect(claims).not.toHaveProperty('aud');
    expect(claims.exp - claims.iat).toBe(3_600);
    expect(claims.auth_time).toBe(claims.iat);
    expect(iat - claims.iat).toBeLessThanOrEqual(5);
    expect(claims.jti).not.toBe(claims.origin_jti);
  });

  it('has no group claim for a user in no group', async () => {
    expect(decodeJwt(await mint())).not.toHaveProperty('cognito:groups');
  });

  it('names a person when it is an ID token', async () => {
    const token = await mint({ tokenUse: 'id', email: 'ada@users.test' });
    expect(await verifierFor({ tokenUse: 'id' }).verify(token)).toMatchObject({
      aud: 'app-client',
      token_use: 'id',
      email: 'ada@users.test',
      email_verified: true,
      'cognito:username': 'user-1',
    });
    expect(decodeJwt(token)).not.toHaveProperty('client_id');
  });

  it('names a client and its scopes when there is no user', async () => {
    const token = await cognito.mintClientToken({ clientId: 'service-client' });
    const claims = await verifierFor({ clientId: 'service-client' }).verify(token);
    expect(claims).toMatchObject({
      sub: 'service-client',
      client_id: 'service-client',
      scope: 'credits/write credits/read',
    });
    expect(claims).not.toHaveProperty('username');
    expect(claims).not.toHaveProperty('cognito:groups');
  });

  it('lives for an hour of the stack clock', async () => {
    clock.set(new Date('2031-02-03T04:05:06Z'));
    const { iat, exp } = decodeJwt(await mint());
    expect(iat).toBe(Date.UTC(2031, 1, 3, 4, 5, 6) / 1_000);
    expect(exp).toBe(Date.UTC(2031, 1, 3, 5, 5, 6) / 1_000);
  });
});

describe('the real verifier refuses', () => {
  it('a token that is over, of another client, of another use, or of another pool', async () => {
    const other = await createCognito({ state, clock, poolId: 'us-east-1_Other1' });
    const foreign = await other.mintToken({ sub: 'user-1', clientId: 'app-client' });
    const verifier = verifierFor();
    await expect(verifier.verify(await mint({ expiresInSeconds: -1 }))).rejects.toThrow('expired');
    await expect(verifier.verify(await mint({ clientId: 'x' }))).rejects.toThrow('Client ID');
    await expect(verifier.verify(await mint({ tokenUse: 'id' }))).rejects.toThrow('Token use');
    await expect(verifier.verify(foreign)).rejects.toThrow('issuer');
  });

  it('a token whose claims were changed after it was signed', async () => {
    const [header = '', , signature = ''] = (await mint()).split('.');
    const claims = { ...decodeJwt(await mint()), 'cognito:groups': ['admin'] };
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
    await expect(verifierFor().verify(`${header}.${forged}.${signature}`)).rejects.toThrow(
      'Invalid signature',
    );
  });

  it('a token of a pool whose keys are not ours, even under our issuer', async () => {
    const elsewhere = openState(':memory:');
    const impostor = await createCognito({ state: elsewhere, clock });
    const token = await impostor.mintToken({ sub: 'user-1', clientId: 'app-client' });
    await expect(verifierFor().verify(token)).rejects.toThrow('kid');
    elsewhere.close();
  });
});

describe('the keys', () => {
  it('are published without their private parts', async () => {
    const path = `/${cognito.poolId}/.well-known`;
    const text = await (await fetch(`${origin}${path}/jwks.json`)).text();
    const { keys } = z
      .strictObject({
        keys: z.array(
          z.strictObject({
            kid: z.string(),
            alg: z.literal('RS256'),
            use: z.literal('sig'),
            kty: z.literal('RSA'),
            n: z.string(),
            e: z.string(),
          }),
        ),
      })
      .parse(JSON.parse(text));
    expect(keys).toHaveLength(2);
    expect((await fetch(`${origin}/other/.well-known/jwks.json`)).status).toBe(404);
    expect(await (await fetch(`${origin}${path}/openid-configuration`)).json()).toMatchObject({
      issuer: cognito.issuer,
      jwks_uri: `${cognito.issuer}/.well-known/jwks.json`,
    });
  });

  it('can rotate, and tokens from before a rotation or a restart stay valid', async () => {
    const before = await mint();
    cognito.rotateKey();
    const after = await mint();
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
    const restarted = await createCognito({ state, clock });
    const later = await restarted.mintToken({ sub: 'user-1', clientId: 'app-client' });
    expect(decodeProtectedHeader(later).kid).toBe(decodeProtectedHeader(after).kid);
    const verifier = verifierFor();
    for (const token of [before, after, later]) await verifier.verify(token);
  });
});

it('a user signs up once, also across a restart', async () => {
  expect(cognito.signUp('user-1', 'ada@users.test')).toBe(true);
  expect(cognito.signUp('user-1', 'ada@users.test')).toBe(false);
  const restarted = await createCognito({ state, clock });
  expect(restarted.signUp('user-1', 'ada@users.test')).toBe(false);
  expect(restarted.users()).toMatchObject([{ sub: 'user-1', email: 'ada@users.test' }]);
});
