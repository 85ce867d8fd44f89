import type { EventStatus } from '#lib/contract/event-statuses';
import type { LedgerStore } from '#lib/ports';
import { paymentRef } from '#lib/purchases/find-event-purchase';
import type { PaymentReference } from '#lib/purchases/purchase';
import type { EventReplay, QuarantinedEvent } from '#lib/purchases/quarantined-event';

export interface KeptEvent extends QuarantinedEvent {
  readonly status: EventStatus;
}

/**
 * Where each of a page of kept events stands. It follows from what the ledger knows by now and is stored nowhere, so
 * that a payment has nothing to tell the events that waited for it, and no crash can leave one waiting for ever.
 */
export async function withStatuses(
  { store }: { readonly store: Pick<LedgerStore, 'load'> },
  events: readonly QuarantinedEvent[],
): Promise<readonly KeptEvent[]> {
  const references = events.map((event) =>
    event.waitsFor === undefined ? null : paymentRef(event, event.waitsFor),
  );
  const read = await store.load(references.filter((reference) => reference !== null));
  return events.map((event, index) => {
    const reference = references[index];
    const status = reference
      ? statusOfWaiting(read('paymentReference', reference.id)?.value ?? null)
      : statusOfReplays(event.replays);
    return { ...event, status };
  });
}

function statusOfWaiting(reference: PaymentReference | null): EventStatus {
  if (reference === null || reference.purchaseId === null) return 'waiting';
  // The payment came and could not take it along: it contradicts what was bought.
  return reference.waiting === undefined ? 'resolved' : 'open';
}

const APPLIED: ReadonlySet<EventReplay['outcome']> = new Set([
  'credited',
  'reversed',
  'reinstated',
  'recorded',
  'unchanged',
]);

function statusOfReplays(replays: readonly EventReplay[]): EventStatus {
  return replays.some(({ outcome }) => APPLIED.has(outcome)) ? 'resolved' : 'open';
}
