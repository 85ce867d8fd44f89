import type { Log } from '#lib/http/log';
import type { CountMetric } from '#lib/http/metrics';
import { parseDelivery } from '#lib/messaging/provider-delivery';
import type { Translation } from '#lib/payments/payment-event';
import { translateProviderEvent } from '#lib/payments/translate-provider-event';
import type { HistoryStore, LedgerStore } from '#lib/ports';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { quarantineEvent } from '#lib/purchases/quarantine-event';
import type { Verdict } from '#lib/purchases/verdict';
import {
  applySubscriptionEvent,
  type SubscriptionApplied,
} from '#lib/subscriptions/apply-subscription-event';
import { saveCard } from '#lib/topups/set-up-card';

export interface FulfillmentDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'loadHead' | 'run' | 'write'>;
  /** What a paid period asks about the one before. */
  readonly history: Pick<HistoryStore, 'headAt'>;
  /** Whether this deployment sells for real money. */
  readonly livemode: boolean;
  readonly now: () => Date;
  readonly count: CountMetric;
  readonly log: Log;
}

/** Below the queue's own bound, so that what belongs to nothing ends where people look, not among dead letters. */
const DELIVERIES_MAX = 4;

/** Its event may have come before its purchase or subscription: the queue brings it again. */
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
  const applied = await apply(deps, translation, now);
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

async function apply(
  { history, store: ledger }: FulfillmentDependencies,
  translation: Exclude<Translation, { readonly kind: 'saved_card' }>,
  now: string,
) {
  switch (translation.kind) {
    case 'event':
      return applyPaymentEvent({ store: ledger }, { event: translation.event, now });
    case 'subscription':
      return applySubscriptionEvent({ ledger, history }, { event: translation.event, now });
    case 'ignored':
    case 'quarantine':
      return translation;
  }
}

/** An event that stays unknown for as long as the queue tries waits for a person. */
function lastWord(
  early: Extract<Applied | SubscriptionApplied, { readonly kind: 'early' }>,
  deliveries: number,
): Verdict {
  if (deliveries < DELIVERIES_MAX) throw new EarlyEventError(early.detail);
  const reason = 'reason' in early ? early.reason : 'UNKNOWN_PAYMENT';
  return { kind: 'quarantine', reason, detail: early.detail };
}
