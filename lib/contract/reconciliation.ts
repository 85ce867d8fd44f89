import * as z from 'zod';
import { FINDING_KINDS } from '#lib/contract/finding-kinds';
import { paymentProvider } from '#lib/contract/wire';

const count = z.int().min(0);

/** One comparison of a provider's records with our purchases. */
export const reconciliation = z
  .strictObject({
    provider: paymentProvider,
    at: z.iso.datetime(),
    checked: count,
    restored: count,
    expired: count,
    duplicate: count,
    mismatch: count,
    unknown: count,
    waiting: count,
    findings: z.array(
      z.strictObject({
        kind: z.enum(FINDING_KINDS),
        about: z.string(),
        purchase_id: z.string().nullable(),
        detail: z.string(),
      }),
    ),
    problems: z.array(z.string()).meta({
      description: 'What could not be looked at; the comparison is complete without any.',
    }),
  })
  .meta({ id: 'Reconciliation' });

export const reconciliations = z.strictObject({ reconciliations: z.array(reconciliation) });
