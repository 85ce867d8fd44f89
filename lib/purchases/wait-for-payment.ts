import { ContentionError, type LedgerStore } from '#lib/ports';
import { paymentRef } from '#lib/purchases/find-event-purchase';
import { mergeReturns, type ReturnEvent, returnsOf } from '#lib/purchases/payment-returns';
import { NO_RETURNS } from '#lib/purchases/purchase';
import type { Verdict } from '#lib/purchases/verdict';

const ATTEMPTS_MAX = 10;

export interface Waiting {
  readonly kind: 'waiting';
  /** The provider's payment that has to come first. */
  readonly paymentRef: string;
}

/**
 * Keeps what an event says of a payment that we have not heard of, until that payment tells whose it is: in the item
 * that the payment has to write, so that the one of both that comes second finds the other (DESIGN 6). `bound` when the
 * payment was faster.
 */
export async function waitForPayment(
  { store }: { readonly store: Pick<LedgerStore, 'load' | 'write'> },
  event: ReturnEvent,
): Promise<Waiting | { readonly kind: 'bound' } | Verdict> {
  const { currency } = event;
  const reference = paymentRef(event, event.paymentRef);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = (await store.load([reference]))('paymentReference', reference.id);
    if (stored && stored.value.purchaseId !== null) return { kind: 'bound' };
    const known = stored?.value.waiting ?? { ...NO_RETURNS, currency };
    if (known.currency !== currency) {
      const detail = `${currency} came, ${known.currency} before`;
      return { kind: 'quarantine', reason: 'WRONG_CURRENCY', detail };
    }
    const merged = mergeReturns(known, returnsOf(event));
    if (!merged.ok) return { kind: 'quarantine', reason: merged.reason, detail: merged.detail };
    const value = { purchaseId: null, waiting: { ...merged.returns, currency } };
    const version = stored?.version ?? null;
    if (await store.write([{ ...reference, value, version }]))
      return { kind: 'waiting', paymentRef: event.paymentRef };
  }
  throw new ContentionError('events of one payment raced past the bound');
}
