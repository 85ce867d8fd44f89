import type { Log } from '#lib/http/log';
import type { CountMetric } from '#lib/http/metrics';
import { parseDelivery } from '#lib/messaging/provider-delivery';
import { translateStripeEvent } from '#lib/payments/stripe-event';
import type { LedgerStore } from '#lib/ports';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { quarantineEvent } from '#lib/purchases/quarantine-event';

export interface FulfillmentDependencies {
  readonly store: LedgerStore;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

/**
 * Turns one queued delivery into facts and credits, or hands it to a person (DESIGN 6). Done again, it changes nothing.
 * Throws when it could not be finished, and then the message comes again.
 */
export async function fulfillMessage(
  deps: FulfillmentDependencies,
  message: { readonly id: string; readonly body: string },
): Promise<void> {
  const { store, livemode, log } = deps;
  const { provider, body, receivedAt } = parseDelivery(message.body);
  const now = deps.now().toISOString();
  const translation = translateStripeEvent({ body, livemode });
  if (translation.kind === 'ignored') {
    const { eventId, type } = translation;
    log.info('event ignored', { provider, event_id: eventId, event_type: type });
    return;
  }
  const named =
    translation.kind === 'event'
      ? { eventId: translation.event.eventId, type: translation.event.type }
      : { eventId: translation.eventId, type: translation.type };
  const applied =
    translation.kind === 'event'
      ? await applyPaymentEvent({ store }, { event: translation.event, now })
      : translation;
  const about = {
    message_id: message.id,
    provider,
    ...(named.type !== null && { event_type: named.type }),
  };
  if (applied.kind !== 'quarantine') {
    log.info(`event ${applied.kind}`, {
      ...about,
      ...(named.eventId !== null && { event_id: named.eventId }),
      purchase_id: applied.purchaseId,
    });
    return;
  }
  const { reason, detail } = applied;
  const event = { provider, ...named, reason, detail, body, receivedAt, now };
  const event_id = await quarantineEvent({ store }, event);
  deps.count('EventsQuarantined');
  log.warn('event quarantined', { ...about, event_id, reason });
}
