import { InvariantError } from '#lib/invariant';
import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import type { Translation } from '#lib/payments/payment-event';
import { ContentionError, type HistoryStore, type LedgerStore, type RecordWrite } from '#lib/ports';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { claimKey } from '#lib/purchases/claim-key';
import { type EventSought, findEvent } from '#lib/purchases/find-event';
import type { EventReplay, QuarantinedEvent } from '#lib/purchases/quarantined-event';
import {
  applySubscriptionEvent,
  type SubscriptionApplied,
} from '#lib/subscriptions/apply-subscription-event';

/** Of one event: who tried long ago no longer matters to anyone. */
const REPLAYS_MAX = 20;
const ATTEMPTS_MAX = 10;
const DETAIL_LENGTH_MAX = 1_000;

export interface ReplayDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'loadHead' | 'run' | 'write'>;
  /** What a paid period asks about the one before. */
  readonly history: Pick<HistoryStore, 'headAt'>;
  readonly translate: (
    event: Pick<QuarantinedEvent, 'provider' | 'eventId' | 'body'>,
  ) => Translation;
}

export interface ReplayRequest extends EventSought {
  readonly cause: string;
  readonly fingerprint: string | null;
  /** Who asks. */
  readonly audit: AuditContext;
  readonly now: string;
}

/**
 * Applies a quarantined event again, by the path that every event takes: what stood in its way may be gone (DESIGN 6).
 * Its facts are sets, so that doing it again changes nothing. The event stays, with who did it, when, and what came of
 * it; a repeated request gets its first answer.
 */
export async function replayEvent(
  deps: ReplayDependencies,
  request: ReplayRequest,
): Promise<ReplayOutcome> {
  const { store, translate } = deps;
  const { audit, cause, now } = request;
  const by = audit.actor;
  if (!(await claimKey(store, request))) return { kind: 'reused' };
  let replay: EventReplay | null = null;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = await findEvent({ store }, request);
    if (!stored) return { kind: 'absent' };
    const { value: event, version } = stored;
    const first = event.replays.find((known) => known.cause === cause);
    if (first) return { kind: 'done', replay: first, replayed: true };
    replay ??= { at: now, by, cause, ...outcomeOf(await apply(deps, translate(event), now)) };
    const replays = [...event.replays, replay].slice(-REPLAYS_MAX);
    const id = { provider: event.provider, eventId: event.eventId };
    const value = { ...event, replays };
    const record = recordOf(event, replay, audit);
    if (await store.write([{ record: 'quarantinedEvent', id, value, version }, record])) {
      return { kind: 'done', replay, replayed: false };
    }
  }
  throw new ContentionError('replays and deliveries of one event raced each other');
}

export type ReplayOutcome =
  | { readonly kind: 'done'; readonly replay: EventReplay; readonly replayed: boolean }
  /** There is no such event. */
  | { readonly kind: 'absent' }
  /** The key belongs to the replay of another event. */
  | { readonly kind: 'reused' };

function recordOf(
  event: QuarantinedEvent,
  replay: EventReplay,
  audit: AuditContext,
): RecordWrite<'audit'> {
  const { detail, entryId: transaction_id, outcome, purchaseId: purchase_id } = replay;
  return auditWrite(audit, {
    action: 'replayEvent',
    target: { type: `${event.provider}_event`, id: event.eventId },
    before: { reason: event.reason },
    after: { outcome, purchase_id, transaction_id, detail },
  });
}

type Result = Applied | SubscriptionApplied | Exclude<Translation, { readonly event: unknown }>;

async function apply(
  { history, store }: ReplayDependencies,
  translation: Translation,
  now: string,
): Promise<Result> {
  switch (translation.kind) {
    case 'event':
      return applyPaymentEvent({ store }, { event: translation.event, now });
    case 'subscription':
      return applySubscriptionEvent({ ledger: store, history }, { event: translation.event, now });
    case 'saved_card':
      throw new InvariantError('nothing about a saved card is ever quarantined');
    case 'ignored':
    case 'quarantine':
      return translation;
  }
}

function outcomeOf(
  result: Result,
): Pick<EventReplay, 'outcome' | 'purchaseId' | 'entryId' | 'detail'> {
  const nothing = { purchaseId: null, entryId: null, detail: null };
  switch (result.kind) {
    case 'credited':
    case 'reversed':
    case 'reinstated':
    case 'recorded':
    case 'unchanged':
      return {
        outcome: result.kind,
        purchaseId: 'purchaseId' in result ? result.purchaseId : null,
        entryId: 'entryId' in result ? result.entryId : null,
        detail: ('contradiction' in result ? result.contradiction : null) ?? null,
      };
    case 'waiting':
    case 'foreign':
    case 'ignored':
      return { ...nothing, outcome: result.kind };
    case 'early':
      return { ...nothing, outcome: 'early', detail: result.detail };
    case 'quarantine': {
      const detail = `${result.reason}: ${result.detail}`.slice(0, DETAIL_LENGTH_MAX);
      return { ...nothing, outcome: 'quarantined', detail };
    }
  }
}
