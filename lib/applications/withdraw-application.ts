import { type Application, ineligibility } from '#lib/applications/application';
import { findApplication } from '#lib/applications/find-application';
import { closeUnrefunded, refundApplication } from '#lib/applications/refund-application';
import type { Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import { ContentionError, type LedgerStore } from '#lib/ports';
import {
  type KeyedRequest,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';

/** Each lost race closes the application or refunds its spend: there are not many ways to lose. */
const ATTEMPTS_MAX = 10;

export interface WithdrawInput {
  readonly userId: string;
  readonly applicationId: string;
  readonly request: KeyedRequest;
  readonly actor: string;
  readonly now: string;
}

export type WithdrawOutcome =
  | {
      readonly kind: 'withdrawn' | 'replayed';
      readonly application: Application;
      /** The refund; null where there was none, and the application says why. */
      readonly entry: Entry | null;
    }
  | { readonly kind: 'missing' | 'key_reused' }
  /** It had ended before. */
  | { readonly kind: 'closed'; readonly application: Application }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

type Ledger = Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;

/**
 * Withdraws an application; the credits come back when it is less than 24 hours old, and else the answer says why not
 * (DESIGN 5). The refund and the end of the application are one transaction.
 */
export async function withdrawApplication(
  ledger: Ledger,
  input: WithdrawInput,
): Promise<WithdrawOutcome> {
  const { actor, now, request, userId } = input;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const found = await findApplication(ledger, input);
    if (!found) return { kind: 'missing' };
    const { spend, stored } = found;
    const ended = await endedBefore(ledger, input, stored.value);
    if (ended) return ended;
    const id = { userId, entryId: spend.id };
    const read = await ledger.load([{ record: 'refunded', id }]);
    const refunded = read('refunded', id)?.value.amount ?? 0;
    const reason = ineligibility(stored.value, { refunded, now });
    const writes = requestWrites(request, now);
    if (reason !== null) {
      const application = await closeUnrefunded(ledger, {
        application: stored.value,
        kind: 'withdrawn',
        reason,
        requestCause: request.cause,
        now,
        writes,
      });
      if (application) return { kind: 'withdrawn', application, entry: null };
      continue;
    }
    const outcome = await refundApplication(ledger, {
      application: stored.value,
      spend,
      kind: 'withdrawn',
      description: `Application to project ${stored.value.projectId} withdrawn`,
      requestCause: request.cause,
      actor,
      now,
      writes,
    });
    if (outcome.kind === 'refunded') return { ...outcome, kind: 'withdrawn' };
    if (outcome.kind === 'refused' && outcome.refusal.code !== 'ALREADY_REFUNDED') return outcome;
  }
  throw new ContentionError('others ended an application again and again');
}

/** What this request came to when it was here before, or that the application has ended otherwise; null while it is open. */
async function endedBefore(
  ledger: Ledger,
  { request, userId }: WithdrawInput,
  application: Application,
): Promise<WithdrawOutcome | null> {
  const keyed = requestOf(await ledger.load(requestRefs(request)), request);
  if (keyed && !keyed.isSame) return { kind: 'key_reused' };
  const { closed } = application;
  if (!closed) return null;
  if (closed.requestCause !== request.cause) return { kind: 'closed', application };
  const { refundEntryId: entryId } = closed;
  const entry = entryId === null ? null : await ledger.loadEntry({ userId, entryId });
  return { kind: 'replayed', application, entry };
}
