import * as z from 'zod';

/** Credits on sale at a price per currency. What a buyer agreed to is copied into the purchase. */
export const packageSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  creditType: z.string(),
  credits: z.int().min(1),
  /** The first is the one shown to who does not ask for a currency. Minor units, ISO 4217 in capitals. */
  prices: z.array(z.object({ currency: z.string(), amountMinor: z.int().min(0) })).min(1),
  /** What is not on sale any more stays for the purchases that name it. */
  active: z.boolean(),
  /** Its place in the list, ascending. */
  position: z.int(),
});
export type CreditPackage = z.infer<typeof packageSchema>;

export interface PackagePrice {
  readonly creditPackage: CreditPackage;
  readonly amountMinor: number;
  readonly currency: string;
}

/** The price in a currency, or in the package's first one; null where there is none in that currency. */
export function priceOf(
  creditPackage: CreditPackage,
  currency: string | undefined,
): PackagePrice | null {
  const price = creditPackage.prices.find(
    (offered) => currency === undefined || offered.currency === currency,
  );
  return price ? { creditPackage, ...price } : null;
}
