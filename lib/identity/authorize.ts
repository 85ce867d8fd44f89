import { unreachable } from '#lib/invariant';
import type { Route } from '#lib/contract/route';
import { type Caller, hasScope } from '#lib/identity/caller';
import { hasPermission } from '#lib/identity/permissions';

export type Authorization =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN' | 'NOT_FOUND' };

const allowed: Authorization = { ok: true };
const unauthenticated: Authorization = { ok: false, code: 'UNAUTHENTICATED' };
const forbidden: Authorization = { ok: false, code: 'FORBIDDEN' };
const hidden: Authorization = { ok: false, code: 'NOT_FOUND' };

/**
 * Whether a caller may use a route with these path parameters (DESIGN 5). It runs before anything of the request is
 * validated, so that the answer tells a stranger nothing; whether a thing is the caller's is the command's question.
 */
export function authorize(
  route: Pick<Route, 'access'>,
  caller: Caller,
  params: Readonly<Record<string, string | undefined>>,
): Authorization {
  const { access } = route;
  if (access.kind === 'public') return allowed;
  if (caller.kind === 'anonymous') return unauthenticated;
  switch (access.kind) {
    case 'user':
    case 'admin':
      return hasPermission(caller, access.permission) ? allowed : forbidden;
    case 'service': {
      if (caller.kind === 'service') return hasScope(caller, access.scope) ? allowed : forbidden;
      if (!access.ownUser || !hasPermission(caller, access.ownUser)) return forbidden;
      // Another user's things are as good as missing, whether that user exists or not.
      return params['userId'] === caller.sub ? allowed : hidden;
    }
    default:
      return unreachable(access);
  }
}
