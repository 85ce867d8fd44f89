import type { ToldSubscription } from '#lib/payments/subscription-event';
import type { OpenCustomer } from '#lib/purchases/provider-customer';
import type { OpenedPage, ProviderAct } from '#lib/subscriptions/subscription-request';

/** A page on which a user subscribes, as we ask a provider for one. */
export interface PageRequest {
  readonly userId: string;
  readonly customerRef: string;
  readonly priceId: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
  /** Of the request: sent again, it gets the same page. */
  readonly cause: string;
}

export type PageAnswer =
  | ({ readonly kind: 'opened' } & OpenedPage)
  | { readonly kind: 'refused' | 'unknown'; readonly detail: string };

/** `told` is how it stands afterwards. */
export type SubscriptionAnswer =
  | { readonly kind: 'told'; readonly told: ToldSubscription }
  | { readonly kind: 'absent' }
  /** A bank has refused the payment, and nothing has changed. */
  | { readonly kind: 'declined'; readonly detail: string }
  | { readonly kind: 'refused' | 'unknown'; readonly detail: string };

/** Who bills subscriptions. Every call can be repeated: it reads, or its key follows from the request that it is for. */
export interface SubscriptionProvider {
  readonly openCustomer: OpenCustomer;
  /** Whatever page was open before for this customer is closed: nobody pays for two subscriptions. */
  readonly openPage: (request: PageRequest) => Promise<PageAnswer>;
  readonly find: (subscriptionId: string) => Promise<SubscriptionAnswer>;
  /** A customer's subscription that has begun and not ended. */
  readonly findRunning: (customerRef: string) => Promise<SubscriptionAnswer>;
  readonly change: (change: {
    readonly subscriptionId: string;
    readonly act: ProviderAct;
    readonly cause: string;
  }) => Promise<SubscriptionAnswer>;
}
