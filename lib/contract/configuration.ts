import * as z from 'zod';
import { chargeStep, CREDITS_MAX, currency, MONEY_MAX, wholeNumber } from '#lib/contract/amounts';
import { creditType } from '#lib/contract/credit-types';
import { description, line, metadata, timestamp } from '#lib/contract/fields';
import { keyPart } from '#lib/contract/ids';

/** How often something has been changed: whoever changes it names the state that they looked at. */
export const configurationVersion = wholeNumber({ min: 0, max: 1_000_000_000 });

export const setting = z
  .strictObject({
    key: z.string(),
    value: z.unknown().meta({ description: 'What holds now.' }),
    default: z.unknown().meta({ description: 'What holds where nobody has set another.' }),
    is_default: z.boolean(),
    minimum: z.number().nullable(),
    maximum: z.number().nullable(),
    options: z.array(z.string()).nullable(),
    changed_at: timestamp.nullable(),
    changed_by: z.string().nullable(),
  })
  .meta({ id: 'Setting' });

export const settingsDocument = z
  .strictObject({
    version: configurationVersion.meta({ description: 'To be named by the next change.' }),
    settings: z.array(setting),
  })
  .meta({ id: 'Settings' });

export const settingsChange = z
  .strictObject({
    version: configurationVersion,
    changed_at: timestamp,
    changed_by: z.string(),
    changes: z.array(z.strictObject({ key: z.string(), before: z.unknown(), after: z.unknown() })),
  })
  .meta({ id: 'SettingsChange' });

const packagePrice = z
  .strictObject({
    currency,
    amount: wholeNumber({ min: 1, max: MONEY_MAX }).meta({
      description: 'In minor units; with 0 as the last digit where there are three decimals.',
    }),
  })
  .refine((price) => price.amount % chargeStep(price.currency) === 0, {
    path: ['amount'],
    message: 'must end in 0 in a currency with three decimals',
  });

/** What an operator decides about a package. */
export const packageFields = {
  name: line(100),
  description,
  credit_type: creditType,
  credits: wholeNumber({ min: 1, max: CREDITS_MAX }),
  prices: z
    .array(packagePrice)
    .max(50)
    .refine(
      (prices) => new Set(prices.map((price) => price.currency)).size === prices.length,
      'has each currency once',
    )
    .meta({ description: 'Fixed prices; the first is shown to who asks for no currency.' }),
  discount_percent: wholeNumber({ min: 0, max: 99 }).nullable().meta({
    description:
      'Sold in all other currencies of the setting price_per_credit, at that price less so much; null: only the fixed prices hold.',
  }),
  active: z.boolean().meta({ description: 'Whether it is on sale.' }),
  position: wholeNumber({ min: 0, max: 1_000_000 }).meta({ description: 'Ascending in the list.' }),
  metadata,
};

export const catalogPackage = z
  .strictObject({ package_id: keyPart, ...packageFields, version: configurationVersion })
  .meta({ id: 'CatalogPackage', description: 'A package as its operator sees it.' });
