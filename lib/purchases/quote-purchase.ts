import { priceOf } from '#lib/catalog/package';
import { priceOfCredits } from '#lib/catalog/price-of-credits';
import type { Pricing } from '#lib/purchases/begin-purchase';
import type { Quote } from '#lib/purchases/purchase';
import { settingOf } from '#lib/settings/settings';

interface CurrencyRefusal {
  readonly code: 'CURRENCY_NOT_AVAILABLE';
  readonly currency: string;
}

export type PackageRefusal =
  { readonly code: 'NOT_FOUND' | 'PACKAGE_NOT_AVAILABLE' } | CurrencyRefusal;

const PER_CREDIT = { record: 'setting', id: { key: 'price_per_credit' } } as const;

/** A package that is on sale, at its price in a currency or in its first one. */
export function packagePricing(wanted: {
  readonly packageId: string;
  readonly currency: string | undefined;
}): Pricing<PackageRefusal> {
  const { currency, packageId } = wanted;
  return {
    reads: [{ record: 'package', id: { packageId } }, PER_CREDIT],
    quote: (read) => {
      const offered = read('package', { packageId })?.value;
      if (!offered) return refused({ code: 'NOT_FOUND' });
      if (!offered.active) return refused({ code: 'PACKAGE_NOT_AVAILABLE' });
      const perCredit = settingOf('price_per_credit', read('setting', PER_CREDIT.id));
      const price = priceOf(offered, { currency, perCredit });
      if (!price) return refused({ code: 'CURRENCY_NOT_AVAILABLE', currency: currency ?? '' });
      return quoted({
        creditType: offered.creditType,
        credits: offered.credits,
        amountMinor: price.amountMinor,
        currency: price.currency,
        packageId: offered.id,
        packageName: offered.name,
      });
    },
  };
}

/** Any number of credits, at the price per credit. */
export function creditsPricing(wanted: {
  readonly credits: number;
  readonly creditType: string;
  readonly currency: string;
}): Pricing<CurrencyRefusal> {
  const { credits, creditType, currency } = wanted;
  return {
    reads: [PER_CREDIT],
    quote: (read) => {
      const perCredit = settingOf('price_per_credit', read('setting', PER_CREDIT.id));
      const amountMinor = priceOfCredits({ credits, currency, discountPercent: 0 }, perCredit);
      if (amountMinor === null) return refused({ code: 'CURRENCY_NOT_AVAILABLE', currency });
      const packageName = `${credits.toLocaleString('en')} credits`;
      return quoted({
        creditType,
        credits,
        amountMinor,
        currency,
        packageId: null,
        packageName,
      });
    },
  };
}

function quoted(quote: Quote) {
  return { ok: true, quote } as const;
}

function refused<R>(refusal: R) {
  return { ok: false, refusal } as const;
}
