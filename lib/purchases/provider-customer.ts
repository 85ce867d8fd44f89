import * as z from 'zod';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore } from '#lib/ports';

/** A user as a provider knows them: whom saved cards and subscriptions belong to. */
export const providerCustomerSchema = z.object({ customerRef: z.string(), createdAt: z.string() });
export type ProviderCustomer = Readonly<z.infer<typeof providerCustomerSchema>>;

const ATTEMPTS_MAX = 5;

/**
 * The provider's customer of a user, opened where there is none yet. It is stored before it is used, so that whatever
 * the provider says about it later can be told from what somebody else's customer does. `open` answers null where the
 * provider did not: nothing is stored then.
 */
export async function ensureCustomer(
  store: Pick<LedgerStore, 'load' | 'write'>,
  about: {
    readonly userId: string;
    readonly provider: PaymentProvider;
    readonly now: string;
    readonly open: (email: string | null) => Promise<string | null>;
  },
): Promise<string | null> {
  const { now, open, provider, userId } = about;
  const ref = customerRef({ userId, provider });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([ref, { record: 'account', id: { userId } }]);
    const known = read('providerCustomer', ref.id);
    if (known) return known.value.customerRef;
    const opened = await open(read('account', { userId })?.value.email ?? null);
    if (opened === null) return null;
    const value = { customerRef: opened, createdAt: now };
    if (await store.write([{ ...ref, value, version: null }])) return opened;
  }
  throw new ContentionError('the customer of a user changed each time');
}

export function customerRef(id: { readonly userId: string; readonly provider: PaymentProvider }) {
  return { record: 'providerCustomer', id } as const;
}
