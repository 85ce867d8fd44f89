import * as z from 'zod';
import { ID_PREFIXES, sameNumber } from '#lib/id-prefixes';

/** Long enough to change one's mind, short enough for the project's owner to count on who applied. */
const REFUND_WINDOW_MS = 24 * 3_600_000;

/** A user's application to a project, paid with credits in the same transaction (DESIGN 2). Once per project, for ever. */
export const applicationSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  userId: z.string(),
  /** Numbered from 1 within the user, without gaps. */
  number: z.int().min(1),
  /** What it cost. */
  credits: z.int().min(1),
  creditType: z.string(),
  /** The spend. */
  entryId: z.string(),
  /** The app's own. */
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  appliedAt: z.string(),
  /** Null while it is open. */
  closed: z
    .object({
      kind: z.enum(['withdrawn', 'cancelled']),
      at: z.string(),
      /** The request that withdrew it: the same request again gets the first answer. */
      requestCause: z.string().nullable(),
      /** Credits given back, and the entry that did. */
      refunded: z.int().min(0),
      refundEntryId: z.string().nullable(),
      /** Why nothing was given back. */
      reason: z.string().nullable(),
    })
    .nullable(),
});
export type Application = Readonly<z.infer<typeof applicationSchema>>;

/** How many applications a user has made. */
export const applicationCountSchema = z.object({ count: z.int().min(0) });
export type ApplicationCount = Readonly<z.infer<typeof applicationCountSchema>>;

/** A project that was cancelled: it takes no more applications. Other projects are the app's business, not ours. */
export const projectSchema = z.object({
  cancelledAt: z.string(),
  cancelledBy: z.string(),
  reason: z.string().nullable(),
  /** The job that gives the credits back. */
  jobId: z.string(),
});
export type CancelledProject = Readonly<z.infer<typeof projectSchema>>;

/** That a project takes no more applications: one of the gates that an application can come through. */
export const projectGateSchema = z.object({ closedAt: z.string() });
export type ProjectGate = Readonly<z.infer<typeof projectGateSchema>>;

/**
 * Every application's transaction relies on a gate of its project being open, and two that rely on one item at the same
 * moment are in each other's way. So a project has several, and cancelling it closes all of them at once.
 */
export const PROJECT_GATES = 16;

/** The gate of an application, by the last digit of its spend: an even spread that both sides can tell. */
export function gateOf(spendId: string): number {
  return Number.parseInt(spendId.slice(-1), PROJECT_GATES);
}

/** An application carries the number of the spend that paid it, so that each leads to the other without an index. */
export function applicationIdOf(entryId: string): string {
  return sameNumber(entryId, 'application');
}

const APPLICATION_ID = new RegExp(`^${ID_PREFIXES.application}_[0-9a-f]{32}$`);

/** The spend of an application; null where this can be no id of one. */
export function spendIdOf(applicationId: string): string | null {
  return APPLICATION_ID.test(applicationId) ? sameNumber(applicationId, 'transaction') : null;
}

/** One refund per application for ever, whoever comes first: the user who withdraws, or the project that is cancelled. */
export function refundCauseOf(application: Pick<Application, 'id'>): string {
  return `application_refund:${application.id}`;
}

/** Until when withdrawing gives the credits back, exclusive. */
export function refundableUntil(application: Pick<Application, 'appliedAt'>): string {
  return new Date(Date.parse(application.appliedAt) + REFUND_WINDOW_MS).toISOString();
}

/** Why withdrawing would give nothing back, as people read it; null when it would. `refunded` is of the spend. */
export function ineligibility(
  application: Application,
  state: { readonly refunded: number; readonly now: string },
): string | null {
  if (application.closed?.kind === 'withdrawn') return 'Application withdrawn already';
  if (application.closed) return 'Project cancelled';
  if (state.refunded >= application.credits) return 'Credits refunded already';
  if (state.now >= refundableUntil(application)) return 'Application older than 24 hours';
  return null;
}
