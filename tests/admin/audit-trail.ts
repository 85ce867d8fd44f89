import type { AuditRecord } from '#lib/admin/audit-record';
import type { AuditQuery } from '#lib/ports';
import { createAuditStore } from '#lib/store/audit-store';
import { NOW } from '#tests/http/events';
import type { TestLedger } from '#tests/support/ledger';

/** What stands in the audit, newest first. */
export async function auditTrail(
  test: TestLedger,
  query: Partial<AuditQuery>,
): Promise<readonly AuditRecord[]> {
  const all = { now: NOW, after: null, offset: 0, limit: 100 };
  return (await createAuditStore(test.table).page({ ...all, ...query })).records;
}
