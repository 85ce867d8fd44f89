import { PAYMENT_PROVIDERS, type PaymentProvider } from '#lib/payments/payment-event';
import type { LedgerStore, Stored } from '#lib/ports';

export interface EventSought {
  readonly eventId: string;
  /** Either provider's where it is not said: their ids differ. */
  readonly provider: PaymentProvider | null;
}

/** A quarantined event by its id, or null. */
export async function findEvent(
  { store }: { readonly store: Pick<LedgerStore, 'load'> },
  { eventId, provider }: EventSought,
): Promise<Stored<'quarantinedEvent'> | null> {
  const providers = provider === null ? PAYMENT_PROVIDERS : [provider];
  const ids = providers.map((each) => ({ provider: each, eventId }));
  const read = await store.load(ids.map((id) => ({ record: 'quarantinedEvent', id }) as const));
  for (const id of ids) {
    const found = read('quarantinedEvent', id);
    if (found) return found;
  }
  return null;
}
