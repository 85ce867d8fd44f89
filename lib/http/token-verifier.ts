import { requireVariable, type Runtime } from '#lib/http/runtime';
import { createTokenVerifier, type VerifyToken } from '#lib/identity/verify-token';

/** The verifier for the user pool that the stack names in the environment of every function with routes. */
export function tokenVerifier({ env, now }: Pick<Runtime, 'env' | 'now'>): VerifyToken {
  const pool = {
    userPoolId: requireVariable(env, 'USER_POOL_ID'),
    clientIds: {
      user: requireVariable(env, 'APP_CLIENT_ID'),
      admin: requireVariable(env, 'ADMIN_CLIENT_ID'),
      service: requireVariable(env, 'SERVICE_CLIENT_ID'),
    },
  };
  return createTokenVerifier(pool, now);
}
