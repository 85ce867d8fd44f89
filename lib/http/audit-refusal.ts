import type { AuditContext } from '#lib/admin/audit-record';
import type { RecordRefusal } from '#lib/admin/count-refusals';
import { KEY_PART } from '#lib/contract/ids';
import type { Route } from '#lib/contract/route';
import type { RequestInfo } from '#lib/http/endpoint';
import type { HttpEvent } from '#lib/http/parse-request';
import type { Runtime } from '#lib/http/runtime';
import { actorOf, type Caller } from '#lib/identity/caller';

/** A refusal waits so long for its record: a table that hangs must not keep it from the caller. */
const RECORD_TIMEOUT_MS = 2_000;

/** Who acts by this request, for the audit record of what it does. */
export function auditContextOf(call: {
  readonly caller: Caller;
  readonly request: RequestInfo;
}): AuditContext {
  const { caller, request } = call;
  return {
    actor: request.actor,
    groups: [...caller.groups],
    sourceIp: request.sourceIp,
    requestId: request.id,
    at: request.now,
  };
}

/**
 * Puts on record that somebody whom we know was refused a route of admins. The refusal stands whatever becomes of its
 * record: that it could not be written is logged as an error, and never changes the answer.
 */
export async function auditRefusal(
  refused: {
    readonly event: HttpEvent;
    readonly route: Route;
    readonly caller: Caller;
    readonly code: string;
  },
  record: RecordRefusal | undefined,
  runtime: Pick<Runtime, 'now' | 'log'>,
): Promise<void> {
  const { caller, code, event, route } = refused;
  if (!record || route.access.kind !== 'admin' || caller.kind === 'anonymous') return;
  const { requestId, http } = event.requestContext;
  const context = {
    actor: actorOf(caller),
    groups: [...caller.groups],
    sourceIp: http.sourceIp,
    requestId,
    at: runtime.now().toISOString(),
  };
  try {
    const userId = targetUser(event);
    await inTime(record(context, { action: route.name, code, userId }));
  } catch (error) {
    const line = { request_id: requestId, route: event.routeKey, code };
    runtime.log.error('a refused attempt is not on record', { ...line, error });
  }
}

/** The user in the path, unless it is no id: nothing of a refused request has been validated. */
function targetUser(event: HttpEvent): string | null {
  const userId = event.pathParameters?.['userId'];
  return userId !== undefined && KEY_PART.test(userId) ? userId : null;
}

class RecordTimeoutError extends Error {
  override readonly name = 'RecordTimeoutError';
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((_, reject) => {
    timer = setTimeout(() => {
      reject(new RecordTimeoutError(`no answer within ${RECORD_TIMEOUT_MS} ms`));
    }, RECORD_TIMEOUT_MS);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
