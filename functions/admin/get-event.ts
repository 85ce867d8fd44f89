import type { AdminDependencies } from '#functions/admin/dependencies';
import { problem } from '#lib/contract/problem';
import { adminRoutes } from '#lib/contract/routes/admin';
import { endpoint } from '#lib/http/endpoint';
import { toEventDetails } from '#lib/http/event-resource';
import { invariant } from '#lib/invariant';
import { withStatuses } from '#lib/purchases/event-status';
import { findEvent } from '#lib/purchases/find-event';

/** GET /admin/credits/events/{id} */
export const getEvent = endpoint(
  adminRoutes.getEvent,
  async ({ params, query }, { ledger }: AdminDependencies) => {
    const sought = { eventId: params.id, provider: query.provider ?? null };
    const found = await findEvent({ store: ledger }, sought);
    if (!found) throw problem('NOT_FOUND');
    const [kept] = await withStatuses({ store: ledger }, [found.value]);
    invariant(kept, 'every event has a status');
    return { status: 200, body: toEventDetails(kept) };
  },
);
