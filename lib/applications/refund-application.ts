import { type Application, refundCauseOf } from '#lib/applications/application';
import { invariant } from '#lib/invariant';
import type { Refusal } from '#lib/ledger/decision';
import { type Entry, entryId } from '#lib/ledger/entry';
import type { LedgerStore, RecordRef, RecordWrite, Stored } from '#lib/ports';
import { planRefund, refundRefs } from '#lib/wallets/refund-credits';

export type ApplicationRefund =
  | { readonly kind: 'refunded'; readonly application: Application; readonly entry: Entry }
  /** Somebody else closed it first. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Closes an open application and gives its credits back to the grants they came from, in one transaction and once for
 * ever: the cause is the application's own, whoever asks.
 */
export async function refundApplication(
  ledger: Pick<LedgerStore, 'run'>,
  input: {
    readonly application: Application;
    readonly spend: Entry;
    readonly kind: 'withdrawn' | 'cancelled';
    readonly description: string;
    /** The request that withdraws it; null where a job closes it. */
    readonly requestCause: string | null;
    readonly actor: string;
    readonly now: string;
    readonly writes?: readonly RecordWrite[];
  },
): Promise<ApplicationRefund> {
  const { actor, application, kind, now, requestCause, spend } = input;
  const { projectId, userId } = application;
  const id = { projectId, userId };
  const ref = { record: 'application', id } as const satisfies RecordRef;
  const cause = refundCauseOf(application);
  let closed: Application = application;
  const outcome = await ledger.run<Refusal | 'closed'>({
    wallets: [spend],
    cause,
    fingerprint: requestCause,
    reads: [ref, ...refundRefs(spend)],
    decide: ({ heads: [head], read }) => {
      const stored = read('application', id);
      invariant(stored, 'applications are never deleted');
      if (stored.value.closed) return { ok: false, refusal: 'closed' };
      const plan = planRefund(
        { head, read },
        {
          spend,
          command: {
            now,
            cause,
            fingerprint: requestCause,
            actor,
            description: input.description,
            reference: { type: 'application', id: application.id },
          },
        },
      );
      if (!plan.ok) return plan;
      const refunded = plan.decisions[0]?.entry.amount ?? 0;
      const end = { kind, at: now, requestCause, refunded, reason: null };
      closed = { ...stored.value, closed: { ...end, refundEntryId: entryId(spend, cause) } };
      const write = closeWrite(stored, closed);
      return { ...plan, writes: [...(plan.writes ?? []), write, ...(input.writes ?? [])] };
    },
  });
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'refunded', application: closed, entry: outcome.entry };
    // Its application says by whom.
    case 'replayed':
    case 'reused':
      return { kind: 'closed' };
    case 'refused':
      return outcome.refusal === 'closed'
        ? { kind: 'closed' }
        : { kind: 'refused', refusal: outcome.refusal };
  }
}

/** Closes an open application that gives nothing back, with why; null when somebody else was faster. */
export async function closeUnrefunded(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  end: {
    readonly application: Application;
    readonly kind: 'withdrawn' | 'cancelled';
    readonly reason: string;
    readonly requestCause?: string;
    readonly now: string;
    readonly writes?: readonly RecordWrite[];
  },
): Promise<Application | null> {
  const { application, kind, now: at, reason, requestCause = null, writes = [] } = end;
  const { projectId, userId } = application;
  const id = { projectId, userId };
  const stored = (await ledger.load([{ record: 'application', id }]))('application', id);
  invariant(stored, 'applications are never deleted');
  if (stored.value.closed) return null;
  const nothing = { refunded: 0, refundEntryId: null };
  const closed = { ...stored.value, closed: { kind, at, requestCause, reason, ...nothing } };
  return (await ledger.write([closeWrite(stored, closed), ...writes])) ? closed : null;
}

function closeWrite(stored: Stored<'application'>, closed: Application): RecordWrite {
  const { projectId, userId } = closed;
  return {
    record: 'application',
    id: { projectId, userId },
    value: closed,
    version: stored.version,
  };
}
