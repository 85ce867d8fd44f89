import type { Log } from '#lib/http/log';
import type { CountMetric } from '#lib/http/metrics';
import { parseDelivery } from '#lib/messaging/provider-delivery';
import { translateProviderEvent } from '#lib/payments/translate-provider-event';
import type { LedgerStore } from '#lib/ports';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { quarantineEvent } from '#lib/purchases/quarantine-event';
import type { Verdict } from '#lib/purchases/verdict';
import { saveCard } from '#lib/topups/set-up-card';

export interface FulfillmentDependencies {
  readonly store: LedgerStore;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

/** Below the queue's own bound, so that what belongs to nothing ends where people look, not among dead letters. */
const DELIVERIES_MAX = 4;

/** Its event may have come before its purchase: the queue brings it again. */
class EarlyEventError extends Error {
  override readonly name = 'EarlyEventError';
}

/**
 * Turns one queued delivery into facts and credits, or hands it to a person (DESIGN 6). Done again, it changes nothing.
 * Throws when it could not be finished, and then the message comes again.
 */
export async function fulfillMessage(
  deps: FulfillmentDependencies,
  message: { readonly id: string; readonly body: string; readonly deliveries: number },
): Promise<void> {
  const { store, livemode, log } = deps;
  const delivery = parseDelivery(message.body);
  const { provider, body, receivedAt } = delivery;
  const now = deps.now().toISOString();
  const translation = translateProviderEvent({ ...delivery, livemode });
  const named = 'event' in translation ? translation.event : translation;
  const about = {
    message_id: message.id,
    provider,
    ...(named.eventId !== null && { event_id: named.eventId }),
    ...(named.type !== null && { event_type: named.type }),
  };
  if (translation.kind === 'saved_card') {
    const saved = await saveCard(store, translation.event);
    log.info(`card ${saved}`, about);
    return;
  }
  const applied =
    translation.kind === 'event'
      ? await applyPaymentEvent({ store }, { event: translation.event, now })
      : translation;
  const verdict = applied.kind === 'early' ? lastWord(applied, message.deliveries) : applied;
  const { eventId, type } = named;
  const event = { provider, eventId, type, body, receivedAt, now };
  if (verdict.kind === 'quarantine') {
    const { reason, detail } = verdict;
    const event_id = await quarantineEvent({ store }, { ...event, reason, detail });
    deps.count('EventsQuarantined');
    log.warn('event quarantined', { ...about, event_id, reason });
    return;
  }
  if (verdict.kind === 'waiting') {
    // Nothing contradicts anything, so that nobody is woken; but whoever looks must see it.
    const { paymentRef: waitsFor } = verdict;
    const detail = `it is about ${waitsFor}, a payment that nobody has told us of`;
    const reason = 'WAITS_FOR_PAYMENT';
    await quarantineEvent({ store }, { ...event, reason, detail, waitsFor });
    log.warn('event waits for its payment', about);
    return;
  }
  if (!('purchaseId' in verdict)) {
    log.info(`event ${verdict.kind}`, about);
    return;
  }
  const { kind, purchaseId: purchase_id, contradiction } = verdict;
  log.info(`event ${kind}`, { ...about, purchase_id });
  if (contradiction === undefined) return;
  deps.count('EventsQuarantined');
  log.warn('what waited for a payment contradicts its purchase', { ...about, purchase_id });
}

/** An event that stays unknown for as long as the queue tries waits for a person. */
function lastWord(
  early: Extract<Applied, { readonly kind: 'early' }>,
  deliveries: number,
): Verdict {
  if (deliveries < DELIVERIES_MAX) throw new EarlyEventError(early.detail);
  return { kind: 'quarantine', reason: 'UNKNOWN_PAYMENT', detail: early.detail };
}
