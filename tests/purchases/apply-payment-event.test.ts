import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BALANCE_MAX, GRANTS_MAX } from '#lib/ledger/limits';
import type { CheckoutEvent } from '#lib/payments/payment-event';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';
import { checkoutEventOf, permutationsOf, purchaseOf } from '#tests/purchases/purchase-builders';
import {
  addWork,
  fillWallet,
  NOW,
  openTestLedger,
  spendWork,
  type TestLedger,
} from '#tests/support/ledger';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

let made = 0;

/** A stored purchase of a user of its own, with its session unless told otherwise, and events about it. */
async function givenPurchase(changes: Partial<Purchase> = {}) {
  made += 1;
  const id = `pur_${made}`;
  const userId = `user-${made}`;
  const sessionId = `cs_test_${made}`;
  const session = { id: sessionId, url: 'https://checkout.example/1', expiresAt: NOW };
  const purchase = purchaseOf({ id, userId, session, ...changes });
  await test.ledger.write([
    { record: 'purchase', id: { purchaseId: id }, value: purchase, version: null },
  ]);
  if (purchase.session) await bind(sessionId, id);
  return {
    purchase,
    wallet: { userId, creditType: purchase.creditType },
    event: (parts: Partial<CheckoutEvent> = {}) =>
      checkoutEventOf({
        sessionRef: sessionId,
        claimedPurchaseId: id,
        paymentRef: `pi_${id}`,
        ...parts,
      }),
    stored: async () => {
      const read = await test.ledger.load([{ record: 'purchase', id: { purchaseId: id } }]);
      const value = read('purchase', { purchaseId: id })?.value;
      if (!value) throw new Error('the purchase is gone');
      return value;
    },
  };
}

async function bind(ref: string, purchaseId: string) {
  const id = { provider: 'stripe', ref } as const;
  await test.ledger.write([
    { record: 'paymentReference', id, value: { purchaseId }, version: null },
  ]);
}

function apply(event: CheckoutEvent): Promise<Applied> {
  return applyPaymentEvent({ store: test.ledger }, { event, now: NOW });
}

async function balanceOf(wallet: { readonly userId: string; readonly creditType: string }) {
  return (await test.ledger.loadHead(wallet)).balance;
}

describe('a paid checkout', () => {
  it('credits what the purchase says, in one transaction with entry, purchase and references', async () => {
    const { event, wallet, stored, purchase } = await givenPurchase();
    const { result, cost } = await test.measure(() => apply(event()));
    expect(result).toMatchObject({ kind: 'credited', purchaseId: purchase.id });
    expect(cost.calls.filter((call) => call === 'TransactWriteItems')).toHaveLength(1);
    const { credited, payments, ...rest } = await stored();
    const [entry] = await test.ledger.loadEntries(wallet.userId);
    expect(entry).toMatchObject({
      id: credited?.entryId,
      type: 'purchase',
      amount: 100,
      balanceAfter: 100,
      cause: `purchase:${purchase.id}`,
      actor: 'stripe',
      reference: { type: 'purchase', id: purchase.id },
      draws: [{ category: 'paid', amount: 100, expiresAt: null }],
    });
    expect(credited?.credits).toBe(100);
    expect(payments).toEqual([
      { ref: `pi_${purchase.id}`, amountMinor: 1_000, at: '2026-11-18T11:06:40.000Z' },
    ]);
    expect(rest.session).toEqual(purchase.session);
    const ref = { provider: 'stripe', ref: `pi_${purchase.id}` } as const;
    const read = await test.ledger.load([{ record: 'paymentReference', id: ref }]);
    expect(read('paymentReference', ref)?.value).toEqual({ purchaseId: purchase.id });
  });

  it('credits once when delivered 10 times in parallel', async () => {
    const { event, wallet, stored } = await givenPurchase();
    const results = await Promise.all(Array.from({ length: 10 }, () => apply(event())));
    expect(results.filter((result) => result.kind === 'credited')).toHaveLength(1);
    expect(results.every((result) => result.kind !== 'quarantine')).toBe(true);
    expect(await balanceOf(wallet)).toBe(100);
    expect(await test.ledger.loadEntries(wallet.userId)).toHaveLength(1);
    expect(statusOf(await stored())).toBe('paid');
  });

  it('credits once when completed and async_payment_succeeded come 5 times each, in parallel', async () => {
    const { event, wallet, stored } = await givenPurchase();
    const late = {
      type: 'checkout.session.async_payment_succeeded',
      at: '2026-11-18T12:00:00.000Z',
    };
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => apply(event(index % 2 === 0 ? late : {}))),
    );
    expect(await balanceOf(wallet)).toBe(100);
    expect((await stored()).payments.map(({ at }) => at)).toEqual(['2026-11-18T11:06:40.000Z']);
  });

  it('credits even when it comes before our own call has stored the session', async () => {
    const { event, wallet, stored } = await givenPurchase({ session: null });
    expect(await apply(event())).toMatchObject({ kind: 'credited' });
    expect(await balanceOf(wallet)).toBe(100);
    expect((await stored()).session).toMatchObject({ id: event().sessionRef, url: null });
    expect(await apply(event({ claimedPurchaseId: null }))).toMatchObject({ kind: 'unchanged' });
  });

  it('changes nothing when its event comes again', async () => {
    const { event, purchase } = await givenPurchase();
    await apply(event());
    const { result, cost } = await test.measure(() => apply(event()));
    expect(result).toEqual({ kind: 'unchanged', purchaseId: purchase.id });
    expect(cost.writeUnits).toBe(0);
  });
});

