import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownTopUpRoutes } from '#lib/contract/routes/topups';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { codeOf } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { openWallet, TERMS, USER } from '#tests/topups/wallet-with-card';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let test: TestLedger;
beforeEach(async () => {
  test = await openTestLedger();
});
afterEach(() => test.close());

describe('a wallet that falls below its threshold', () => {
  it('is topped up once, by an ordinary purchase that its owner finds in the list', async () => {
    const wallet = await openWallet(test);
    expect(await wallet.put()).toMatchObject({ state: 'card_required' });
    await wallet.saveCard();
    expect(await wallet.state()).toMatchObject({ state: 'active', available: 100 });
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.balance()).toBe(140);
    const [charge, ...others] = await wallet.charges();
    expect(others).toEqual([]);
    expect(charge).toMatchObject({ amount: 1_000, currency: 'usd', status: 'succeeded' });
    expect(await wallet.state()).toMatchObject({
      state: 'active',
      purchases_this_month: 1,
      amount_this_month: 1_000,
      last_purchase: { outcome: 'paid', purchase_id: charge?.metadata['purchase_id'] },
    });
    // The event comes as well, and a second time: nothing is credited again.
    await wallet.shop.fulfil('payment_intent');
    await wallet.shop.fulfil('payment_intent');
    await wallet.settle();
    expect(await wallet.balance()).toBe(140);
    expect(wallet.told()).toEqual(['started', 'succeeded']);
    expect(wallet.mailKinds()).toContain('purchase_receipt');
  });

  it('is filled up to its target by one charge, whatever the gap is', async () => {
    const wallet = await openWallet(test);
    const others = { ...TERMS, package_id: undefined };
    await wallet.put({ ...others, target: 500 });
    await wallet.saveCard();
    await wallet.spend(93, 'lead');
    await wallet.settle();
    expect(await wallet.balance()).toBe(500);
    expect(await wallet.charges()).toMatchObject([{ amount: 4_930 }]);
  });

  it('gets as many packages as it takes in one charge', async () => {
    const wallet = await openWallet(test);
    await wallet.put({ ...TERMS, threshold: 250 });
    await wallet.saveCard();
    await wallet.spend(90, 'lead');
    await wallet.settle();
    expect(await wallet.balance()).toBe(310);
    expect(await wallet.charges()).toMatchObject([{ amount: 3_000 }]);
  });

  it('before its owner turned it on is topped up at once', async () => {
    const wallet = await openWallet(test);
    await wallet.saveCard();
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.charges()).toEqual([]);
    await wallet.put();
    await wallet.settle();
    expect(await wallet.balance()).toBe(140);
    await wallet.put({ enabled: false });
    await wallet.spend(100, 'lead-2');
    await wallet.settle();
    expect(await wallet.charges()).toHaveLength(1);
    expect(await wallet.state()).toMatchObject({ state: 'off', threshold: 50 });
  });
});

