import { hash } from 'node:crypto';
import { ContentionError, type LedgerStore } from '#lib/ports';
import type { QuarantinedEvent } from '#lib/purchases/quarantined-event';

const ATTEMPTS_MAX = 10;
/** What the receiver takes at most; an item holds 400 KB. */
const BODY_BYTES_MAX = 262_144;
const DETAIL_LENGTH_MAX = 1_000;

export interface EventToQuarantine extends Pick<
  QuarantinedEvent,
  'provider' | 'type' | 'reason' | 'detail' | 'body' | 'receivedAt'
> {
  readonly eventId: string | null;
  readonly waitsFor?: string;
  readonly now: string;
}

/**
 * Keeps an event for a person. The same event delivered again is one record, which counts and shows its latest reason.
 * Answers the event's id there.
 */
export async function quarantineEvent(
  { store }: { readonly store: Pick<LedgerStore, 'load' | 'write'> },
  input: EventToQuarantine,
): Promise<string> {
  const { now, ...event } = input;
  const eventId = event.eventId ?? `body_${hash('sha256', event.body, 'hex')}`;
  const id = { provider: event.provider, eventId };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([{ record: 'quarantinedEvent', id }]);
    const known = read('quarantinedEvent', id);
    const value: QuarantinedEvent = {
      ...event,
      eventId,
      detail: event.detail.slice(0, DETAIL_LENGTH_MAX),
      body: firstBytes(event.body, BODY_BYTES_MAX),
      receivedAt: known?.value.receivedAt ?? event.receivedAt,
      lastSeenAt: now,
      deliveries: (known?.value.deliveries ?? 0) + 1,
      replays: known?.value.replays ?? [],
    };
    const version = known?.version ?? null;
    if (await store.write([{ record: 'quarantinedEvent', id, value, version }])) return eventId;
  }
  throw new ContentionError('deliveries of one event raced each other into quarantine');
}

function firstBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= bytesMax ? text : bytes.subarray(0, bytesMax).toString();
}
