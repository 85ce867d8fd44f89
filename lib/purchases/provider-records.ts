import type { PaymentProvider, Translation } from '#lib/payments/payment-event';
import type { Purchase } from '#lib/purchases/purchase';

/** From when on a provider's records are asked for, ISO 8601 UTC, each by its own creation; and up to when. */
export interface RecordsWindow {
  readonly payments: string;
  readonly refunds: string;
  readonly disputes: string;
  readonly until: string;
}

export interface ProviderListing {
  /** In the words of the provider's events; payments come before what happened to them. */
  readonly translations: readonly Translation[];
  /** Which lists could not be read, or not to their end, in sentences for an admin. Empty where all was seen. */
  readonly problems: readonly string[];
}

/** What became of one purchase's page or order. */
export type SessionAnswer =
  | {
      readonly kind: 'found';
      readonly session: NonNullable<Purchase['session']>;
      /** Whether it may still be paid. */
      readonly isOpen: boolean;
      readonly translations: readonly Translation[];
    }
  /** Certainly there is none. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly detail: string };

/** What a provider has on record, whether or not its events have reached us. It never throws for what it is told. */
export interface ProviderRecords {
  readonly provider: PaymentProvider;
  readonly listRecords: (window: RecordsWindow) => Promise<ProviderListing>;
  readonly findSession: (
    purchase: Pick<Purchase, 'id' | 'session' | 'createdAt' | 'origin'>,
  ) => Promise<SessionAnswer>;
}
