import * as z from 'zod';

import type { Route } from '#infra/local/control/route';
import { LocalStackError } from '#infra/local/local-stack-error';
import { signUp } from '#infra/local/sign-up';
import type { Parts } from '#infra/local/stack';
import { LOCAL_PLACE } from '#infra/local/template/identity';
import type { UserPoolModel } from '#infra/local/template/model';

const TOKEN_SECONDS = 3_600;
const ADMIN_GROUPS = new Set(['admin', 'finance', 'support']);

const tokenSchema = z.strictObject({
  /** For the client `service` the token is the client's own, and has no user. */
  sub: z.string().min(1).optional(),
  /** A new user with an e-mail address is signed up first. */
  email: z.email().optional(),
  groups: z.array(z.string().min(1)).optional(),
  /** Scopes separated by spaces. */
  scope: z.string().optional(),
  /** A client's name in the template, or its id; by default the one that such a token comes from. */
  client: z.string().min(1).optional(),
  /** A client that is not in the template, to see its tokens refused. */
  client_id: z.string().min(1).optional(),
  token_use: z.enum(['access', 'id']).default('access'),
  /** Negative for a token that is already over. */
  expires_in: z.int().default(TOKEN_SECONDS),
});
type TokenBody = z.infer<typeof tokenSchema>;

/** Tokens as Cognito issues them, for whoever asks. */
export function identityRoutes(parts: Parts): readonly Route[] {
  const { cognito } = parts.services;
  return [
    {
      method: 'POST',
      path: '/local/tokens',
      run: async ({ body }) => {
        const wanted = tokenSchema.parse(body);
        const token = await mint(parts, wanted);
        return { json: { ...token, token_type: 'Bearer', expires_in: wanted.expires_in } };
      },
    },
    {
      method: 'POST',
      path: '/local/tokens/rotate-key',
      run: () => {
        cognito.rotateKey();
        return { json: { rotated: true } };
      },
    },
    { method: 'GET', path: '/local/users', run: () => ({ json: { users: cognito.users() } }) },
  ];
}

async function mint(parts: Parts, wanted: TokenBody): Promise<object> {
  const { invoker, services } = parts;
  const { cognito } = services;
  const [pool] = parts.info.model.userPools;
  if (pool === undefined) throw new LocalStackError('The template has no user pool.');
  const client = clientNamed(pool, wanted.client ?? usualClient(wanted));
  const expiresInSeconds = wanted.expires_in;
  if (client.flows.includes('client_credentials')) {
    const { scope } = wanted;
    const access_token = await cognito.mintClientToken({
      clientId: client.id,
      expiresInSeconds,
      scope: scope ?? client.scopes.join(' '),
    });
    return { access_token, client_id: client.id, sub: client.id };
  }
  const { email, groups, scope, sub, token_use: tokenUse } = wanted;
  if (sub === undefined) throw new RangeError('"sub" names the user of the token.');
  if (email !== undefined) {
    const user = { sub, email, clientId: client.id };
    await signUp({ user, pool, cognito, invoker, place: LOCAL_PLACE });
  }
  const clientId = wanted.client_id ?? client.id;
  const request = { sub, email, groups, scope, clientId, tokenUse, expiresInSeconds };
  return { access_token: await cognito.mintToken(request), client_id: clientId, sub };
}

/** Admins sign in through a client of their own, backends have scopes, everybody else uses the app (DESIGN 12). */
function usualClient({ groups = [], scope }: TokenBody): string {
  if (groups.some((group) => ADMIN_GROUPS.has(group))) return 'admin';
  return scope?.includes('credits/') === true ? 'service' : 'app';
}

function clientNamed(pool: UserPoolModel, wanted: string): UserPoolModel['clients'][number] {
  const client = pool.clients.find(({ id, name }) => name === wanted || id === wanted);
  if (client !== undefined) return client;
  const known = pool.clients.map(({ name }) => name).join(', ');
  throw new RangeError(`There is no client "${wanted}"; there are ${known}.`);
}
