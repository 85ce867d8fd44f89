import {
  EventBridgeClient,
  type EventBridgeClientConfig,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import { invariant } from '#lib/invariant';

/** A fact, as consumers of the bus match and read it. */
export interface BusEvent {
  /** Such as `credits.entry.created`: what rules match as `detail-type`. */
  readonly type: string;
  /** When it happened; the bus keeps it to the second. */
  readonly at: Date;
  readonly detail: object;
}

/** What the bus did with one event. */
export type Published = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface EventBus {
  /** Publishes up to `EVENTS_MAX`; answers for each in order. Throws when the bus cannot be asked, or takes none. */
  readonly publish: (events: readonly BusEvent[]) => Promise<readonly Published[]>;
}

/** PutEvents takes ten at a time (EventBridge quotas). */
export const EVENTS_MAX = 10;
const SOURCE = 'credits';

const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 3;

export function createEventBus(name: string, config: EventBridgeClientConfig = {}): EventBus {
  const client = new EventBridgeClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  return {
    publish: async (events) => {
      invariant(events.length <= EVENTS_MAX, 'events are published in batches that the bus takes');
      if (events.length === 0) return [];
      const command = new PutEventsCommand({
        Entries: events.map(({ type, at, detail }) => ({
          EventBusName: name,
          Source: SOURCE,
          DetailType: type,
          Time: at,
          Detail: JSON.stringify(detail),
        })),
      });
      // The call as a whole succeeds although some, or all, of its entries may have failed.
      const { Entries = [] } = await client.send(command);
      return events.map((_, index) => {
        const { EventId, ErrorCode } = Entries[index] ?? {};
        return EventId ? { ok: true } : { ok: false, reason: ErrorCode ?? 'no answer' };
      });
    },
  };
}
