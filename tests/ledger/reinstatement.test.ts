import { describe, expect, it } from 'vitest';
import type { Entry } from '#lib/ledger/entry';
import { reversedCredits } from '#lib/ledger/reversal';
import { availableOf, type Grant } from '#lib/ledger/wallet';
import { day, entryOf, openWallet, type TestWallet } from '#tests/ledger/wallets';

interface Bought {
  readonly wallet: TestWallet;
  readonly paymentGrant: Omit<Grant, 'remaining' | 'held'>;
}

function bought(amount: number, expiresAt: string | null = null): Bought {
  const wallet = openWallet();
  const [draw] = entryOf(wallet.add({ amount, expiresAt })).draws;
  if (!draw) throw new Error('the purchase made no grant');
  const { grantId: id, category, priority, grantedAt } = draw;
  return { wallet, paymentGrant: { id, category, priority, expiresAt, grantedAt } };
}

function reverse({ wallet, paymentGrant }: Bought, amount: number, clawback?: 'floor'): Entry {
  return entryOf(
    wallet.reverse({ amount, grantId: paymentGrant.id, ...(clawback && { clawback }) }),
  );
}

function reinstate(
  { wallet, paymentGrant }: Bought,
  history: readonly Entry[],
  amount = reversedCredits(history),
): Entry {
  return entryOf(wallet.reinstate({ amount, history, paymentGrant }));
}

describe('a reinstatement', () => {
  it('gives back exactly what was taken, to the grants it was taken from', () => {
    const payment = bought(100);
    payment.wallet.add({ amount: 30, type: 'bonus', category: 'promotional' });
    payment.wallet.spend({ amount: 50 });
    const before = payment.wallet.head.grants;
    const reversal = reverse(payment, 80);
    reinstate(payment, [reversal]);
    expect(payment.wallet.head.grants).toEqual(before);
    expect(payment.wallet.head.totals).toMatchObject({ reversed: 80, reinstated: 80 });
  });

  it.each([
    ['still open is cancelled', 0, { balance: 0, debt: 0 }, { amount: 0, debtChange: -100 }],
    [
      'partly paid comes back in part',
      30,
      { balance: 30, debt: 0 },
      { amount: 30, debtChange: -70 },
    ],
    [
      'paid in full comes back in full',
      130,
      { balance: 130, debt: 0 },
      { amount: 100, debtChange: 0 },
    ],
  ])('of debt %s', (_case, later, head, entry) => {
    const payment = bought(100);
    payment.wallet.spend({ amount: 100 });
    const reversal = reverse(payment, 100);
    if (later > 0) payment.wallet.add({ amount: later });
    expect(reinstate(payment, [reversal])).toMatchObject(entry);
    expect(payment.wallet.head).toMatchObject(head);
  });

  it('puts credits that stand for paid debt into the grant of the payment', () => {
    const payment = bought(100);
    payment.wallet.spend({ amount: 100 });
    const reversal = reverse(payment, 100);
    payment.wallet.add({ amount: 100, type: 'bonus', category: 'promotional' });
    expect(reinstate(payment, [reversal]).draws).toMatchObject([
      { grantId: payment.paymentGrant.id, category: 'paid', amount: 100 },
    ]);
  });

  it('of what was forgiven gives nothing, and of the rest what was taken', () => {
    const payment = bought(100);
    payment.wallet.spend({ amount: 60 });
    const history = [reverse(payment, 100, 'floor')];
    for (const amount of [50, 50]) history.push(reinstate(payment, history, amount));
    expect(history.slice(1)).toMatchObject([
      { amount: 0, debtChange: 0, forgiven: -50 },
      { amount: 40, debtChange: 0, forgiven: -10 },
    ]);
    expect(reversedCredits(history)).toBe(0);
  });

  it('in parts undoes the latest first and sums to the whole', () => {
    const payment = bought(100);
    payment.wallet.spend({ amount: 70 });
    const history = [reverse(payment, 50), reverse(payment, 50)];
    expect(payment.wallet.head).toMatchObject({ balance: 0, debt: 70 });
    for (const amount of [10, 50, 40]) history.push(reinstate(payment, history, amount));
    expect(history.slice(2).map((entry) => [entry.amount, entry.debtChange])).toEqual([
      [0, -10],
      [0, -50],
      [30, -10],
    ]);
    expect(payment.wallet.head).toMatchObject({ balance: 30, debt: 0 });
    expect(reversedCredits(history)).toBe(0);
  });

  it('after an earlier one undoes the reversal that came between, not the first again', () => {
    const payment = bought(100);
    payment.wallet.spend({ amount: 100 });
    const history = [reverse(payment, 100, 'floor')];
    history.push(reinstate(payment, history));
    payment.wallet.add({ amount: 40 });
    history.push(reverse(payment, 40));
    expect(payment.wallet.head.balance).toBe(0);
    history.push(reinstate(payment, history));
    expect(payment.wallet.head).toMatchObject({ balance: 40, debt: 0 });
  });

  it('is never more than the reversals took', () => {
    const payment = bought(100);
    const reversal = reverse(payment, 50);
    expect(() => reinstate(payment, [reversal], 51)).toThrow('no more comes back than was taken');
  });

  it('takes only reversals of a payment: one that paid debt is none', () => {
    const payment = bought(100);
    payment.wallet.spend({ amount: 100 });
    reverse(payment, 100);
    payment.wallet.add({ amount: 100 });
    const settled = payment.wallet.entries.at(-1);
    if (!settled) throw new Error('no entry');
    expect(() => reinstate(payment, [settled], 1)).toThrow('only reversals are reinstated');
  });

  it('of credits that have expired since gives them the days of grace', () => {
    const payment = bought(100, day(2));
    const reversal = reverse(payment, 100);
    payment.wallet.at(day(3));
    const [draw] = reinstate(payment, [reversal]).draws;
    expect(draw).toMatchObject({ amount: 100, expiresAt: day(10) });
    expect(availableOf(payment.wallet.head)).toBe(100);
  });

  it('pays what the wallet owes for other payments', () => {
    const payment = bought(100);
    const other = entryOf(payment.wallet.add({ amount: 50 }));
    payment.wallet.spend({ amount: 50 });
    const reversal = reverse(payment, 100);
    expect(payment.wallet.head).toMatchObject({ balance: 0, debt: 0 });
    payment.wallet.reverse({ amount: 50, grantId: other.draws[0]?.grantId ?? '' });
    reinstate(payment, [reversal]);
    expect(payment.wallet.head).toMatchObject({ balance: 50, debt: 0 });
  });
});
