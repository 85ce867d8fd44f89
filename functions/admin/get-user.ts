import type { AdminDependencies } from '#functions/admin/dependencies';
import { readUser } from '#lib/admin/read-user';
import { problem } from '#lib/contract/problem';
import { adminUserRoutes } from '#lib/contract/routes/admin-users';
import { type Call, endpoint } from '#lib/http/endpoint';
import { toUserView } from '#lib/http/user-resource';

/** GET /admin/credits/user/{userId} */
export const getUser = endpoint(adminUserRoutes.getUser, view);

/** GET /admin/credits/{userId} */
export const getUserShort = endpoint(adminUserRoutes.getUserShort, view);

async function view(
  { params, request }: Call<{ readonly userId: string }, unknown, unknown>,
  { count, ...stores }: AdminDependencies,
) {
  const user = await readUser(stores, { userId: params.userId, now: request.now });
  if (!user) throw problem('NOT_FOUND');
  const body = toUserView(user, request.now);
  if (body.verification.result?.ok === false) count('VerificationFailures');
  return { status: 200, body } as const;
}
