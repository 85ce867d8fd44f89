import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TIME_BUDGET } from '#functions/purchases/dependencies';
import { PROVIDER_TIMEOUT_MS } from '#functions/schedules/dependencies';
import { functionDefinitions } from '#infra/functions';
import type { Fault } from '#infra/local/providers/faults';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { ATTEMPTS_MAX, callMaxMs } from '#lib/payments/call-time';
import { LOOKUP_FAILURES_MAX } from '#lib/payments/razorpay-records';
import { PENDING_FAILURES_MAX } from '#lib/purchases/reconcile-pending';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { FAULTY_READS, FAULTY_WRITES } from '#tests/support/provider-faults';

/*
 * Every call that a route makes to a provider, with every way in which a provider can fail to answer, for as long as
 * somebody asks. The handlers, the table and the stand-ins are real; attempts are given up at once.
 */

const { createCheckout, getPurchase, initiatePurchase, listPurchases, verifyPayment } =
  purchaseRoutes;
const { fulfillPurchase, refundPurchase } = adminPurchaseRoutes;

type Provider = 'stripe' | 'razorpay';
type Shop = Awaited<ReturnType<typeof openShop>>;
type Answer = APIGatewayProxyStructuredResultV2;

/** For what is tried one after the other. */
const LOSSES = [
  { kind: 'reset', when: 'before' },
  { kind: 'hang', when: 'after' },
  { kind: '502_html', when: 'after' },
] as const;
/** Every kind at Stripe's lists is in tests/purchases/reconcile-purchases.test.ts: its SDK takes its time. */
const LISTS = { stripe: FAULTY_READS.slice(0, 1), razorpay: FAULTY_READS } as const;
const COUNT = 100;
const HOUR_MS = 3_600_000;

let test: TestLedger;
beforeAll(async () => {
  // The SDK waits before it asks again, which is all that is taken from it.
  vi.spyOn(Stripe.prototype, 'getInitialNetworkRetryDelay').mockReturnValue(0.001);
  test = await openTestLedger();
  await seedPackages(test);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await test.close();
});

let users = 0;

/** One provider as a buyer and finance meet it, for a buyer of its own. */
function meet(shop: Shop, provider: Provider, ledger = test.ledger) {
  const user = `faulty-${(users += 1)}`;
  const isStripe = provider === 'stripe';
  const begin = (key = 'k') =>
    isStripe ? shop.buy({ user, key }) : shop.order({ package_id: 'starter' }, { user, key });
  const idsOf = (answer: Answer) => {
    if (!isStripe) return bodyOf(initiatePurchase, 201, answer);
    const { purchase_id, session_id } = bodyOf(createCheckout, 201, answer);
    return { purchase_id, order_id: session_id };
  };
  const pay = (order: string) =>
    isStripe ? shop.stripe.pay(order, 'success') : shop.rzp.razorpay.pay(order, 'success');
  return {
    user,
    begin,
    idsOf,
    pay,
    /** A purchase that is paid, and known to be where `isTold`. */
    paid: async ({ isTold = true } = {}) => {
      const ids = idsOf(await begin());
      pay(ids.order_id);
      if (isTold) await shop.fulfil(ids.order_id);
      return ids;
    },
    refund: (id: string, key: string | null = 'k') =>
      shop.call(refundPurchase, {
        token: 'finance-1',
        params: { id },
        ...(key !== null && { headers: { 'idempotency-key': key } }),
        body: { reason: 'asked for it' },
      }),
    fulfill: (order: string) =>
      shop.call(fulfillPurchase, {
        token: 'finance-1',
        body: isStripe ? { session_id: order } : { order_id: order },
      }),
    /** As the buyer sees it, who knows no id where no answer came. */
    seen: async () => {
      const answer = await shop.call(listPurchases, { token: user });
      const [purchase, ...others] = bodyOf(listPurchases, 200, answer).purchases;
      expect(others).toEqual([]);
      if (!purchase) throw new Error('the purchase is there');
      return purchase;
    },
    balance: async () => (await ledger.loadHead({ userId: user, creditType: 'general' })).balance,
  };
}