describe('one charge in flight', () => {
  it('whatever is spent, however late the webhook and however often anybody looks', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard();
    await wallet.settle();
    // Stripe charges, and its answer is lost: only a late webhook, or asking again, tells.
    const { faults } = wallet.shop.stripe;
    faults.add({ kind: 'reset', path: '/v1/payment_intents', method: 'POST', count: 100 });
    await wallet.spend(51, 'first');
    for (let lead = 0; lead < 49; lead += 1) {
      await wallet.spend(1, `lead-${lead}`);
      if (lead % 7 !== 0) continue;
      await wallet.stream();
      const twice = [...wallet.queued];
      await Promise.all([wallet.work(), wallet.work(twice)]);
    }
    await wallet.settle();
    const [charge, ...others] = await wallet.charges();
    expect(others).toEqual([]);
    expect(await wallet.balance()).toBe(0);
    expect(await wallet.state()).toMatchObject({
      state: 'waiting',
      purchase_id: charge?.metadata['purchase_id'],
    });
    expect(wallet.queued).toEqual([]);
    // The webhook comes an hour late, twice.
    wallet.shop.clock.advance(HOUR_MS);
    await wallet.shop.fulfil('payment_intent.succeeded');
    await wallet.shop.fulfil('payment_intent.succeeded');
    await wallet.settle();
    expect(await wallet.balance()).toBe(100);
    expect(await wallet.charges()).toHaveLength(1);
    expect(wallet.told()).toEqual(['started', 'succeeded']);
    expect(await verifyWallets(test.ledger, USER)).toMatchObject([{ problems: [] }]);
  });

  it('by thirty workers at once', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard();
    await wallet.settle();
    await wallet.spend(60, 'lead');
    await wallet.stream();
    const [message = ''] = wallet.queued.splice(0);
    await Promise.all(Array.from({ length: 30 }, () => wallet.work([message])));
    await wallet.wake();
    await wallet.settle();
    expect(await wallet.charges()).toHaveLength(1);
    expect(await wallet.balance()).toBe(140);
    expect(wallet.told()).toEqual(['started', 'succeeded']);
  });

  it('is asked about again without a webhook, and after a day found in the list', async () => {
    for (const laterMs of [6 * MINUTE_MS, 25 * HOUR_MS]) {
      const ledger = await openTestLedger();
      const wallet = await openWallet(ledger);
      await wallet.put();
      await wallet.saveCard();
      await wallet.settle();
      const { faults } = wallet.shop.stripe;
      faults.add({ kind: 'reset', path: '/v1/payment_intents', method: 'POST', count: 100 });
      await wallet.spend(60, 'lead');
      await wallet.settle();
      expect(await wallet.state()).toMatchObject({ state: 'waiting' });
      faults.clear();
      wallet.shop.clock.advance(laterMs);
      expect(await wallet.wake()).toBe(1);
      await wallet.settle();
      expect(await wallet.charges()).toHaveLength(1);
      expect(await wallet.balance()).toBe(140);
      await ledger.close();
    }
  });

  it('that nobody looks at any more is found by the comparison with Stripe', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard();
    await wallet.settle();
    const { faults } = wallet.shop.stripe;
    faults.add({ kind: 'reset', path: '/v1/payment_intents', method: 'POST', count: 100 });
    await wallet.spend(60, 'lead');
    await wallet.settle();
    wallet.shop.pass(25 * HOUR_MS);
    await wallet.shop.reconcile();
    expect(await wallet.balance()).toBe(140);
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'active', purchases_this_month: 1 });
    expect(await wallet.charges()).toHaveLength(1);
  });

  it('that was certainly never made is given up after a day, and counts for nothing', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard();
    await wallet.settle();
    const { faults } = wallet.shop.stripe;
    const lost = { path: '/v1/payment_intents', method: 'POST', count: 100 } as const;
    faults.add({ kind: 'reset', when: 'before', ...lost });
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.charges()).toEqual([]);
    wallet.shop.clock.advance(25 * HOUR_MS);
    await wallet.wake();
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({
      state: 'backing_off',
      reason_code: 'charge_lost',
      declines: 0,
      purchases_this_month: 0,
      amount_this_month: 0,
      last_purchase: { outcome: 'refused' },
    });
  });
});

describe('a card that declines', () => {
  it('is tried three times, an hour and a day apart, and then not until its owner says so', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard('declines');
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({
      state: 'backing_off',
      reason_code: 'card_declined',
      declines: 1,
      purchases_this_month: 0,
    });
    for (let lead = 0; lead < 10; lead += 1) await wallet.spend(1, `lead-${lead}`);
    await wallet.settle();
    expect(await wallet.charges()).toHaveLength(1);

    wallet.shop.clock.advance(HOUR_MS + MINUTE_MS);
    expect(await wallet.wake()).toBe(1);
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'backing_off', declines: 2 });
    wallet.shop.clock.advance(2 * HOUR_MS);
    expect(await wallet.wake()).toBe(0);
    wallet.shop.clock.advance(23 * HOUR_MS);
    expect(await wallet.wake()).toBe(1);
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({
      state: 'suspended',
      reason_code: 'card_declined',
      declines: 3,
    });
    expect(wallet.told()).toEqual([
      ...['started', 'failed', 'started', 'failed', 'started', 'failed'],
      'suspended',
    ]);
    expect(wallet.mailKinds().filter((kind) => kind !== 'balance_low')).toEqual([
      'topup_suspended',
    ]);
    expect(await wallet.mailed()).toEqual(['Your automatic top-up is suspended']);
    expect(await wallet.mailed()).toEqual([]);

    wallet.shop.clock.advance(100 * HOUR_MS);
    await wallet.wake();
    await wallet.spend(1, 'later');
    await wallet.settle();
    expect(await wallet.charges()).toHaveLength(3);

    await wallet.saveCard('pays');
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'suspended' });
    await wallet.resume();
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'active', declines: 0 });
    expect(await wallet.charges()).toHaveLength(4);
    expect(await wallet.balance()).toBe(129);
  });

  it('that pays in between begins to count anew', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard('declines');
    await wallet.spend(60, 'lead');
    await wallet.settle();
    await wallet.saveCard('pays');
    wallet.shop.clock.advance(2 * HOUR_MS);
    await wallet.wake();
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'active', declines: 0 });
    await wallet.saveCard('declines');
    await wallet.spend(100, 'lead-2');
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({ state: 'backing_off', declines: 1 });
  });

  it('whose bank asks for its owner turns the top-up off, with one mail', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard('asks');
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({
      enabled: false,
      state: 'action_required',
      reason_code: 'authentication_required',
    });
    expect(wallet.told()).toEqual(['started', 'failed', 'action_required']);
    expect(await wallet.mailed()).toEqual(['Your automatic top-up needs you']);
    wallet.shop.clock.advance(48 * HOUR_MS);
    await wallet.wake();
    await wallet.spend(1, 'lead-2');
    await wallet.settle();
    expect(await wallet.charges()).toHaveLength(1);
    await wallet.saveCard('pays');
    expect(await wallet.resume()).toMatchObject({ enabled: true, state: 'active' });
    await wallet.settle();
    expect(await wallet.balance()).toBe(139);
  });
});

