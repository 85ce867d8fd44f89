import type { RequestListener } from 'node:http';

import type { Clock } from '#infra/local/clock';
import { createFaults, type Faults } from '#infra/local/providers/faults';
import { createTicker } from '#infra/local/providers/ticker';
import type {
  Status,
  WebhookDeliveries,
  WebhookTarget,
} from '#infra/local/providers/webhook-deliveries';
import { createApi } from '#infra/local/razorpay/api';
import {
  createCheckout,
  type KeyPair,
  type Outcome,
  type Payer,
  type PayResult,
} from '#infra/local/razorpay/checkout';
import { type DisputeStep, stepDispute } from '#infra/local/razorpay/disputes';
import { renderDispute, renderPayment, renderRefund } from '#infra/local/razorpay/entities';
import { createEventLog, type EventView, viewEvent } from '#infra/local/razorpay/event-log';
import { createPages } from '#infra/local/razorpay/pages';
import { authorizeLate } from '#infra/local/razorpay/payments';
import { openRecords } from '#infra/local/razorpay/records';
import { createRefund, type RefundCourse } from '#infra/local/razorpay/refunds';
import { razorpayRoutes } from '#infra/local/razorpay/routes';
import { nextDueMs, sweep } from '#infra/local/razorpay/timers';
import { createWebhooks, type WebhookState } from '#infra/local/razorpay/webhooks';
import type { StateStore } from '#infra/local/state';

export interface RazorpayOptions {
  readonly clock: Clock;
  readonly state: StateStore;
  /** Where a browser reaches the stack, without a slash at the end: `http://localhost:3000`. */
  readonly publicUrl: () => string;
  /** Asked at every event. Deliveries remember a target by its place in this list. */
  readonly webhooks: () => readonly WebhookTarget[];
  /** The API keys that are taken (`rzp_test_...`); asked at every call, as keys are exchanged. */
  readonly keys: () => readonly KeyPair[];
  readonly log?: (line: string) => void;
}

export interface RazorpayStandIn {
  /** Razorpay's API, to be listened to where `api.razorpay.com` leads. */
  readonly api: RequestListener;
  /** The checkout page, for every path below `/razorpay/checkout/`. */
  readonly pages: RequestListener;
  /** Where a person pays an order; `callbackUrl` is where the page posts what it hands over. */
  pageUrl(orderId: string, callbackUrl?: string): string;
  /**
   * Acts for the customer: what the page would hand the app. Throws `RazorpayApiError` when the order
   * is unknown or paid.
   */
  pay(orderId: string, outcome: Outcome, payer?: Payer): PayResult;
  /** A payment that failed, or that nothing was heard of, succeeds after all. The payment. */
  authorizeLate(paymentId: string): object;
  /** Refunds as the dashboard does, all that is left when no amount is given. The refund. */
  refund(
    paymentId: string,
    options?: { readonly amount?: number | undefined } & Partial<RefundCourse>,
  ): object;
  /** How the refunds that the API makes end from now on; without an argument as at the start. */
  setRefundCourse(course?: RefundCourse): void;
  /** Takes a payment's dispute one step on; `created` opens one. The dispute. */
  dispute(paymentId: string, step: DisputeStep, options?: { readonly amount?: number }): object;
  /** To be called when the clock was moved: does what is due by now and sends what is due. */
  tick(): Promise<void>;
  /** Nothing that is due is undelivered; a retry that waits for its time does not count. */
  idle(): boolean;
  /**
   * Sends an event again, `times` copies at once, and switches a disabled webhook on; throws
   * RangeError for an unknown event.
   */
  deliver(eventId: string, times?: number): Promise<Status[]>;
  /** The account's events, oldest first. */
  events(): EventView[];
  readonly webhooks: {
    /** The webhooks, and whether Razorpay has disabled them. */
    readonly list: () => WebhookState[];
    /** Switches all on again; what they missed is sent again with `deliver` only. */
    readonly enable: () => void;
  };
  readonly switches: WebhookDeliveries['switches'];
  readonly faults: Faults;
  close(): Promise<void>;
}

const PROCESSED_AT_ONCE: RefundCourse = { settlesAs: 'processed' };

/** A Razorpay account in test mode on this machine (DESIGN 10): API, checkout page and webhooks. */
export function createRazorpay(options: RazorpayOptions): RazorpayStandIn {
  const { clock, state, publicUrl, keys, log = () => undefined } = options;
  const records = openRecords(state);
  const webhooks = createWebhooks({ clock, records, targets: options.webhooks, log });
  const recordEvent = createEventLog({ clock, records, plan: webhooks.plan });
  const account = { clock, records, recordEvent };
  const checkout = createCheckout(account, keys);
  const faults = createFaults();
  let refundCourse = PROCESSED_AT_ONCE;
  const ticker = createTicker({
    clock,
    run: async () => {
      sweep(account);
      await webhooks.run();
    },
    dues: () => [nextDueMs(account), webhooks.nextDueMs()],
    onBackwards: () => webhooks.bringForward(),
    onFailure: (what) => log(`razorpay: ${what}`),
  });
  /** One change: what the clock has brought comes first, and its webhooks go out at once. */
  const change = <R>(run: () => R): R => {
    sweep(account);
    const result = records.transaction(run);
    ticker.wake();
    return result;
  };
  const pay: RazorpayStandIn['pay'] = (orderId, outcome, payer) =>
    change(() => checkout.pay(orderId, outcome, payer));

  return {
    api: createApi({
      records,
      routes: razorpayRoutes(account, () => refundCourse),
      keys,
      takeFault: faults.take,
      onChange: ticker.wake,
      log,
    }),
    pages: createPages({
      checkout,
      records,
      pay,
      sweep: () => sweep(account),
      authorizeLate: (paymentId) => change(() => authorizeLate(account, paymentId)),
    }),
    pageUrl: (orderId, callbackUrl) => {
      const query = callbackUrl === undefined ? '' : `?${callbackQuery(callbackUrl)}`;
      return `${publicUrl()}/razorpay/checkout/${orderId}${query}`;
    },
    pay,
    authorizeLate: (paymentId) => change(() => renderPayment(authorizeLate(account, paymentId))),
    refund: (paymentId, { amount, ...course } = {}) =>
      change(() =>
        renderRefund(
          createRefund(account, { paymentId, amount }, { ...PROCESSED_AT_ONCE, ...course }),
        ),
      ),
    setRefundCourse: (course = PROCESSED_AT_ONCE) => {
      refundCourse = course;
    },
    dispute: (paymentId, step, { amount } = {}) =>
      change(() => renderDispute(stepDispute(account, { paymentId, step, amount }))),
    tick: ticker.tick,
    idle: () => webhooks.isIdle() && (nextDueMs(account) ?? Infinity) > clock.now().getTime(),
    deliver: (eventId, times = 1) => webhooks.deliver(eventId, times),
    events: () => records.events.list().map(viewEvent),
    webhooks: { list: () => webhooks.list(), enable: () => webhooks.enable() },
    switches: {
      get: webhooks.switches.get,
      set: (wanted) => {
        const switches = webhooks.switches.set(wanted);
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

function callbackQuery(callbackUrl: string): string {
  return new URLSearchParams({ callback_url: callbackUrl }).toString();
}