function faultsOf(shop: Shop, provider: Provider) {
  const { faults } = provider === 'stripe' ? shop.stripe : shop.rzp.razorpay;
  return {
    add: (
      fault: Pick<Fault, 'kind' | 'when'>,
      at: { path?: string; method?: 'GET' | 'POST' } = {},
    ) => {
      // Of the calls that are let through somebody has to be heard.
      shop.patience.timeoutMs = at.path === undefined ? 50 : 1_000;
      faults.add({ ...fault, ...at, count: COUNT, delay_ms: 60_000 });
    },
    /** Ends them; how many calls they have met. */
    clear: () => {
      const waiting = faults.list();
      faults.clear();
      shop.patience.timeoutMs = 10_000;
      return waiting.reduce((sum, { count }) => sum + COUNT - count, 0);
    },
  };
}

/** All pages or orders that the provider has, and its refunds. */
async function madeAt(shop: Shop, provider: Provider) {
  if (provider === 'stripe') {
    const { data: orders } = await shop.sdk.checkout.sessions.list({ limit: 100 });
    return { orders, refunds: (await shop.sdk.refunds.list({ limit: 100 })).data };
  }
  const { items: orders } = await shop.rzp.sdk.orders.all({ count: 100 });
  return { orders, refunds: (await shop.rzp.sdk.refunds.all({ count: 100 })).items };
}

function expectTemporary(answer: Answer): void {
  expect(codeOf(answer)).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
  expect(answer.headers?.['retry-after']).toMatch(/^[1-9][0-9]*$/);
}

/** Of buying, refunding and looking up; what a request may ask at most is in TIME_BUDGET. */
const CALLS_MAX = { stripe: 1, razorpay: 2 };

function expectBounded(provider: Provider, calls: number): void {
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThanOrEqual(CALLS_MAX[provider] * ATTEMPTS_MAX);
}

/** Tries all faults at once, each in a shop of its own, and names the one that did not hold. */
async function sweep(
  provider: Provider,
  faults: readonly Pick<Fault, 'kind' | 'when'>[],
  attempt: (
    shop: Shop,
    switches: {
      readonly on: (at?: { path?: string; method?: 'GET' | 'POST' }) => void;
      readonly off: () => void;
    },
  ) => Promise<void>,
): Promise<void> {
  await Promise.all(
    faults.map(async (fault) => {
      const shop = await openShop(test);
      const switches = faultsOf(shop, provider);
      try {
        await attempt(shop, {
          on: (at) => switches.add(fault, at),
          off: () => expectBounded(provider, switches.clear()),
        });
      } catch (cause) {
        throw new Error(`${fault.kind}, with the work done ${fault.when ?? ''} it`, { cause });
      }
    }),
  );
}

describe.each<Provider>(['stripe', 'razorpay'])('while %s does not answer', (provider) => {
  it('buying is open and says so; sent again there is one page or order, and paid it credits once', async () => {
    await sweep(provider, FAULTY_WRITES, async (shop, faults) => {
      const { begin, idsOf, pay, seen, balance } = meet(shop, provider);
      faults.on();
      expectTemporary(await begin());
      expect(await seen()).toMatchObject({ status: 'pending', outcome_unknown: ['checkout'] });
      faults.off();
      expect(idsOf(await begin()).purchase_id).toBe((await seen()).purchase_id);
      expect(await seen()).toMatchObject({ status: 'pending', outcome_unknown: [] });
      const { orders } = await madeAt(shop, provider);
      expect(orders).toHaveLength(1);
      pay(orders[0]?.id ?? '');
      await shop.fulfil();
      expect(await seen()).toMatchObject({ status: 'paid', outcome_unknown: [] });
      expect(await balance()).toBe(100);
    });
  });

  it('a refund is open and says so; sent again the money goes back once', async () => {
    await sweep(provider, FAULTY_WRITES, async (shop, faults) => {
      const { paid, refund, seen, balance } = meet(shop, provider);
      const { purchase_id: id } = await paid();
      faults.on();
      expectTemporary(await refund(id));
      expect(await seen()).toMatchObject({ status: 'paid', outcome_unknown: ['refund'] });
      expect(await balance()).toBe(100);
      faults.off();
      const made = bodyOf(refundPurchase, 201, await refund(id));
      expect(made.purchase).toMatchObject({ status: 'refunded', outcome_unknown: [] });
      await shop.fulfil();
      expect(await balance()).toBe(0);
      expect((await madeAt(shop, provider)).refunds).toMatchObject([{ id: made.refund_id }]);
    });
  });

  it('fulfilling by hand credits nothing and says so; done again it credits once', async () => {
    await sweep(provider, FAULTY_READS, async (shop, faults) => {
      const { paid, fulfill, balance } = meet(shop, provider);
      const { order_id: order } = await paid({ isTold: false });
      faults.on();
      expectTemporary(await fulfill(order));
      expect(await balance()).toBe(0);
      faults.off();
      bodyOf(fulfillPurchase, 200, await fulfill(order));
      await shop.fulfil();
      expect(await balance()).toBe(100);
    });
  });
});