describe('a cap', () => {
  it.each([
    [{ max_per_month: 2 }, 'count_cap_reached'],
    [{ max_amount_per_month: 2_500 }, 'money_cap_reached'],
  ])('%j is kept until the month is over', async (cap, reason) => {
    const wallet = await openWallet(test);
    await wallet.put({ ...TERMS, ...cap });
    await wallet.saveCard();
    for (let round = 0; round < 3; round += 1) {
      await wallet.spend((await wallet.balance()) - 10, `round-${round}`);
      await wallet.settle();
    }
    expect(await wallet.charges()).toHaveLength(2);
    const now = wallet.shop.clock.now();
    const resetsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
    expect(await wallet.state()).toMatchObject({
      state: 'cap_reached',
      reason_code: reason,
      until: resetsAt.toISOString(),
    });
    expect(wallet.told().filter((type) => type === 'refused')).toEqual(['refused']);
    wallet.shop.clock.advance(resetsAt.getTime() - now.getTime() + MINUTE_MS);
    await wallet.wake();
    await wallet.settle();
    expect(await wallet.charges()).toHaveLength(3);
  });
});

describe('terms', () => {
  it.each([
    [{ enabled: true }, 'VALIDATION_FAILED'],
    [{ ...TERMS, package_id: 'none' }, 'PACKAGE_NOT_AVAILABLE'],
    [{ ...TERMS, credit_type: 'calling' }, 'PACKAGE_NOT_AVAILABLE'],
    [{ ...TERMS, currency: 'TND' }, 'CURRENCY_NOT_AVAILABLE'],
    [{ ...TERMS, max_per_month: 999 }, 'VALIDATION_FAILED'],
    [{ ...TERMS, max_amount_per_month: 100_001 }, 'VALIDATION_FAILED'],
    [{ ...TERMS, package_id: undefined, target: 50 }, 'VALIDATION_FAILED'],
  ])('%j are refused while their owner is there to hear it', async (body, code) => {
    const wallet = await openWallet(test);
    expect(codeOf(await wallet.ask(ownTopUpRoutes.putAutoTopup, body))).toBe(code);
    expect(await wallet.state()).toMatchObject({ state: 'off', threshold: null });
  });

  it('of a frozen wallet wait: nobody pays for what they may not use', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard();
    await wallet.spend(60, 'lead');
    await wallet.freeze();
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({
      state: 'backing_off',
      reason_code: 'wallet_frozen',
    });
    expect(await wallet.charges()).toEqual([]);
  });

  it('that cannot be bought any more wait, and say why', async () => {
    const wallet = await openWallet(test);
    await wallet.put();
    await wallet.saveCard();
    const id = { packageId: 'starter' };
    const stored = (await test.ledger.load([{ record: 'package', id }]))('package', id);
    if (!stored) throw new Error('no package');
    const { value, version } = stored;
    await test.ledger.write([
      { record: 'package', id, value: { ...value, active: false }, version },
    ]);
    await wallet.spend(60, 'lead');
    await wallet.settle();
    expect(await wallet.state()).toMatchObject({
      state: 'backing_off',
      reason_code: 'package_not_available',
    });
    expect(await wallet.charges()).toEqual([]);
  });
});
