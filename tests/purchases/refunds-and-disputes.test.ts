import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '#lib/ledger/entry';
import { verify } from '#lib/ledger/verify';
import { type Applied, applyPaymentEvent } from '#lib/purchases/apply-payment-event';
import type { PaymentEvent } from '#lib/payments/payment-event';
import { refundedMinorOf, statusOf } from '#lib/purchases/purchase-status';
import type { StoredSetting } from '#lib/settings/settings';
import {
  checkoutEventOf,
  disputeEventOf,
  paymentEventOf,
  purchaseOf,
  refundEventOf,
  refundTotalEventOf,
} from '#tests/purchases/purchase-builders';
import { NOW, openTestLedger, spendWork, type TestLedger } from '#tests/support/ledger';
import { setSetting } from '#tests/support/settings';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

let made = 0;

/** 500 credits for 49.00 USD, of a user of its own unless told whose, with its session and events about it. */
async function givenPurchase(of: { readonly userId?: string } = {}) {
  made += 1;
  const id = `pur_back_${made}`;
  const { userId = `user-back-${made}` } = of;
  const ref = `cs_back_${made}`;
  const session = { id: ref, url: null, expiresAt: null };
  const value = purchaseOf({ id, userId, session, credits: 500, amountMinor: 4_900, number: made });
  const reference = { provider: 'stripe', ref } as const;
  await test.ledger.write([
    { record: 'purchase', id: { purchaseId: id }, value, version: null },
    { record: 'paymentReference', id: reference, value: { purchaseId: id }, version: null },
  ]);
  const wallet = { userId, creditType: 'general' };
  const paymentRef = `pi_back_${made}`;
  const prefix = `back_${made}`;
  return {
    wallet,
    paid: checkoutEventOf({
      sessionRef: ref,
      claimedPurchaseId: id,
      paymentRef,
      priceMinor: 4_900,
      payableMinor: 4_900,
    }),
    /** Refunds and disputes name their payment and nothing of ours. */
    refund: (name: string, changes: Parameters<typeof refundEventOf>[0] = {}) =>
      refundEventOf({ paymentRef, refundRef: `re_${prefix}_${name}`, ...changes }),
    refundedInAll: (refundedMinor: number) => refundTotalEventOf({ paymentRef, refundedMinor }),
    dispute: (changes: Parameters<typeof disputeEventOf>[0] = {}) =>
      disputeEventOf({ paymentRef, disputeRef: `dp_${prefix}`, amountMinor: 4_900, ...changes }),
    intent: (changes: Parameters<typeof paymentEventOf>[0] = {}) =>
      paymentEventOf({ paymentRef, claimedPurchaseId: id, amountMinor: 4_900, ...changes }),
    spend: (amount: number) =>
      test.ledger.run(spendWork({ wallet, amount, cause: `spend:${prefix}:${amount}` })),
    wholeStory: async () => {
      const read = await test.ledger.load([{ record: 'purchase', id: { purchaseId: id } }]);
      const purchase = read('purchase', { purchaseId: id })?.value;
      if (!purchase) throw new Error('the purchase is gone');
      const head = await test.ledger.loadHead(wallet);
      const entries = await test.ledger.loadEntries(userId);
      expect(verify(head, entries)).toEqual([]);
      return {
        status: statusOf(purchase),
        refundedMinor: refundedMinorOf(purchase),
        balance: head.balance,
        debt: head.debt,
        moves: entries.toSorted((a, b) => a.seq - b.seq).map(moveOf),
      };
    },
  };
}

/** Type, credits and, where there is any, the change of debt. */
function moveOf({ type, amount, debtChange }: Entry): string {
  return `${type} ${amount}${debtChange === 0 ? '' : ` debt ${debtChange}`}`;
}

async function apply(...events: readonly PaymentEvent[]): Promise<readonly Applied['kind'][]> {
  const kinds: Applied['kind'][] = [];
  for (const event of events) {
    kinds.push((await applyPaymentEvent({ store: test.ledger }, { event, now: NOW })).kind);
  }
  return kinds;
}

const set = (key: 'clawback', value: StoredSetting['value']) => setSetting(test.ledger, key, value);

