import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminAuditRoutes } from '#lib/contract/routes/admin-audit';
import { toAuditRecord } from '#lib/http/audit-resource';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';

// Records sort by time and id: a cursor names the last one that was looked at.
const position = z.string().min(1).max(100);

/** GET /admin/credits/audit */
export const listAudit = endpoint(
  adminAuditRoutes.listAudit,
  async (call, { audit }: AdminDependencies) => {
    const { action, actor, from, outcome, to, user_id: userId } = call.query;
    const page = openPage(call, position);
    const { records, next } = await audit.page({
      action,
      actor,
      from,
      outcome,
      to,
      userId,
      now: call.request.now,
      after: page.position,
      offset: page.position === null ? (page.page - 1) * page.limit : 0,
      limit: page.limit,
    });
    return {
      status: 200,
      body: {
        records: records.map(toAuditRecord),
        pagination: closePage(page, { total: null, next }),
      },
    };
  },
);
