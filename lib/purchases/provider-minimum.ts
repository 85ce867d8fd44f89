import type { Currency } from '#lib/contract/amounts';
import type { PaymentProvider } from '#lib/payments/payment-event';

type Minimums = Readonly<Partial<Record<Currency, number>>>;

/**
 * The least that each provider takes in one payment, in minor units (docs.stripe.com/currencies#minimum-and-maximum-
 * charge-amounts; razorpay.com/docs/api/orders: 100 of the smallest unit). What is not listed the provider decides.
 */
const MINIMUMS: Readonly<
  Record<PaymentProvider, { readonly listed: Minimums; readonly others: number }>
> = {
  stripe: {
    listed: {
      AED: 200,
      AUD: 50,
      BRL: 50,
      CAD: 50,
      CHF: 50,
      CZK: 1_500,
      DKK: 250,
      EUR: 50,
      GBP: 30,
      HKD: 400,
      HUF: 17_500,
      INR: 50,
      JPY: 50,
      MXN: 1_000,
      MYR: 200,
      NOK: 300,
      NZD: 50,
      PLN: 200,
      SEK: 300,
      SGD: 50,
      THB: 1_000,
      USD: 50,
    },
    others: 1,
  },
  razorpay: { listed: {}, others: 100 },
};

/** Below it the provider would refuse, and a buyer deserves to hear of it before. */
export function providerMinimum(provider: PaymentProvider, currency: string): number {
  const { listed, others } = MINIMUMS[provider];
  return isListed(listed, currency) ? (listed[currency] ?? others) : others;
}

function isListed(listed: Minimums, currency: string): currency is Currency {
  return Object.hasOwn(listed, currency);
}
