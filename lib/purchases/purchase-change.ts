import { invariant } from '#lib/invariant';
import { canonicalJson } from '#lib/ledger/entry';
import type { PaymentEvent } from '#lib/payments/payment-event';
import type { Reader, RecordWrite } from '#lib/ports';
import { namesOf, purchaseRef } from '#lib/purchases/find-event-purchase';
import { moneyWrites } from '#lib/purchases/money-movement';
import type { PaymentReference, Purchase } from '#lib/purchases/purchase';
import { addFacts, addReturns } from '#lib/purchases/purchase-facts';
import type { Verdict } from '#lib/purchases/verdict';

/** The purchase with an event's facts, and what has to be written for them. */
export interface PurchaseChange {
  readonly kind: 'change';
  readonly purchase: Purchase;
  /** The purchase as it is stored, and its version. */
  readonly before: Purchase;
  readonly version: number;
  /** References to the purchase that are new, or have given up what waited in them. */
  readonly references: readonly RecordWrite[];
  readonly isNews: boolean;
  /** What waited for the payment and contradicts the purchase; it stays where it is. */
  readonly contradiction: string | null;
}

/** What an event changes about its purchase. Pure: it is asked again for fresher state after a lost race. */
export function changeOf(
  read: Reader,
  about: { readonly event: PaymentEvent; readonly purchaseId: string },
): PurchaseChange | Verdict {
  const { event, purchaseId } = about;
  const stored = read('purchase', { purchaseId });
  invariant(stored, 'a purchase that is referred to exists');
  const facts = addFacts(stored.value, event);
  if (!facts.ok) return { kind: 'quarantine', reason: facts.reason, detail: facts.detail };
  let { purchase } = facts;
  let contradiction: string | null = null;
  const references: RecordWrite[] = [];
  for (const name of namesOf(event)) {
    const known = read('paymentReference', name.id);
    const owner = known?.value.purchaseId ?? null;
    if (owner !== null && owner !== purchaseId) {
      const detail = `${name.id.ref} belongs to ${owner}, not to ${purchaseId}`;
      return { kind: 'quarantine', reason: 'CONTRADICTING_PURCHASE', detail };
    }
    const waiting = known?.value.waiting;
    const ended = endWaiting(purchase, waiting);
    purchase = ended.purchase;
    contradiction ??= ended.contradiction;
    // What contradicts the purchase stays for a person, while the purchase gets what is its own.
    const left = ended.contradiction !== null && waiting ? { waiting } : {};
    if (owner !== null && left.waiting === waiting) continue;
    const value = { purchaseId, ...left };
    references.push({ ...name, value, version: known?.version ?? null });
  }
  const isNews = canonicalJson(purchase) !== canonicalJson(stored.value);
  const { value: before, version } = stored;
  return { kind: 'change', purchase, before, version, references, isNews, contradiction };
}

/** What has to be written where no entry is posted; nothing where nothing is new. */
export function writesOf(change: PurchaseChange, now: string): readonly RecordWrite[] {
  return [...(change.isNews ? purchaseWrites(change, now) : []), ...change.references];
}

/** The purchase, and what the change says about money. */
export function purchaseWrites(
  change: Pick<PurchaseChange, 'purchase' | 'before' | 'version'>,
  now: string,
): readonly RecordWrite[] {
  const { purchase, before, version } = change;
  return [
    { ...purchaseRef(purchase.id), value: purchase, version },
    ...moneyWrites({ before, after: purchase, version, now }),
  ];
}

/** Adds refunds and disputes that came before their payment. */
function endWaiting(
  purchase: Purchase,
  waiting: PaymentReference['waiting'],
): { readonly purchase: Purchase; readonly contradiction: string | null } {
  if (!waiting) return { purchase, contradiction: null };
  const { currency, ...returns } = waiting;
  if (currency !== purchase.currency) {
    const contradiction = `refunds in ${currency} waited for a payment in ${purchase.currency}`;
    return { purchase, contradiction };
  }
  const added = addReturns(purchase, returns);
  return added.ok
    ? { purchase: added.purchase, contradiction: null }
    : { purchase, contradiction: added.detail };
}