describe('every order of a checkout’s events, with each of them twice', () => {
  const story = [
    { outcome: 'unpaid', at: '2026-11-18T11:01:00.000Z' },
    { outcome: 'paid', at: '2026-11-18T11:02:00.000Z' },
    { outcome: 'failed', at: '2026-11-18T11:04:00.000Z' },
    { outcome: 'expired', at: '2026-11-18T11:05:00.000Z' },
  ] as const;

  it('ends with the same facts and one credit', async () => {
    const facts = new Set<string>();
    for (const order of permutationsOf(story)) {
      const { event, wallet, stored } = await givenPurchase();
      for (const parts of [...order, ...order]) await apply(event(parts));
      expect(await balanceOf(wallet)).toBe(100);
      expect(await test.ledger.loadEntries(wallet.userId)).toHaveLength(1);
      const { status, outcomes, payments } = await stored().then((purchase) => ({
        status: statusOf(purchase),
        outcomes: purchase.outcomes,
        payments: purchase.payments.map(({ at, amountMinor }) => ({ at, amountMinor })),
      }));
      facts.add(JSON.stringify({ status, outcomes, payments }));
    }
    expect([...facts]).toEqual([
      JSON.stringify({
        status: 'paid',
        outcomes: [
          { kind: 'expired', at: story[3].at },
          { kind: 'failed', at: story[2].at },
          { kind: 'unpaid', at: story[0].at },
        ],
        payments: [{ at: story[1].at, amountMinor: 1_000 }],
      }),
    ]);
  });
});

describe('nothing is credited, and a person is told why, when', () => {
  it.each([
    ['the amount is not the agreed one', { payableMinor: 999 }, 'WRONG_AMOUNT'],
    ['the currency is not the agreed one', { currency: 'EUR' }, 'WRONG_CURRENCY'],
    [
      'the session is not known',
      { sessionRef: 'cs_test_stranger', claimedPurchaseId: null },
      'UNKNOWN_SESSION',
    ],
    [
      'the session names a purchase that is not there',
      { sessionRef: 'cs_test_stranger', claimedPurchaseId: 'pur_none' },
      'UNKNOWN_SESSION',
    ],
    [
      'the session names something that is no purchase of ours',
      { sessionRef: 'cs_test_stranger', claimedPurchaseId: 'PURCHASE#1' },
      'UNKNOWN_SESSION',
    ],
    [
      'an unknown session names a purchase that has its session',
      { sessionRef: 'cs_test_stranger' },
      'UNKNOWN_SESSION',
    ],
    [
      'the session of one purchase names another',
      { claimedPurchaseId: 'pur_other' },
      'CONTRADICTING_PURCHASE',
    ],
  ] as const)('%s', async (_, parts, reason) => {
    const { event, wallet, stored, purchase } = await givenPurchase();
    expect(await apply(event(parts))).toMatchObject({ kind: 'quarantine', reason });
    expect(await balanceOf(wallet)).toBe(0);
    expect(await stored()).toEqual(purchase);
  });

  it('the payment belongs to another purchase', async () => {
    const first = await givenPurchase();
    const second = await givenPurchase();
    await apply(first.event());
    const stolen = second.event({ paymentRef: first.event().paymentRef });
    expect(await apply(stolen)).toMatchObject({ reason: 'CONTRADICTING_PURCHASE' });
    expect(await balanceOf(second.wallet)).toBe(0);
  });

  it('a second payment comes for a paid purchase', async () => {
    const { event, wallet } = await givenPurchase();
    await apply(event());
    expect(await apply(event({ paymentRef: 'pi_second' }))).toMatchObject({
      kind: 'quarantine',
      reason: 'SECOND_PAYMENT',
    });
    expect(await balanceOf(wallet)).toBe(100);
  });

  it('the wallet can hold no more credits: the payment is kept, and the event credits once there is room', async () => {
    const { event, wallet, stored } = await givenPurchase();
    await fillWallet(test.ledger, wallet);
    expect(await apply(event())).toMatchObject({ kind: 'quarantine', reason: 'WALLET_REFUSED' });
    expect(await stored()).toMatchObject({ payments: [{ amountMinor: 1_000 }], credited: null });
    expect(await balanceOf(wallet)).toBe(BALANCE_MAX);

    await test.ledger.run(spendWork({ wallet, amount: 100, cause: 'room' }));
    expect(await apply(event())).toMatchObject({ kind: 'credited' });
    expect(await balanceOf(wallet)).toBe(BALANCE_MAX);
  });
});

it('a wallet full of grants that were given away takes what was bought all the same', async () => {
  const { event, wallet } = await givenPurchase();
  for (let day = 1; day <= GRANTS_MAX; day += 1) {
    const expiresAt = new Date(Date.parse(NOW) + day * 86_400_000).toISOString();
    await test.ledger.run(addWork({ wallet, amount: 1, cause: `fill:${day}`, expiresAt }));
  }
  expect(await apply(event())).toMatchObject({ kind: 'credited' });
  expect(await balanceOf(wallet)).toBe(GRANTS_MAX + 100);
});
