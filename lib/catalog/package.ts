import * as z from 'zod';
import { priceOfCredits } from '#lib/catalog/price-of-credits';
import type { CreditPrices } from '#lib/settings/settings';

/** Credits on sale at a price per currency. What a buyer agreed to is copied into the purchase. */
export const packageSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  creditType: z.string(),
  credits: z.int().min(1),
  /** Fixed. The first is the one shown to who does not ask for a currency. Minor units, ISO 4217 in capitals. */
  prices: z.array(z.object({ currency: z.string(), amountMinor: z.int().min(0) })),
  /**
   * Sold in every other currency of the setting `price_per_credit`, too: at that price less so many percent. Absent
   * where only the fixed prices hold.
   */
  discountPercent: z.int().min(0).max(99).optional(),
  /** What is not on sale any more stays for the purchases that name it. */
  active: z.boolean(),
  /** Its place in the list, ascending. */
  position: z.int(),
  /** The operator's own. */
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** What created it, where an admin did. */
  created: z.object({ cause: z.string(), fingerprint: z.string().nullable() }).optional(),
});
export type CreditPackage = z.infer<typeof packageSchema>;

export interface PackagePrice {
  readonly creditPackage: CreditPackage;
  readonly amountMinor: number;
  readonly currency: string;
  /** By how much it is below the setting `price_per_credit`; null where it is fixed, whatever the setting says. */
  readonly discountPercent: number | null;
}

/**
 * The price in a currency, or in the package's first one (else the first one of the setting); null where there is none
 * in that currency. A derived price follows the setting at once.
 */
export function priceOf(
  creditPackage: CreditPackage,
  asked: { readonly currency: string | undefined; readonly perCredit: CreditPrices },
): PackagePrice | null {
  const { credits, discountPercent, prices } = creditPackage;
  const { perCredit } = asked;
  const currency = asked.currency ?? prices[0]?.currency ?? perCredit[0]?.currency ?? '';
  const fixed = prices.find((price) => price.currency === currency);
  if (fixed) return { creditPackage, ...fixed, discountPercent: null };
  if (discountPercent === undefined) return null;
  const amountMinor = priceOfCredits({ credits, currency, discountPercent }, perCredit);
  return amountMinor === null ? null : { creditPackage, amountMinor, currency, discountPercent };
}
