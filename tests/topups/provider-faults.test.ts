import Stripe from 'stripe';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TIME_BUDGET } from '#functions/purchases/dependencies';
import type { Fault } from '#infra/local/providers/faults';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import { bodyOf, codeOf, ORIGIN } from '#tests/functions/purchases/shop';
import { openTestLedger } from '#tests/support/ledger';
import { FAULTY_READS, FAULTY_WRITES } from '#tests/support/provider-faults';
import { openWallet } from '#tests/topups/wallet-with-card';

/*
 * Every call that automatic top-ups make to Stripe, with every way in which it can fail to answer, for as long as
 * somebody asks: each fault meets a wallet, a table and a Stripe of its own.
 */

const { setUpAutoTopup } = ownTopUpRoutes;

type Kind = Pick<Fault, 'kind' | 'when'>;
const COUNT = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Wallet = Awaited<ReturnType<typeof openWallet>>;
type Call = Pick<Fault, 'path' | 'method'>;

const CUSTOMER: Call = { method: 'POST', path: '/v1/customers' };
const PAGE: Call = { method: 'POST', path: '/v1/checkout/sessions' };
const CHARGE: Call = { method: 'POST', path: '/v1/payment_intents' };
const CHARGES: Call = { method: 'GET', path: '/v1/payment_intents' };

beforeAll(() => {
  // The SDK waits before it asks again, which is all that is taken from it.
  vi.spyOn(Stripe.prototype, 'getInitialNetworkRetryDelay').mockReturnValue(0.001);
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** Tries all faults at once and names the one that did not hold. */
async function sweep(
  kinds: readonly Kind[],
  attempt: (
    wallet: Wallet,
    faults: { readonly on: (call: Call) => void; readonly off: () => void },
  ) => Promise<void>,
): Promise<void> {
  await Promise.all(
    kinds.map(async (fault) => {
      const ledger = await openTestLedger();
      try {
        const wallet = await openWallet(ledger);
        const { patience, stripe } = wallet.shop;
        const on = (call: Call): void => {
          // The customer, whom a page needs, has to be heard.
          patience.timeoutMs = call === PAGE ? 1_000 : 50;
          stripe.faults.add({ ...fault, ...call, count: COUNT, delay_ms: 60_000 });
        };
        const off = (): void => {
          // It was asked, or the test would show nothing.
          const [left, ...others] = stripe.faults.list();
          expect(others).toEqual([]);
          expect(left?.count).toBeLessThan(COUNT);
          stripe.faults.clear();
          patience.timeoutMs = 10_000;
        };
        await attempt(wallet, { on, off });
      } catch (cause) {
        throw new Error(`${fault.kind}, with the work done ${fault.when ?? ''} it`, { cause });
      } finally {
        await ledger.close();
      }
    }),
  );
}

/** A wallet that would be charged now, if its owner spent 60. */
async function ready(wallet: Wallet): Promise<void> {
  await wallet.put();
  await wallet.saveCard();
  await wallet.settle();
}

async function expectToppedUpOnce(wallet: Wallet): Promise<void> {
  await wallet.shop.fulfil('payment_intent');
  await wallet.settle();
  expect(await wallet.charges()).toHaveLength(1);
  expect(await wallet.balance()).toBe(140);
  expect(wallet.told()).toEqual(['started', 'succeeded']);
}

it.each([
  ['a customer', CUSTOMER],
  ['a page', PAGE],
])(
  'while Stripe gives no answer for %s, saving a card is open; sent again there is one customer and one page',
  async (_, call) => {
    await sweep(FAULTY_WRITES, async (wallet, faults) => {
      const urls = { success_url: `${ORIGIN}/saved`, cancel_url: `${ORIGIN}/settings` };
      const ask = () =>
        wallet.shop.call(setUpAutoTopup, {
          token: 'user-1',
          headers: { 'idempotency-key': 'card' },
          body: urls,
        });
      faults.on(call);
      const answer = await ask();
      expect(codeOf(answer)).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
      expect(answer.headers?.['retry-after']).toMatch(/^[1-9][0-9]*$/);
      faults.off();
      const { session_id } = bodyOf(setUpAutoTopup, 201, await ask());
      const { sdk } = wallet.shop;
      const sessions = await sdk.checkout.sessions.list({ limit: 100 });
      expect(sessions.data.map(({ id }) => id)).toEqual([session_id]);
      expect((await sdk.customers.list({ limit: 100 })).data).toHaveLength(1);
    });
  },
);

it('while Stripe gives no answer to a charge it is open; asked again the card is charged once and credited once', async () => {
  await sweep(FAULTY_WRITES, async (wallet, faults) => {
    await ready(wallet);
    faults.on(CHARGE);
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'waiting' });
    expect(await wallet.balance()).toBe(40);
    faults.off();
    wallet.shop.pass(6 * MINUTE_MS);
    expect(await wallet.wake()).toBe(1);
    await wallet.settle();
    await expectToppedUpOnce(wallet);
  });
});

it('while Stripe does not say what it has charged, a lost charge is neither made again nor given up', async () => {
  await sweep(FAULTY_READS, async (wallet, faults) => {
    await ready(wallet);
    const { stripe, pass } = wallet.shop;
    stripe.faults.add({ kind: 'reset', when: 'after', count: COUNT, ...CHARGE });
    await wallet.spend(60, 'lead');
    await wallet.settle();
    stripe.faults.clear();
    pass(25 * HOUR_MS);
    faults.on(CHARGES);
    expect(await wallet.wake()).toBe(1);
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'waiting' });
    expect(await wallet.balance()).toBe(40);
    faults.off();
    pass(6 * MINUTE_MS);
    expect(await wallet.wake()).toBe(1);
    await wallet.settle();
    await expectToppedUpOnce(wallet);
  });
});

it('while Stripe does not accept our API key, a lost charge stays open, and nothing is charged beside it', async () => {
  await sweep([{ kind: 'reset', when: 'after' }], async (wallet, faults) => {
    await ready(wallet);
    faults.on(CHARGE);
    await wallet.spend(60, 'lead');
    await wallet.settle();
    faults.off();
    const ours = wallet.shop.keys.stripe;
    wallet.shop.keys.stripe = 'sk_live_rolled';
    wallet.shop.pass(6 * MINUTE_MS);
    await wallet.wake();
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'waiting' });
    wallet.shop.keys.stripe = ours;
    wallet.shop.pass(2 * HOUR_MS);
    await wallet.wake();
    await wallet.settle();
    await expectToppedUpOnce(wallet);
  });
});

it('saving a card asks Stripe no more often than a request has time for', async () => {
  const ledger = await openTestLedger();
  try {
    const { shop } = await openWallet(ledger);
    let calls = 0;
    // Every call asks for the key, once.
    Object.defineProperty(shop.keys, 'stripe', {
      get: () => {
        calls += 1;
        return 'sk_test_local';
      },
    });
    const body = { success_url: `${ORIGIN}/saved`, cancel_url: `${ORIGIN}/settings` };
    bodyOf(setUpAutoTopup, 201, await shop.call(setUpAutoTopup, { token: 'user-1', body }));
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(TIME_BUDGET.stripe.callsMax);
  } finally {
    await ledger.close();
  }
});
