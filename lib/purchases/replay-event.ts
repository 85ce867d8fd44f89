import { invariant } from '#lib/invariant';
import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import type { Translation } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore, type RecordWrite } from '#lib/ports';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { claimKey } from '#lib/purchases/claim-key';
import { type EventSought, findEvent } from '#lib/purchases/find-event';
import type { EventReplay, QuarantinedEvent } from '#lib/purchases/quarantined-event';

/** Of one event: who tried long ago no longer matters to anyone. */
const REPLAYS_MAX = 20;
const ATTEMPTS_MAX = 10;
const DETAIL_LENGTH_MAX = 1_000;

export interface ReplayDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;
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
  { store, translate }: ReplayDependencies,
  request: ReplayRequest,
): Promise<ReplayOutcome> {
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
    replay ??= { at: now, by, cause, ...outcomeOf(await apply(store, translate(event), now)) };
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

type Result = Applied | Exclude<Translation, { readonly kind: 'event' | 'saved_card' }>;

async function apply(
  store: ReplayDependencies['store'],
  translation: Translation,
  now: string,
): Promise<Result> {
  // Nothing about a saved card is ever quarantined.
  invariant(translation.kind !== 'saved_card', 'what waits for a person is about money');
  if (translation.kind !== 'event') return translation;
  return applyPaymentEvent({ store }, { event: translation.event, now });
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
        purchaseId: result.purchaseId,
        entryId: 'entryId' in result ? result.entryId : null,
        detail: result.contradiction ?? null,
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