it('fulfilling a Razorpay order whose payments cannot be read credits nothing and says so', async () => {
  await sweep('razorpay', FAULTY_READS, async (shop, faults) => {
    const { paid, fulfill, balance } = meet(shop, 'razorpay');
    const { order_id: order } = await paid({ isTold: false });
    faults.on({ path: `/v1/orders/${order}/payments` });
    expectTemporary(await fulfill(order));
    expect(await balance()).toBe(0);
    faults.off();
    bodyOf(fulfillPurchase, 200, await fulfill(order));
    expect(await balance()).toBe(100);
  });
});

it('verifying a Razorpay payment that cannot be read credits nothing and says so; again it credits once', async () => {
  await sweep('razorpay', FAULTY_READS, async (shop, faults) => {
    const { user, begin, idsOf, balance } = meet(shop, 'razorpay');
    const { order_id: order } = idsOf(await begin());
    const handover = shop.rzp.razorpay.pay(order, 'success');
    faults.on();
    expectTemporary(await shop.verify(handover, { user }));
    expect(await balance()).toBe(0);
    faults.off();
    bodyOf(verifyPayment, 200, await shop.verify(handover, { user }));
    await shop.fulfil();
    expect(await balance()).toBe(100);
  });
});

describe.each<Provider>(['stripe', 'razorpay'])(
  'what became of it at %s was never told, and reconciliation asks:',
  (provider) => {
    /** A ledger of its own: reconciliation looks at everybody's purchases. */
    async function alone(act: (shop: Shop, own: TestLedger) => Promise<void>): Promise<void> {
      const own = await openTestLedger();
      try {
        await seedPackages(own);
        await act(await openShop(own, {}, { isClockShared: true }), own);
      } finally {
        await own.close();
      }
    }

    it('pages and orders that exist are known from then on, and others are over', async () => {
      await alone(async (shop, own) => {
        const faults = faultsOf(shop, provider);
        const buyers = [];
        for (const fault of LOSSES) {
          const buyer = meet(shop, provider, own.ledger);
          faults.add(fault, { method: 'POST' });
          faults.add(fault, { method: 'GET' });
          await buyer.begin();
          faults.clear();
          buyers.push({ ...buyer, fault });
        }
        const { orders } = await madeAt(shop, provider);
        shop.pass(HOUR_MS);
        await shop.reconcile();
        let known = 0;
        for (const { fault, begin, idsOf, pay, seen, balance } of buyers) {
          const { outcome_unknown, status } = await seen();
          expect(outcome_unknown).toEqual([]);
          if (status === 'pending') {
            known += 1;
            pay(idsOf(await begin()).order_id);
          } else {
            expect([status, fault.when]).toEqual(['expired', 'before']);
            expect(await balance()).toBe(0);
          }
        }
        expect(known).toBe(orders.length);
        expect(known).toBeGreaterThanOrEqual(LOSSES.length / 2);
        expect((await madeAt(shop, provider)).orders).toHaveLength(known);
        shop.pass(HOUR_MS);
        await shop.reconcile();
        for (const { seen, balance } of buyers) {
          expect(await balance()).toBe((await seen()).status === 'paid' ? 100 : 0);
        }
        const paid = await Promise.all(buyers.map(({ seen }) => seen()));
        expect(paid.filter(({ status }) => status === 'paid')).toHaveLength(known);
      });
    });

    it('refunds that were made are taken from the wallet, and others were never made', async () => {
      await alone(async (shop, own) => {
        const faults = faultsOf(shop, provider);
        const buyers = [];
        for (const fault of LOSSES) {
          const buyer = meet(shop, provider, own.ledger);
          const { purchase_id: id } = await buyer.paid();
          faults.add(fault);
          expectTemporary(await buyer.refund(id));
          faults.clear();
          buyers.push({ ...buyer, id });
        }
        const { refunds } = await madeAt(shop, provider);
        expect(refunds.length).toBeGreaterThanOrEqual(LOSSES.length / 2);
        shop.pass(HOUR_MS);
        await shop.reconcile();
        const returned = [];
        for (const { id, refund, seen, balance } of buyers) {
          const { outcome_unknown, status } = await seen();
          if (status === 'paid') {
            expect([outcome_unknown, await balance()]).toEqual([['refund'], 100]);
            continue;
          }
          returned.push(id);
          expect([status, outcome_unknown, await balance()]).toEqual(['refunded', [], 0]);
          const again = await refund(id);
          expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
        }
        expect(returned).toHaveLength(refunds.length);
        // Nobody may repeat them any more, and the provider has never heard of them.
        shop.pass(24 * HOUR_MS);
        await shop.reconcile();
        for (const { seen, balance } of buyers) {
          const { outcome_unknown, status } = await seen();
          expect(outcome_unknown).toEqual([]);
          expect(await balance()).toBe(status === 'paid' ? 100 : 0);
        }
        expect((await madeAt(shop, provider)).refunds).toHaveLength(refunds.length);
      });
    });

    it('a refund without a key, which nobody can repeat, is over at the next comparison', async () => {
      await alone(async (shop, own) => {
        const { paid, refund, seen, balance } = meet(shop, provider, own.ledger);
        const { purchase_id: id } = await paid();
        const faults = faultsOf(shop, provider);
        faults.add({ kind: 'reset', when: 'before' });
        expectTemporary(await refund(id, null));
        faults.clear();
        expect(codeOf(await refund(id, null))).toBe('REFUND_OUTCOME_UNKNOWN');
        shop.pass(HOUR_MS);
        await shop.reconcile();
        expect(await seen()).toMatchObject({ status: 'paid', outcome_unknown: [] });
        bodyOf(refundPurchase, 201, await refund(id, null));
        expect((await madeAt(shop, provider)).refunds).toHaveLength(1);
        expect(await balance()).toBe(0);
      });
    });

    it('while its lists cannot be read nothing changes, and a later run restores all once', async () => {
      await alone(async (shop, own) => {
        const { paid, refund, seen, balance } = meet(shop, provider, own.ledger);
        const { purchase_id: id } = await paid({ isTold: false });
        shop.pass(HOUR_MS);
        const faults = faultsOf(shop, provider);
        for (const fault of LISTS[provider]) {
          faults.add(fault);
          await shop.reconcile();
          expect(faults.clear()).toBeGreaterThan(0);
          expect([await balance(), (await seen()).status]).toEqual([0, 'pending']);
          shop.pass(1_000);
        }
        const problems = shop.lines.filter(
          ({ message }) => message === 'reconciliation is not complete',
        );
        expect(problems.length).toBeGreaterThanOrEqual(LISTS[provider].length);
        await shop.reconcile();
        expect(await balance()).toBe(100);
        bodyOf(refundPurchase, 201, await refund(id));
        shop.pass(HOUR_MS);
        await shop.reconcile();
        expect([await balance(), (await seen()).status]).toEqual([0, 'refunded']);
      });
    });
  },
);

