import { type Application, ineligibility, spendIdOf } from '#lib/applications/application';
import { KEY_PART } from '#lib/contract/ids';
import type { Entry } from '#lib/ledger/entry';
import type { LedgerStore, Stored } from '#lib/ports';

export interface FoundApplication {
  readonly stored: Stored<'application'>;
  readonly spend: Entry;
}

type Sought = { readonly applicationId: string; readonly userId: string };

/**
 * A user's application, strongly consistent: its id leads to the spend, and that names the project. Null for what is
 * missing and for what is somebody else's, which look the same.
 */
export async function findApplication(
  ledger: Pick<LedgerStore, 'load' | 'loadEntry'>,
  { applicationId, userId }: Sought,
): Promise<FoundApplication | null> {
  const entryId = spendIdOf(applicationId);
  const spend = entryId === null ? null : await ledger.loadEntry({ userId, entryId });
  if (spend?.reference?.type !== 'project') return null;
  // A caller of the service may name any project in a reference of its own: only a project's id can be a key.
  if (!KEY_PART.test(spend.reference.id)) return null;
  const id = { projectId: spend.reference.id, userId };
  const stored = (await ledger.load([{ record: 'application', id }]))('application', id);
  return stored?.value.id === applicationId ? { stored, spend } : null;
}

/** Whether withdrawing would give the credits back; null where there is no such application. */
export async function findEligibility(
  ledger: Pick<LedgerStore, 'load' | 'loadEntry'>,
  sought: Sought & { readonly now: string },
): Promise<{ readonly application: Application; readonly reason: string | null } | null> {
  const found = await findApplication(ledger, sought);
  if (!found) return null;
  const application = found.stored.value;
  const id = { userId: sought.userId, entryId: application.entryId };
  const refunded = (await ledger.load([{ record: 'refunded', id }]))('refunded', id);
  const state = { refunded: refunded?.value.amount ?? 0, now: sought.now };
  return { application, reason: ineligibility(application, state) };
}
