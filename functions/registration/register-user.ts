import * as z from 'zod';
import type { Log } from '#lib/http/log';
import { registerAccount } from '#lib/accounts/register-account';
import type { LedgerStore } from '#lib/ports';

export interface RegistrationDependencies {
  readonly ledger: LedgerStore;
  readonly now: () => Date;
  readonly log: Log;
}

/** Of the post-confirmation event, what is read here; the event itself goes back to Cognito as it came. */
const confirmation = z.object({
  triggerSource: z.string(),
  request: z.object({
    userAttributes: z.object({ sub: z.string(), email: z.string().optional() }),
  }),
});

/** The same trigger also fires when somebody has set a new password: then the user is long known. */
const CONFIRMED_SIGN_UP = 'PostConfirmation_ConfirmSignUp';

/**
 * Opens the account of a user who has just confirmed, with the signup bonus (DESIGN 8). Cognito asks up to three times
 * when it does not hear from us in time, so this may run again, even at once: the bonus is given once for ever. After
 * that the user stays confirmed and nobody asks any more: throws when there is no account, which alarms, and the log
 * says for whom `POST /api/accounts` opens it.
 */
export async function registerUser(
  { ledger, now, log }: RegistrationDependencies,
  event: unknown,
): Promise<void> {
  const { triggerSource, request } = confirmation.parse(event);
  if (triggerSource !== CONFIRMED_SIGN_UP) return;
  const { sub, email } = request.userAttributes;
  try {
    const { kind, entry } = await registerAccount(ledger, {
      userId: sub,
      email: email ?? null,
      now: now().toISOString(),
      actor: 'system:registration',
      fingerprint: null,
    });
    log.info(`account ${kind}`, entry ? { transaction_id: entry.id } : {});
  } catch (error) {
    // Cognito shows the user a failure and nobody else anything: the log is where we hear of it.
    log.error('account not opened', { about: sub, error });
    throw error;
  }
}