describe('a refund', () => {
  it('of 10.00 and then 15.00 of 49.00 takes back the share of both together', async () => {
    const { paid, refund, wholeStory } = await givenPurchase();
    const first = refund('a', { amountMinor: 1_000 });
    const second = refund('b', { amountMinor: 1_500 });
    expect(await apply(paid, first, second, first, second)).toEqual([
      'credited',
      'reversed',
      'reversed',
      'unchanged',
      'unchanged',
    ]);
    expect(await wholeStory()).toEqual({
      status: 'partially_refunded',
      refundedMinor: 2_500,
      balance: 245,
      debt: 0,
      moves: ['purchase 500', 'reversal -102', 'reversal -153'],
    });
  });

  it('of everything, in parts that do not divide, takes everything and no more', async () => {
    const { paid, refund, wholeStory } = await givenPurchase();
    const parts = [1, 1_633, 1_633, 1_633];
    await apply(paid, ...parts.map((amountMinor, index) => refund(`${index}`, { amountMinor })));
    expect(await wholeStory()).toMatchObject({ status: 'refunded', balance: 0, debt: 0 });
  });

  it('of spent credits becomes debt, which the next purchase pays first', async () => {
    const { wallet, paid, refund, spend, wholeStory } = await givenPurchase();
    await apply(paid);
    await spend(450);
    await apply(refund('a', { amountMinor: 4_900 }));
    expect(await wholeStory()).toMatchObject({
      status: 'refunded',
      balance: 0,
      debt: 450,
      moves: ['purchase 500', 'usage -450', 'reversal -50 debt 450'],
    });
    const next = await givenPurchase(wallet);
    await apply(next.paid);
    expect(await next.wholeStory()).toMatchObject({ status: 'paid', balance: 50, debt: 0 });
  });

  it('of spent credits is forgiven where the setting says so, from the moment it says so', async () => {
    const { paid, refund, spend, wholeStory } = await givenPurchase();
    await apply(paid);
    await spend(450);
    await set('clawback', 'floor');
    try {
      await apply(refund('a', { amountMinor: 4_900 }));
      expect(await wholeStory()).toMatchObject({ status: 'refunded', balance: 0, debt: 0 });
      await apply(refund('a', { amountMinor: 4_900, state: 'failed' }));
      expect(await wholeStory()).toMatchObject({ status: 'paid', balance: 50, debt: 0 });
    } finally {
      await set('clawback', 'debt');
    }
  });

  it('that failed gives back exactly what it took, cancelling the debt it made', async () => {
    const { paid, refund, spend, wholeStory } = await givenPurchase();
    const of = { amountMinor: 4_900 };
    await apply(paid);
    await spend(450);
    const failed = refund('a', { ...of, state: 'failed' });
    const kinds = await apply(refund('a', { ...of, state: 'pending' }), failed, failed);
    expect(kinds).toEqual(['reversed', 'reinstated', 'unchanged']);
    expect(await wholeStory()).toEqual({
      status: 'paid',
      refundedMinor: 0,
      balance: 50,
      debt: 0,
      moves: ['purchase 500', 'usage -450', 'reversal -50 debt 450', 'reinstatement 50 debt -450'],
    });
  });

  it('that was told to have failed first never takes anything', async () => {
    const { paid, refund, wholeStory } = await givenPurchase();
    await apply(paid, refund('a', { state: 'failed' }), refund('a', { state: 'succeeded' }));
    expect(await wholeStory()).toMatchObject({ status: 'paid', moves: ['purchase 500'] });
  });

  it('known from the total alone counts, and not twice once it is known by its id', async () => {
    const { paid, refund, refundedInAll, wholeStory } = await givenPurchase();
    await apply(paid, refundedInAll(2_500));
    expect(await wholeStory()).toMatchObject({ refundedMinor: 2_500, balance: 245 });
    await apply(refund('a', { amountMinor: 1_000 }), refund('b', { amountMinor: 1_500 }));
    expect(await wholeStory()).toMatchObject({
      refundedMinor: 2_500,
      balance: 245,
      moves: ['purchase 500', 'reversal -255'],
    });
    await apply(refund('b', { amountMinor: 1_500, state: 'failed' }));
    expect(await wholeStory()).toMatchObject({ refundedMinor: 1_000, balance: 398 });
  });

  it('that changes its amount goes to a person and changes nothing', async () => {
    const { paid, refund, wholeStory } = await givenPurchase();
    const kinds = await apply(paid, refund('a'), refund('a', { amountMinor: 4_900 }));
    expect(kinds.at(-1)).toBe('quarantine');
    expect(await wholeStory()).toMatchObject({ balance: 398 });
  });

  it('of a payment that was refused as a second one leaves the first one’s credits alone', async () => {
    const { paid, intent, refund, wholeStory } = await givenPurchase();
    const second = `pi_second_${made}`;
    const back = {
      paymentRef: second,
      amountMinor: 4_900,
      claimedPurchaseId: paid.claimedPurchaseId,
    };
    const kinds = await apply(paid, intent({ paymentRef: second }), refund('second', back));
    expect(kinds).toEqual(['credited', 'quarantine', 'recorded']);
    expect(await wholeStory()).toMatchObject({ status: 'paid', refundedMinor: 0, balance: 500 });
  });
});

