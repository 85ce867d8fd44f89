import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTokenVerifier, type VerifyToken } from '#lib/identity/verify-token';
import { CLIENTS, type Claims, type Issuer, startIssuer } from '#tests/identity/issuer';

const now = () => new Date();
let issuer: Issuer;
let verify: VerifyToken;
beforeAll(async () => {
  issuer = await startIssuer();
  verify = createTokenVerifier(issuer.pool, now);
});
afterAll(() => issuer.close());

describe('a good access token', () => {
  test.each([
    { client: CLIENTS.user, kind: 'user' },
    { client: CLIENTS.admin, kind: 'admin' },
    { client: CLIENTS.service, kind: 'service' },
  ])('of $client makes its bearer a $kind', async ({ client, kind }) => {
    const token = await issuer.token({
      client_id: client,
      scope: 'credits/read  credits/write',
      'cognito:groups': ['finance', 'not-admin'],
    });
    expect(await verify(token)).toEqual({
      kind: 'verified',
      caller: {
        kind,
        sub: 'alice',
        clientId: client,
        groups: new Set(['finance', 'not-admin']),
        scopes: new Set(['credits/read', 'credits/write']),
      },
    });
  });

  test('signed with the issuer’s new key is accepted without a restart', async () => {
    const rotating = await startIssuer();
    const verifyRotating = createTokenVerifier(rotating.pool, now);
    expect((await verifyRotating(await rotating.token())).kind).toBe('verified');
    await rotating.rotate();
    expect((await verifyRotating(await rotating.token())).kind).toBe('verified');
    rotating.close();
  });
});

describe('a token that was verified', () => {
  const open = async () => {
    const own = await startIssuer();
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const clock = { now: new Date() };
    const verifyOwn = createTokenVerifier(own.pool, () => clock.now);
    return { own, exp, clock, verifyOwn, token: await own.token({ exp }) };
  };

  test('is remembered', async () => {
    const { own, token, verifyOwn } = await open();
    const first = await verifyOwn(token);
    const again = await verifyOwn(token);
    own.close();
    expect(again).toMatchObject({ kind: 'verified', caller: { sub: 'alice' } });
    // The very same object: nobody made it anew.
    expect(Reflect.get(again, 'caller')).toBe(Reflect.get(first, 'caller'));
  });

  test('is looked at again from the second in which it expires', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { own, clock, exp, token, verifyOwn } = await open();
    await verifyOwn(token);
    clock.now = new Date(exp * 1_000 - 1);
    expect((await verifyOwn(token)).kind).toBe('verified');
    clock.now = new Date(exp * 1_000);
    vi.setSystemTime(exp * 1_000 + 1_000);
    expect((await verifyOwn(token)).kind).toBe('invalid');
    vi.useRealTimers();
    own.close();
  });

  test('makes no other token good, and one that was refused is refused again', async () => {
    const { own, token, verifyOwn } = await open();
    await verifyOwn(token);
    const [header, payload] = token.split('.');
    const others = [await own.forge(), `${token}A`, `${token} `, `${header}.${payload}.`];
    for (const other of [...others, ...others]) {
      expect(await verifyOwn(other)).toEqual({ kind: 'invalid' });
    }
    own.close();
  });
});

describe('what is no access token of ours is invalid', () => {
  const past = Math.floor(Date.now() / 1000) - 1;
  const claims: readonly (readonly [string, Claims])[] = [
    ['an id token', { token_use: 'id', aud: CLIENTS.user, client_id: undefined }],
    ['an id token that names a client too', { token_use: 'id', aud: CLIENTS.user }],
    ['a token of another client', { client_id: 'someone-else' }],
    ['a token without client', { client_id: undefined }],
    ['an expired token', { exp: past }],
    ['a token that never expires', { exp: undefined }],
    ['a token that is not valid yet', { nbf: past + 600 }],
    [
      'a token of another pool',
      { iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other1234' },
    ],
    ['a token of another issuer', { iss: 'https://issuer.example' }],
    ['a token without subject', { sub: undefined }],
    ['a subject that could end a key', { sub: 'a#WALLET#b' }],
    ['groups that are no list', { 'cognito:groups': '[admin]' }],
  ];
  test.each(claims)('%s', async (_why, wrong) => {
    expect(await verify(await issuer.token(wrong))).toEqual({ kind: 'invalid' });
  });

  test('a token under our key’s id that someone else signed', async () => {
    expect(await verify(await issuer.forge())).toEqual({ kind: 'invalid' });
  });

  test.each(['none', 'HS256'])('a token that asks for %s', async (alg) => {
    const [, payload] = (await issuer.token()).split('.');
    const header = Buffer.from(JSON.stringify({ alg, kid: 'key-1' })).toString('base64url');
    const signed = `${header}.${String(payload)}`;
    const signature = createHmac('sha256', 'public').update(signed).digest('base64url');
    expect(await verify(`${signed}.${alg === 'none' ? 'AA' : signature}`)).toEqual({
      kind: 'invalid',
    });
  });

  test('a token whose content was changed', async () => {
    const [header, payload, signature] = (await issuer.token()).split('.');
    const text = Buffer.from(String(payload), 'base64url').toString().replace('alice', 'mallo');
    const changed = Buffer.from(text).toString('base64url');
    expect(await verify([header, changed, signature].join('.'))).toEqual({ kind: 'invalid' });
  });

  test.each(['', 'x', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', '....', '😀.😀.😀'])(
    '%j',
    async (token) => {
      expect(await verify(token)).toEqual({ kind: 'invalid' });
    },
  );
});

test('while the issuer is down nobody is called invalid, and then tokens work again', async () => {
  const failing = await startIssuer();
  const verifyFailing = createTokenVerifier(failing.pool, now);
  const token = await failing.token();
  failing.setOutage(true);
  expect((await verifyFailing(token)).kind).toBe('unavailable');
  failing.setOutage(false);
  expect((await verifyFailing(token)).kind).toBe('verified');
  failing.close();
});
