import type { WalletRef } from '#lib/ledger/wallet';
import type { PaymentEvent } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore } from '#lib/ports';
import { applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import { beginPurchase } from '#lib/purchases/begin-purchase';
import { purchaseRef } from '#lib/purchases/find-event-purchase';
import { attemptCauseOf, type Purchase } from '#lib/purchases/purchase';
import { withOutcome } from '#lib/purchases/purchase-facts';
import { statusOf } from '#lib/purchases/purchase-status';
import {
  ASK_AGAIN_MS,
  attemptRefs,
  endFailed,
  endPaid,
  endRefused,
  nextAttempt,
} from '#lib/topups/attempt';
import type { CardProvider, ChargeAnswer } from '#lib/topups/card-provider';
import { topUpRef } from '#lib/topups/change-top-up';
import type { TopUp, TopUpAttempt, TopUpReason } from '#lib/topups/top-up';

export interface AdvanceDependencies {
  readonly store: LedgerStore;
  readonly cards: CardProvider;
  readonly now: () => Date;
}

export type Advanced =
  | { readonly kind: 'idle' }
  /** A purchase is in flight, and its outcome is open. */
  | { readonly kind: 'waiting'; readonly purchaseId: string; readonly detail: string }
  /** Nothing could be bought. */
  | { readonly kind: 'refused'; readonly reason: string };

const HOUR_MS = 3_600_000;
/** Providers keep the answer to a key for a day; nobody asks again who might be the first to ask without one. */
const REPEATABLE_MS = 20 * HOUR_MS;
/** From when on a charge that the provider does not know was certainly never made. */
const FINDABLE_MS = 22 * HOUR_MS;
/** Begin, ask, end, look again; every lost race is somebody else's step about this one wallet. */
const STEPS_MAX = 20;

interface Stored {
  readonly topUp: TopUp;
  readonly version: number;
}

/**
 * Takes a wallet's top-up as far as it goes now (DESIGN 6): begins a purchase where one is due, charges it, and ends it
 * when its credits are in the wallet or it has failed. Called any number of times, by any number at once, it has one
 * purchase in flight: the wallet's item names it before anybody is asked, and asking again is asking for the same charge.
 */
export async function advanceTopUp(
  deps: AdvanceDependencies,
  wallet: WalletRef,
): Promise<Advanced> {
  const { store } = deps;
  const ref = topUpRef(wallet);
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const found = (await store.load([ref]))('topUp', ref.id);
    if (!found?.value.terms) return { kind: 'idle' };
    const stored = { topUp: found.value, version: found.version };
    const advanced = stored.topUp.attempt
      ? await settle(deps, stored, stored.topUp.attempt)
      : await begin(deps, stored, found.value.terms);
    if (advanced !== 'again') return advanced;
  }
  throw new ContentionError('the top-up of a wallet changed each time');
}

async function begin(
  { now, store }: AdvanceDependencies,
  stored: Stored,
  terms: NonNullable<TopUp['terms']>,
): Promise<Advanced | 'again'> {
  const { topUp } = stored;
  // After the item: an attempt that it says is over has its credits in this head.
  const [read, head] = await Promise.all([
    store.load(attemptRefs(terms)),
    store.loadHead(topUpRef(topUp).id),
  ]);
  const next = nextAttempt(topUp, { head, read, now: now().toISOString() });
  if (next.kind === 'idle') return next;
  const isWritten = await write(store, stored, next.topUp);
  if (!isWritten || next.kind === 'begun') return 'again';
  return { kind: 'refused', reason: next.topUp.pause?.reason ?? '' };
}

async function settle(
  deps: AdvanceDependencies,
  stored: Stored,
  attempt: TopUpAttempt,
): Promise<Advanced | 'again'> {
  const { store } = deps;
  const { topUp } = stored;
  const now = deps.now().toISOString();
  const purchase = await beginOf(deps, topUp, attempt, now);
  if (purchase === null) {
    const reason = 'purchase_limit_reached';
    await write(store, stored, endRefused(topUp, attempt, { reason, now }));
    return 'again';
  }
  // Money that has arrived and is not in the wallet yet is still to come: nothing else is bought meanwhile.
  if (purchase.credited) {
    await write(store, stored, endPaid(topUp, attempt, now));
    return 'again';
  }
  switch (statusOf(purchase)) {
    case 'failed':
      await write(store, stored, endFailed(topUp, attempt, { reason: reasonOf(purchase), now }));
      return 'again';
    case 'expired':
      await write(store, stored, endRefused(topUp, attempt, { reason: 'charge_lost', now }));
      return 'again';
    case 'pending':
      return charge(deps, stored, attempt);
    case 'paid':
    case 'partially_refunded':
    case 'refunded':
    case 'disputed':
      return waiting(deps, stored, attempt, 'paid, and not in the wallet yet');
  }
}

