import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { adminRoutes } from '#lib/contract/routes/admin';
import { endpoint } from '#lib/http/endpoint';
import { toQuarantinedEvent } from '#lib/http/event-resource';
import { closePage, openPage } from '#lib/http/pagination';
import { withStatuses } from '#lib/purchases/event-status';

// The index sorts by time, provider and id: a cursor names the last event that was shown.
const position = z.string().min(1).max(400);

/** GET /admin/credits/events */
export const listEvents = endpoint(
  adminRoutes.listEvents,
  async (call, { ledger, quarantine }: AdminDependencies) => {
    const { provider } = call.query;
    const page = openPage(call, position);
    const { events, next } = await quarantine.page({
      ...(provider !== undefined && { provider }),
      after: page.position,
      offset: page.position === null ? (page.page - 1) * page.limit : 0,
      limit: page.limit,
    });
    const kept = await withStatuses({ store: ledger }, events);
    return {
      status: 200,
      body: {
        events: kept.map(toQuarantinedEvent),
        pagination: closePage(page, { total: null, next }),
      },
    };
  },
);
