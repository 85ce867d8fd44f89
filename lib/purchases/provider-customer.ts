import * as z from 'zod';
import type { PaymentProvider } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore } from '#lib/ports';

/** A user as a provider knows them: whom saved cards and subscriptions belong to. */
export const providerCustomerSchema = z.object({ customerRef: z.string(), createdAt: z.string() });
export type ProviderCustomer = Readonly<z.infer<typeof providerCustomerSchema>>;

const ATTEMPTS_MAX = 5;

export type CustomerAnswer =
  | { readonly kind: 'made'; readonly customerRef: string }
  | { readonly kind: 'refused' | 'unknown'; readonly detail: string };

/** Opens a customer of ours at a provider; asked again for a user, it is the same. */
export type OpenCustomer = (user: {
  readonly userId: string;
  readonly email: string | null;
}) => Promise<CustomerAnswer>;

/**
 * The provider's customer of a user, opened where there is none yet. It is stored before it is used, so that whatever
 * the provider says about it later can be told from what somebody else's customer does. Nothing is stored where the
 * provider did not open it.
 */
export async function ensureCustomer(
  store: Pick<LedgerStore, 'load' | 'write'>,
  about: {
    readonly userId: string;
    readonly provider: PaymentProvider;
    readonly now: string;
    readonly open: OpenCustomer;
  },
): Promise<CustomerAnswer> {
  const { now, open, provider, userId } = about;
  const ref = customerRef({ userId, provider });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([ref, { record: 'account', id: { userId } }]);
    const known = read('providerCustomer', ref.id);
    if (known) return { kind: 'made', customerRef: known.value.customerRef };
    const email = read('account', { userId })?.value.email ?? null;
    const opened = await open({ userId, email });
    if (opened.kind !== 'made') return opened;
    const value = { customerRef: opened.customerRef, createdAt: now };
    if (await store.write([{ ...ref, value, version: null }])) return opened;
  }
  throw new ContentionError('the customer of a user changed each time');
}

export function customerRef(id: { readonly userId: string; readonly provider: PaymentProvider }) {
  return { record: 'providerCustomer', id } as const;
}
