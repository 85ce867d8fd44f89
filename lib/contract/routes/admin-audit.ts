import * as z from 'zod';
import { actor, AUDIT_OUTCOMES, auditAction, auditList } from '#lib/contract/audit';
import { periodEnd, periodStart } from '#lib/contract/fields';
import { userId } from '#lib/contract/ids';
import { listQuery } from '#lib/contract/queries';
import { route } from '#lib/contract/route';

/** Who did what, on whom, when and why (DESIGN 5). */
export const adminAuditRoutes = {
  listAudit: route({
    name: 'listAudit',
    method: 'GET',
    path: '/admin/credits/audit',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.report' },
    summary: 'What admins did and what was refused, newest first',
    query: z.strictObject({
      actor: actor.optional(),
      user_id: userId.optional(),
      action: auditAction.optional(),
      outcome: z.enum(AUDIT_OUTCOMES).optional(),
      from: periodStart.optional(),
      to: periodEnd.optional(),
      ...listQuery.shape,
    }),
    answers: { 200: auditList },
    errors: ['INVALID_CURSOR'],
  }),
};
