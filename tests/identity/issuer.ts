import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { UserPool } from '#lib/identity/verify-token';

export const CLIENTS = { user: 'app-client', admin: 'admin-client', service: 'service-client' };
const REGION = 'eu-west-1';
const USER_POOL_ID = `${REGION}_Test12345`;
const ISSUER = `https://cognito-idp.${REGION}.amazonaws.com/${USER_POOL_ID}`;

export type Claims = Readonly<Record<string, unknown>>;

export interface Issuer {
  readonly pool: UserPool;
  readonly region: string;
  /** Where on this machine the keys are published. */
  readonly port: number;
  /** A signed token: a good access token of the app's client, but for what the claims say. */
  readonly token: (claims?: Claims) => Promise<string>;
  /** Signs with a key under another id from now on; both keys are published, as Cognito does. */
  readonly rotate: () => Promise<void>;
  /** A token under the published key's id, signed by someone else. */
  readonly forge: (claims?: Claims) => Promise<string>;
  readonly setOutage: (isOut: boolean) => void;
  readonly close: () => void;
}

/** A Cognito user pool as far as tokens go: real keys, published over http on loopback. */
export async function startIssuer(): Promise<Issuer> {
  const published: object[] = [];
  let isOut = false;
  let signing = await newKey('key-1', published);
  const stranger = await newKey('key-1', []);
  const server = createServer((_request, response) => {
    response.statusCode = isOut ? 500 : 200;
    response.end(isOut ? 'down' : JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = isAddress(address) ? address.port : 0;
  return {
    region: REGION,
    port,
    pool: {
      userPoolId: USER_POOL_ID,
      clientIds: CLIENTS,
      fetchKeys: async () => (await fetch(`http://127.0.0.1:${port}/jwks.json`)).arrayBuffer(),
    },
    token: (claims) => sign(signing, claims),
    forge: (claims) => sign(stranger, claims),
    rotate: async () => {
      signing = await newKey('key-2', published);
    },
    setOutage: (value) => {
      isOut = value;
    },
    close: () => server.close(),
  };
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

interface Key {
  readonly id: string;
  readonly privateKey: CryptoKey;
}

async function newKey(id: string, published: object[]): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  published.push({ ...(await exportJWK(publicKey)), kid: id, alg: 'RS256', use: 'sig' });
  return { id, privateKey };
}

async function sign(key: Key, claims: Claims = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: ISSUER,
    sub: 'alice',
    token_use: 'access',
    client_id: CLIENTS.user,
    iat: now,
    exp: now + 3600,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', kid: key.id })
    .sign(key.privateKey);
}
