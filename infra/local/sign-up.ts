import type { Invoker } from '#infra/local/lambda/invoker';
import { LocalStackError } from '#infra/local/local-stack-error';
import type { Cognito } from '#infra/local/services/cognito';
import type { UserPoolModel } from '#infra/local/template/model';
import type { Place } from '#infra/local/template/resolve';

/** Cognito asks a trigger that fails twice more, and then tells the user. */
const ATTEMPTS_MAX = 3;

/**
 * Registers a user whose sub is new, which runs the pool's post-confirmation trigger as Cognito does.
 * Throws LocalStackError, with the function's error, when the trigger keeps failing.
 */
export async function signUp(options: {
  readonly user: { readonly sub: string; readonly email: string; readonly clientId: string };
  readonly pool: UserPoolModel;
  readonly cognito: Cognito;
  readonly invoker: Pick<Invoker, 'invoke'>;
  readonly place: Place;
}): Promise<void> {
  const { cognito, invoker, place, pool, user } = options;
  if (!cognito.signUp(user.sub, user.email) || pool.postConfirmation === undefined) return;
  const event = {
    version: '1',
    region: place.region,
    userPoolId: pool.id,
    userName: user.sub,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: user.clientId },
    triggerSource: 'PostConfirmation_ConfirmSignUp',
    request: {
      userAttributes: {
        sub: user.sub,
        email: user.email,
        email_verified: 'true',
        'cognito:user_status': 'CONFIRMED',
      },
    },
    response: {},
  };
  for (let attempt = 1; ; attempt += 1) {
    const result = await invoker.invoke(pool.postConfirmation, event);
    if (result.ok) return;
    if (attempt === ATTEMPTS_MAX) {
      throw new LocalStackError(
        `${pool.postConfirmation} failed with ${result.error.errorMessage}; its log says more.`,
      );
    }
  }
}
