import type { RequestListener } from 'node:http';
import type Stripe from 'stripe';

import type { Clock } from '#infra/local/clock';
import { createFaults, type Faults } from '#infra/local/providers/faults';
import { createTicker } from '#infra/local/providers/ticker';
import type { WebhookDeliveries, WebhookTarget } from '#infra/local/providers/webhook-deliveries';
import type { StateStore } from '#infra/local/state';
import type { Account } from '#infra/local/stripe/account';
import { createApi } from '#infra/local/stripe/api';
import { createBillingClock } from '#infra/local/stripe/billing-clock';
import {
  createCheckout,
  type Outcome,
  type Payer,
  type PayResult,
} from '#infra/local/stripe/checkout';
import type { CardBehaviour } from '#infra/local/stripe/customer-records';
import { renderDispute } from '#infra/local/stripe/dispute-shape';
import { actOnDispute, type DisputeAct } from '#infra/local/stripe/disputes';
import { createEventLog, NO_REQUEST, renderEvent } from '#infra/local/stripe/event-log';
import { renderInvoice, type WireInvoice } from '#infra/local/stripe/invoice-shape';
import { createPages } from '#infra/local/stripe/pages';
import { renderRefund } from '#infra/local/stripe/payment-shape';
import { openRecords } from '#infra/local/stripe/records';
import { createRefund, failRefund } from '#infra/local/stripe/refunds';
import { stripeRoutes } from '#infra/local/stripe/routes';
import { renderSubscription, type WireSubscription } from '#infra/local/stripe/subscription-shape';
import {
  cancelNow,
  findSubscription,
  payOpenInvoice,
  setCardOf,
} from '#infra/local/stripe/subscriptions';
import { createWebhooks } from '#infra/local/stripe/webhooks';

export interface StripeOptions {
  readonly clock: Clock;
  readonly state: StateStore;
  /** Where a browser reaches the stack, without a slash at the end: `http://localhost:3000`. */
  readonly publicUrl: () => string;
  /** Asked at every event. Deliveries remember a target by its place in this list. */
  readonly webhooks: () => readonly WebhookTarget[];
  /** The secret keys that are taken; any `sk_test_` or `rk_test_` key when not given. */
  readonly apiKeys?: readonly string[];
  readonly log?: (line: string) => void;
}

export interface StripeStandIn {
  /** Stripe's API, to be listened to where `api.stripe.com` leads. */
  readonly api: RequestListener;
  /** The hosted page, for every path below `/stripe/checkout/`. */
  readonly pages: RequestListener;
  /** Acts for the customer; throws `StripeApiError` when the session is unknown or not open. */
  pay(sessionId: string, outcome: Outcome, payer?: Payer): PayResult;
  /** Acts for the customer's bank; `of` is a charge or its payment intent. */
  dispute(of: string, step: DisputeAct, options?: { readonly amount?: number }): Stripe.Dispute;
  /** Gives money back from Stripe's dashboard; throws `StripeApiError` when there is not so much left. */
  refund(of: string, options?: { readonly amount?: number }): Stripe.Refund;
  /** Lets a refund not arrive. */
  failRefund(refundId: string): Stripe.Refund;
  /** From now on the bank says that of the card behind a subscription. */
  setCard(subscriptionId: string, behaviour: CardBehaviour): WireSubscription;
  /** Pays what a subscription owes, as its customer does on the page of the invoice. */
  payInvoice(subscriptionId: string): WireInvoice;
  /** Ends a subscription from Stripe's dashboard. */
  endSubscription(subscriptionId: string): WireSubscription;
  /** To be called when the clock was moved: does what is due by now and sends what is due. */
  tick(): Promise<void>;
  /** Nothing that is due is undelivered; a retry that waits for its time does not count. */
  idle(): boolean;
  /** Sends an event again, `times` copies at once; throws RangeError for an unknown event. */
  deliver(eventId: string, times?: number): Promise<(number | 'no answer')[]>;
  /** The account's events, oldest first. */
  events(): Record<string, unknown>[];
  readonly switches: WebhookDeliveries['switches'];
  readonly faults: Faults;
  close(): Promise<void>;
}

/** A Stripe account in test mode on this machine (DESIGN 10): API, hosted page and webhooks. */
export function createStripe(options: StripeOptions): StripeStandIn {
  const { clock, state, publicUrl, apiKeys, log = () => undefined } = options;
  const records = openRecords(state);
  const webhooks = createWebhooks({ clock, records, targets: options.webhooks, log });
  const accountAt = (at: Pick<Clock, 'now'>): Account => ({
    clock: at,
    records,
    recordEvent: createEventLog({ clock: at, records, plan: webhooks.plan }),
  });
  const account = accountAt(clock);
  const billing = createBillingClock(account, accountAt);
  const checkout = createCheckout(account, publicUrl);
  const faults = createFaults();
  const ticker = createTicker({
    clock,
    run: async () => {
      checkout.sweep();
      billing.sweep();
      await webhooks.run();
    },
    dues: () => [checkout.nextDueMs(), billing.nextDueMs(), webhooks.nextDueMs()],
    onBackwards: () => webhooks.bringForward(),
    onFailure: (what) => log(`stripe: ${what}`),
  });
  const awake = <Result>(result: Result): Result => {
    ticker.wake();
    return result;
  };
  const pay: StripeStandIn['pay'] = (sessionId, outcome, payer) =>
    awake(checkout.pay(sessionId, outcome, payer));

  return {
    api: createApi({
      clock,
      records,
      routes: stripeRoutes(account, checkout),
      apiKeys,
      takeFault: faults.take,
      onChange: ticker.wake,
      log,
    }),
    pages: createPages({ checkout, records, pay }),
    pay,
    dispute: (of, step, options = {}) =>
      awake(renderDispute(actOnDispute(account, { of, step, ...options }))),
    refund: (of, { amount } = {}) => {
      const part = amount === undefined ? {} : { amount: String(amount) };
      const fields = { [of.startsWith('pi_') ? 'payment_intent' : 'charge']: of, ...part };
      return awake(renderRefund(createRefund(account, { fields, cause: NO_REQUEST }).refund));
    },
    failRefund: (refundId) => awake(renderRefund(failRefund(account, refundId))),
    setCard: (id, behaviour) =>
      renderSubscription(
        setCardOf(account, { subscription: findSubscription(account, id), behaviour }),
      ),
    payInvoice: (id) => {
      const subscription = findSubscription(account, id);
      const pay = () => payOpenInvoice(account, subscription);
      return awake(renderInvoice(records.transaction(pay), subscription));
    },
    endSubscription: (id) => {
      const subscription = findSubscription(account, id);
      const end = () => cancelNow(account, { subscription, cause: NO_REQUEST });
      return awake(renderSubscription(records.transaction(end)));
    },
    tick: ticker.tick,
    idle: () =>
      webhooks.isIdle() &&
      Math.min(checkout.nextDueMs() ?? Infinity, billing.nextDueMs() ?? Infinity) >
        clock.now().getTime(),
    deliver: (eventId, times = 1) => webhooks.deliver(eventId, times),
    events: () => records.events.list().map(renderEvent),
    switches: {
      get: webhooks.switches.get,
      set: (change) => {
        const switches = webhooks.switches.set(change);
        ticker.wake();
        return switches;
      },
    },
    faults,
    close: async () => {
      ticker.stop();
      webhooks.close();
      await webhooks.run();
    },
  };
}