/** The attempt's purchase, stored before anybody is asked; null where its user may not begin one now. */
async function beginOf(
  { store }: AdvanceDependencies,
  { creditType, userId }: TopUp,
  attempt: TopUpAttempt,
  now: string,
): Promise<Purchase | null> {
  const { amountMinor, credits, currency, packageId, packageName, purchaseId } = attempt;
  const quote = { creditType, credits, amountMinor, currency, packageId, packageName };
  const begun = await beginPurchase<never>(
    store,
    {
      userId,
      provider: 'stripe',
      origin: 'auto_topup',
      cause: attemptCauseOf(purchaseId),
      fingerprint: null,
      now,
    },
    { reads: [], quote: () => ({ ok: true, quote }) },
  );
  return begun.ok ? begun.purchase : null;
}

async function charge(
  deps: AdvanceDependencies,
  stored: Stored,
  attempt: TopUpAttempt,
): Promise<Advanced | 'again'> {
  const { cards, store } = deps;
  const now = deps.now().toISOString();
  const ageMs = Date.parse(now) - Date.parse(attempt.at);
  const order = { ...attempt, description: attempt.packageName };
  if (ageMs > REPEATABLE_MS && ageMs < FINDABLE_MS) {
    return waiting(deps, stored, attempt, 'too old to ask again, too young to be given up');
  }
  const answer = ageMs <= REPEATABLE_MS ? await cards.charge(order) : await cards.findCharge(order);
  switch (answer.kind) {
    case 'told':
      return apply(deps, stored, { attempt, event: answer.event });
    case 'unknown':
      return waiting(deps, stored, attempt, answer.detail);
    case 'refused':
    case 'absent':
      await endPurchase(store, { purchaseId: attempt.purchaseId, now, answer });
      return 'again';
  }
}

/** By the path of every event, so that the event itself may still come and changes nothing more. */
async function apply(
  deps: AdvanceDependencies,
  stored: Stored,
  told: { readonly attempt: TopUpAttempt; readonly event: PaymentEvent },
): Promise<Advanced | 'again'> {
  const now = deps.now().toISOString();
  const applied = await applyPaymentEvent(deps, { event: told.event, now });
  switch (applied.kind) {
    case 'credited':
    case 'reversed':
    case 'reinstated':
    case 'recorded':
    // The event was faster than the answer.
    case 'unchanged':
      return 'again';
    case 'waiting':
    case 'foreign':
    case 'early':
    case 'quarantine':
      return waiting(deps, stored, told.attempt, `the answer was ${applied.kind}`);
  }
}

/** A charge that was certainly not made: the provider would not, or has never heard of it. */
async function endPurchase(
  store: LedgerStore,
  told: {
    readonly purchaseId: string;
    readonly now: string;
    readonly answer:
      Extract<ChargeAnswer, { readonly kind: 'refused' }> | { readonly kind: 'absent' };
  },
): Promise<void> {
  const { answer, now, purchaseId } = told;
  const ref = purchaseRef(purchaseId);
  const found = (await store.load([ref]))('purchase', ref.id);
  if (!found || statusOf(found.value) !== 'pending') return;
  const kind = answer.kind === 'absent' ? 'expired' : 'failed';
  // A lost race is news of the purchase, and the next step reads it.
  await store.write([
    { ...ref, value: withOutcome(found.value, { kind, at: now }), version: found.version },
  ]);
}

/** Comes back to it later, whatever the wallet does. */
async function waiting(
  { now, store }: AdvanceDependencies,
  stored: Stored,
  { purchaseId }: TopUpAttempt,
  detail: string,
): Promise<Advanced | 'again'> {
  const checkAt = new Date(now().getTime() + ASK_AGAIN_MS).toISOString();
  const isWritten = await write(store, stored, { ...stored.topUp, checkAt });
  return isWritten ? { kind: 'waiting', purchaseId, detail } : 'again';
}

async function write(store: LedgerStore, stored: Stored, topUp: TopUp): Promise<boolean> {
  const ref = topUpRef(topUp);
  return store.write([{ ...ref, value: topUp, version: stored.version }]);
}

function reasonOf({ lastDecline }: Purchase): TopUpReason {
  if (!lastDecline) return 'charge_refused';
  return lastDecline.reason === 'authentication_required' ? lastDecline.reason : 'card_declined';
}
