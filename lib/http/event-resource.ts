import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import type { KeptEvent } from '#lib/purchases/event-status';
import type { EventReplay } from '#lib/purchases/quarantined-event';

/** Events that wait for a person, as the API shows them. */

/** Without the body, and the people in it. */
export function toQuarantinedEvent(event: KeptEvent): Wire<typeof wire.quarantinedEvent> {
  return {
    event_id: event.eventId,
    provider: event.provider,
    type: event.type,
    reason: event.reason,
    detail: event.detail,
    status: event.status,
    received_at: event.receivedAt,
    last_seen_at: event.lastSeenAt,
    deliveries: event.deliveries,
    last_replayed_at: event.replays.at(-1)?.at ?? null,
  };
}

export function toEventDetails(event: KeptEvent): Wire<typeof wire.eventDetails> {
  const { body, replays } = event;
  return { ...toQuarantinedEvent(event), body, replays: replays.map(toEventReplay) };
}

export function toEventReplay(replay: EventReplay): Wire<typeof wire.eventReplay> {
  return {
    outcome: replay.outcome,
    purchase_id: replay.purchaseId,
    transaction_id: replay.entryId,
    detail: replay.detail,
    replayed_at: replay.at,
    replayed_by: replay.by,
  };
}