describe('a refund before its payment', () => {
  it('waits, and is taken back in the transaction that credits', async () => {
    const { paid, refund, dispute, wholeStory } = await givenPurchase();
    const early = [refund('a'), refund('b', { amountMinor: 1_500 }), dispute({ state: 'inquiry' })];
    expect(await apply(...early, ...early)).toEqual(Array.from({ length: 6 }, () => 'waiting'));
    expect(await wholeStory()).toMatchObject({ status: 'pending', refundedMinor: 0, moves: [] });
    const { result, cost } = await test.measure(() => apply(paid));
    expect(result).toEqual(['credited']);
    expect(cost.calls.filter((call) => call === 'TransactWriteItems')).toHaveLength(1);
    expect(await wholeStory()).toMatchObject({
      status: 'partially_refunded',
      balance: 245,
      moves: ['purchase 500', 'reversal -255'],
    });
    expect(await apply(...early)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  it('in another currency does not stop the credit, and stays for a person', async () => {
    const { paid, refund, wholeStory } = await givenPurchase();
    await apply(refund('a', { currency: 'EUR' }));
    const result = await applyPaymentEvent({ store: test.ledger }, { event: paid, now: NOW });
    expect(result.kind).toBe('credited');
    expect('contradiction' in result && result.contradiction).toMatch(/EUR.*USD/);
    expect(await wholeStory()).toMatchObject({ status: 'paid', balance: 500 });
  });

  it('is never lost, however payment and refund race', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { paid, refund, wholeStory } = await givenPurchase();
      await Promise.all([paid, refund('a'), paid, refund('a')].map((event) => apply(event)));
      expect(await wholeStory()).toMatchObject({ status: 'partially_refunded', balance: 398 });
    }
  });
});

describe('a dispute', () => {
  it('takes back when it is open, once, and a won one gives exactly that back, once', async () => {
    const { paid, dispute, spend, wholeStory } = await givenPurchase();
    await apply(paid);
    await spend(450);
    const open = Array.from({ length: 10 }, () => dispute());
    await Promise.all(open.map((event) => apply(event)));
    expect(await wholeStory()).toMatchObject({ status: 'disputed', balance: 0, debt: 450 });
    const won = Array.from({ length: 10 }, () => dispute({ state: 'won' }));
    await Promise.all(won.map((event) => apply(event)));
    await Promise.all(open.map((event) => apply(event)));
    expect(await wholeStory()).toEqual({
      status: 'paid',
      refundedMinor: 0,
      balance: 50,
      debt: 0,
      moves: ['purchase 500', 'usage -450', 'reversal -50 debt 450', 'reinstatement 50 debt -450'],
    });
  });

  it('that is only an inquiry takes nothing', async () => {
    const { paid, dispute, wholeStory } = await givenPurchase();
    await apply(paid, dispute({ state: 'inquiry' }));
    expect(await wholeStory()).toMatchObject({ status: 'paid', moves: ['purchase 500'] });
  });

  it('of a part takes its share, and lost it stays taken', async () => {
    const { paid, dispute, wholeStory } = await givenPurchase();
    const part = { amountMinor: 1_000 };
    await apply(paid, dispute(part), dispute({ ...part, state: 'lost' }));
    expect(await wholeStory()).toMatchObject({
      status: 'disputed',
      moves: ['purchase 500', 'reversal -102'],
    });
  });

  it('and refunds of one payment together never take more than it granted', async () => {
    const { paid, dispute, refund, wholeStory } = await givenPurchase();
    await apply(paid, refund('a', { amountMinor: 1_000 }), dispute({ state: 'lost' }));
    expect(await wholeStory()).toMatchObject({ balance: 0, debt: 0, status: 'disputed' });
    await apply(refund('b', { amountMinor: 3_900 }));
    expect(await wholeStory()).toMatchObject({
      balance: 0,
      debt: 0,
      moves: ['purchase 500', 'reversal -102', 'reversal -398'],
    });
  });

  it('won beside a refund gives back what the refund does not hold', async () => {
    const { paid, dispute, refund, wholeStory } = await givenPurchase();
    await apply(paid, refund('a'), dispute(), dispute({ state: 'won' }));
    expect(await wholeStory()).toMatchObject({ status: 'partially_refunded', balance: 398 });
  });

  it('won after the debt was paid gives credits', async () => {
    const { wallet, paid, dispute, spend, wholeStory } = await givenPurchase();
    await apply(paid);
    await spend(450);
    await apply(dispute());
    const next = await givenPurchase(wallet);
    await apply(next.paid, dispute({ state: 'won' }));
    expect(await wholeStory()).toMatchObject({ status: 'paid', balance: 550, debt: 0 });
  });
});

describe('a payment that is not ours', () => {
  it('is no business of ours, and what is refunded of it waits for nobody', async () => {
    const stranger = { paymentRef: 'pi_stranger', claimedPurchaseId: null };
    expect(
      await apply(
        paymentEventOf(stranger),
        refundEventOf(stranger),
        disputeEventOf(stranger),
        refundTotalEventOf(stranger),
      ),
    ).toEqual(['foreign', 'waiting', 'waiting', 'waiting']);
  });

  it('but names a purchase that is not there goes to a person', async () => {
    const event = paymentEventOf({ paymentRef: 'pi_ghost', claimedPurchaseId: 'pur_ghost' });
    const result = await applyPaymentEvent({ store: test.ledger }, { event, now: NOW });
    expect(result).toMatchObject({ kind: 'quarantine', reason: 'UNKNOWN_PAYMENT' });
  });

  it('for an order that nobody stored yet may be early', async () => {
    const event = paymentEventOf({
      paymentRef: 'pay_early',
      sessionRef: 'order_early',
      claimedPurchaseId: null,
    });
    expect(await apply(event)).toEqual(['early']);
  });
});
