import type Stripe from 'stripe';

import type { Records } from '#infra/local/stripe/records';

/** What was taken and not given back or disputed, by currency; Stripe's fees and payouts do not exist here. */
export function renderBalance(records: Records): Stripe.Balance {
  const sums = new Map<string, number>([['usd', 0]]);
  for (const charge of records.charges.list()) {
    if (charge.status !== 'succeeded') continue;
    const kept = charge.amount - charge.amount_refunded;
    sums.set(charge.currency, (sums.get(charge.currency) ?? 0) + kept);
  }
  for (const { currency, movements } of records.disputes.list()) {
    const moved = movements.reduce((sum, { amount }) => sum + amount, 0);
    sums.set(currency, (sums.get(currency) ?? 0) + moved);
  }
  const currencies = [...sums].map(([currency, amount]) => ({ currency, amount }));
  return {
    object: 'balance',
    available: currencies.map(({ currency, amount }) => ({
      amount,
      currency,
      source_types: { card: amount },
    })),
    livemode: false,
    pending: currencies.map(({ currency }) => ({
      amount: 0,
      currency,
      source_types: { card: 0 },
    })),
  };
}
