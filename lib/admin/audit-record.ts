import { hash } from 'node:crypto';
import * as z from 'zod';
import { ID_PREFIXES } from '#lib/id-prefixes';
import type { RecordWrite } from '#lib/ports';

/** How a state is kept: longer texts are named by their hash, so that no record outgrows its item. */
const STATE_BYTES_MAX = 8_192;
/** A token may carry more groups than mean anything here. */
const GROUPS_MAX = 20;

/** One administrative act, or one that was refused: who, what, on whom, before and after, why, from where (DESIGN 4). */
export const auditRecordSchema = z.object({
  id: z.string(),
  at: z.string(),
  /** As entries name who made them: `admin:...`. */
  actor: z.string(),
  groups: z.array(z.string()),
  /** The name of the contract's route, or of what a job does. */
  action: z.string(),
  /** The user it was done to, where there is one. */
  userId: z.string().nullable(),
  /** The thing it was done to, such as `{ type: 'package', id: 'starter' }`. */
  target: z.object({ type: z.string(), id: z.string() }).nullable(),
  outcome: z.enum(['done', 'refused']),
  /** Why it was refused. */
  code: z.string().nullable(),
  /** JSON text, so that any shape fits. */
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string().nullable(),
  /** Null where a job acts, after the request that started it. */
  sourceIp: z.string().nullable(),
  requestId: z.string(),
  /** How often: more than once only for refused attempts of the same kind within a minute. */
  attempts: z.int().min(1),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** Who acts, as a request or a job knows it. */
export interface AuditContext {
  readonly actor: string;
  readonly groups: readonly string[];
  readonly sourceIp: string | null;
  /** The gateway's request id, or the job's id. */
  readonly requestId: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly at: string;
}

/** What was done. `before` and `after` are JSON values in the names of the wire. */
export interface AuditedAct {
  readonly action: string;
  readonly userId?: string | null;
  readonly target?: AuditRecord['target'];
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string | null;
}

/** What was tried, and why it was refused. */
export type RefusedAttempt = AuditedAct & { readonly code: string };

/**
 * The record of an act, for the transaction that does it: `Plan.writes` or `ledger.write`. Its id follows from the
 * request and the target, so that a transaction which is decided again after a race names the same record.
 */
export function auditWrite(context: AuditContext, act: AuditedAct): RecordWrite<'audit'> {
  return writeOf({
    ...recordOf(context, act),
    id: auditId([context.requestId, act.action, act.userId ?? '', targetName(act)]),
    outcome: 'done',
    code: null,
    attempts: 1,
  });
}

/** The first record of a refused attempt: one for each actor, route, code and minute, which then counts. */
export function refusedAttemptRecord(context: AuditContext, attempt: RefusedAttempt): AuditRecord {
  const minute = `${context.at.slice(0, 16)}:00.000Z`;
  return {
    ...recordOf(context, attempt),
    at: minute,
    id: auditId([context.actor, attempt.action, attempt.code, minute]),
    outcome: 'refused',
    code: attempt.code,
    attempts: 1,
  };
}

function recordOf(
  context: AuditContext,
  act: AuditedAct,
): Omit<AuditRecord, 'id' | 'outcome' | 'code' | 'attempts'> {
  const { actor, at, groups, requestId, sourceIp } = context;
  return {
    at,
    actor,
    groups: [...groups].toSorted().slice(0, GROUPS_MAX),
    action: act.action,
    userId: act.userId ?? null,
    target: act.target ?? null,
    before: stateText(act.before),
    after: stateText(act.after),
    reason: act.reason ?? null,
    sourceIp,
    requestId,
  };
}

function writeOf(record: AuditRecord): RecordWrite<'audit'> {
  const id = { at: record.at, auditId: record.id };
  return { record: 'audit', id, value: record, version: null };
}

function stateText(state: unknown): string | null {
  if (state === undefined || state === null) return null;
  const text = JSON.stringify(state);
  const bytes = Buffer.byteLength(text);
  if (bytes <= STATE_BYTES_MAX) return text;
  return JSON.stringify({ omitted_bytes: bytes, sha256: digestOf(text) });
}

function targetName({ target }: AuditedAct): string {
  return target ? `${target.type}:${target.id}` : '';
}

function auditId(parts: readonly string[]): string {
  return `${ID_PREFIXES.audit}_${digestOf(parts.join('\n')).slice(0, 32)}`;
}

function digestOf(text: string): string {
  return hash('sha256', text, 'hex');
}
