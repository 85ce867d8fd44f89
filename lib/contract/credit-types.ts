import * as z from 'zod';

/** What credits are for (DESIGN 2). Adding a type is adding a word here; wallets appear with their first entry. */
export const CREDIT_TYPES = ['general', 'enrichment', 'calling', 'scraping'] as const;
export type CreditType = (typeof CREDIT_TYPES)[number];

export const DEFAULT_CREDIT_TYPE = 'general';

export const creditType = z
  .enum(CREDIT_TYPES)
  .meta({ id: 'CreditType', description: 'What the credits are for.' });

/** The credit type of a request that may leave it out. */
export const creditTypeOrDefault = creditType.default(DEFAULT_CREDIT_TYPE);
