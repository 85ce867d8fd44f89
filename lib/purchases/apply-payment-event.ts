import { invariant } from '#lib/invariant';
import { canonicalJson } from '#lib/ledger/entry';
import { add } from '#lib/ledger/inflow';
import type { Head } from '#lib/ledger/wallet';
import type { CheckoutEvent, QuarantineReason } from '#lib/payments/payment-event';
import {
  ContentionError,
  type LedgerStore,
  type Plan,
  type Reader,
  type RecordRef,
  type RecordWrite,
} from '#lib/ports';
import {
  paymentRef,
  purchaseOfEvent,
  purchaseRef,
  refsOfEvent,
  sessionRef,
} from '#lib/purchases/find-event-purchase';
import { type Purchase, purchaseCause } from '#lib/purchases/purchase';
import { addCheckoutFacts } from '#lib/purchases/purchase-facts';
import { creditsDue } from '#lib/purchases/purchase-status';

/** Each lost race means that another delivery about the same purchase got further; there are only so many. */
const ATTEMPTS_MAX = 20;
/** Bought credits stand in the middle of 0 to 100, so that others can be made to burn before or after them. */
const PURCHASE_PRIORITY = 50;

export type Applied =
  | { readonly kind: 'credited'; readonly purchaseId: string; readonly entryId: string }
  | { readonly kind: 'recorded' | 'unchanged'; readonly purchaseId: string }
  | Verdict;

interface Verdict {
  readonly kind: 'quarantine';
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/** The ledger moved between our two looks at it: look again. */
interface Superseded {
  readonly kind: 'superseded';
}

type Store = Pick<LedgerStore, 'load' | 'run' | 'write'>;

/**
 * Adds an event's facts to its purchase and posts to the wallet what they say it should have got and has not
 * (DESIGN 6). Wallet, entry, purchase and payment references change in one transaction whose cause is the purchase, so
 * no number, order or concurrency of events credits it twice.
 */
export async function applyPaymentEvent(
  { store }: { readonly store: Store },
  input: { readonly event: CheckoutEvent; readonly now: string },
): Promise<Applied> {
  const { event, now } = input;
  const found = purchaseOfEvent(await store.load(refsOfEvent(event)), event);
  if (found.kind === 'quarantine') return found;
  const { purchaseId } = found;
  const refs = [...refsOfEvent(event), purchaseRef(purchaseId)];
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const change = changeOf(await store.load(refs), { event, purchaseId });
    if (change.kind === 'quarantine') return change;
    const posted = await post(store, { event, change, refs, now });
    if (posted?.kind === 'credited') return posted;
    if (posted?.kind === 'superseded') continue;
    if (posted && posted.reason !== 'WALLET_REFUSED') return posted;
    // Money that has arrived is a fact, even while the wallet cannot take its credits.
    const [first, ...others] = change.writes;
    if (first && !(await store.write([first, ...others]))) continue;
    return posted ?? { kind: first ? 'recorded' : 'unchanged', purchaseId };
  }
  throw new ContentionError('events of one purchase raced past the bound');
}

/** The purchase with the event's facts, and what has to be written for them. */
interface Change {
  readonly kind: 'change';
  readonly purchase: Purchase;
  readonly version: number;
  readonly references: readonly RecordWrite[];
  readonly writes: readonly RecordWrite[];
}

/** Pure, and asked again for fresher state: by the loop above and inside the transaction's own decision. */
function changeOf(
  read: Reader,
  about: { readonly event: CheckoutEvent; readonly purchaseId: string },
): Change | Verdict {
  const { event, purchaseId } = about;
  const stored = read('purchase', { purchaseId });
  invariant(stored, 'a purchase that is referred to exists');
  const facts = addCheckoutFacts(stored.value, event);
  if (!facts.ok) return { kind: 'quarantine', reason: facts.reason, detail: facts.detail };
  const named = [
    sessionRef(event),
    ...(event.paymentRef === null ? [] : [paymentRef(event, event.paymentRef)]),
  ].map((ref) => ({ ...ref, known: read('paymentReference', ref.id)?.value.purchaseId }));
  const stranger = named.find(({ known }) => known !== undefined && known !== purchaseId);
  if (stranger) {
    const detail = `${stranger.id.ref} belongs to ${stranger.known ?? ''}, not to ${purchaseId}`;
    return { kind: 'quarantine', reason: 'CONTRADICTING_PURCHASE', detail };
  }
  const references = named
    .filter(({ known }) => known === undefined)
    .map(({ record, id }) => ({ record, id, value: { purchaseId }, version: null }));
  const { purchase } = facts;
  const { version } = stored;
  const isNews = canonicalJson(purchase) !== canonicalJson(stored.value);
  const writes = [...(isNews ? [writeOf(purchase, version)] : []), ...references];
  return { kind: 'change', purchase, version, references, writes };
}

/** Credits what is due; null where nothing is. */
async function post(
  store: Store,
  input: {
    readonly event: CheckoutEvent;
    readonly change: Change;
    readonly refs: readonly RecordRef[];
    readonly now: string;
  },
): Promise<Extract<Applied, { kind: 'credited' }> | Verdict | Superseded | null> {
  const { event, change, refs, now } = input;
  if (creditsDue(change.purchase) <= 0) return null;
  const { id: purchaseId, userId, creditType } = change.purchase;
  const outcome = await store.run<Verdict | Superseded>({
    wallets: [{ userId, creditType }],
    cause: purchaseCause(purchaseId),
    fingerprint: null,
    reads: refs,
    decide: ({ heads: [head], read }) => {
      const fresh = changeOf(read, { event, purchaseId });
      if (fresh.kind === 'quarantine') return { ok: false, refusal: fresh };
      return creditPlan(head, { change: fresh, actor: event.provider, now });
    },
  });
  switch (outcome.kind) {
    case 'committed':
      return { kind: 'credited', purchaseId, entryId: outcome.entry.id };
    case 'refused':
      return outcome.refusal;
    // Another delivery has credited it since; this one's own facts may still be news.
    case 'replayed':
    case 'reused':
      return { kind: 'superseded' };
  }
}

function creditPlan(
  head: Head,
  input: { readonly change: Change; readonly actor: string; readonly now: string },
): Plan<Verdict | Superseded> {
  const { change, actor, now } = input;
  const { purchase } = change;
  const amount = creditsDue(purchase);
  if (amount <= 0) return { ok: false, refusal: { kind: 'superseded' } };
  const decision = add(head, {
    now,
    type: 'purchase',
    amount,
    category: 'paid',
    priority: PURCHASE_PRIORITY,
    expiresAt: null,
    cause: purchaseCause(purchase.id),
    actor,
    description: `Purchase: ${purchase.packageName}`,
    reference: { type: 'purchase', id: purchase.id },
  });
  if (!decision.ok) {
    const detail = `paid, but the wallet refuses ${amount} credits: ${decision.refusal.code}`;
    return { ok: false, refusal: { kind: 'quarantine', reason: 'WALLET_REFUSED', detail } };
  }
  const credited = { credits: amount, entryId: decision.entry.id };
  return {
    ok: true,
    decisions: [decision],
    writes: [writeOf({ ...purchase, credited }, change.version), ...change.references],
  };
}

function writeOf(purchase: Purchase, version: number): RecordWrite {
  return { ...purchaseRef(purchase.id), value: purchase, version };
}
