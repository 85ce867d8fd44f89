import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminRoutes } from '#lib/contract/routes/admin';
import { endpoint } from '#lib/http/endpoint';
import { toEventDetails } from '#lib/http/event-resource';
import { findEvent } from '#lib/purchases/find-event';

/** GET /admin/credits/events/{id} */
export const getEvent = endpoint(
  adminRoutes.getEvent,
  async ({ params, query }, { ledger }: AdminDependencies) => {
    const sought = { eventId: params.id, provider: query.provider ?? null };
    const found = await findEvent({ store: ledger }, sought);
    if (!found) throw problem('NOT_FOUND');
    return { status: 200, body: toEventDetails(found.value) };
  },
);
