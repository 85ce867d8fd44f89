import type { AuditRecord } from '#lib/admin/audit-record';
import type * as wire from '#lib/contract/audit';
import type { Wire } from '#lib/http/endpoint';

/** An audit record as the API shows it: its states are JSON again. */
export function toAuditRecord(record: AuditRecord): Wire<typeof wire.auditRecord> {
  return {
    audit_id: record.id,
    created_at: record.at,
    actor: record.actor,
    groups: record.groups,
    action: record.action,
    outcome: record.outcome,
    code: record.code,
    user_id: record.userId,
    target: record.target,
    before: stateOf(record.before),
    after: stateOf(record.after),
    reason: record.reason,
    source_ip: record.sourceIp,
    request_id: record.requestId,
    attempts: record.attempts,
  };
}

function stateOf(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