describe('by the numbers that are configured', () => {
  const SPARE_MS = 2_000;

  it.each<Provider>(['stripe', 'razorpay'])(
    'a request that %s lets hang is answered before the function’s time is up',
    (provider) => {
      const { callsMax, timeoutMs } = TIME_BUDGET[provider];
      const spent = callsMax * callMaxMs({ timeoutMs }) + TIME_BUDGET.retryBudgetMs;
      const limitMs = functionDefinitions.purchases.timeoutSeconds * 1_000;
      expect(spent).toBeLessThanOrEqual(limitMs - SPARE_MS);
    },
  );

  it('a reconciliation that a provider lets hang ends before the function’s time is up', () => {
    const lists = 3;
    const callsOfPending = 2;
    const calls = lists + LOOKUP_FAILURES_MAX + callsOfPending * PENDING_FAILURES_MAX;
    const limitMs = functionDefinitions.schedules.timeoutSeconds * 1_000;
    expect(calls * callMaxMs({ timeoutMs: PROVIDER_TIMEOUT_MS })).toBeLessThan(limitMs / 2);
  });
});

it('a purchase is seen with its unknown outcome by its id, too', async () => {
  const shop = await openShop(test);
  const { user, begin, seen } = meet(shop, 'stripe');
  faultsOf(shop, 'stripe').add({ kind: 'hang', when: 'before' });
  await begin();
  const { purchase_id: id } = await seen();
  const answer = await shop.call(getPurchase, { token: user, params: { id } });
  expect(bodyOf(getPurchase, 200, answer)).toMatchObject({ outcome_unknown: ['checkout'] });
});
