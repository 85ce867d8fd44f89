import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import type { CreditPackage } from '#lib/catalog/package';
import { ContentionError, type LedgerStore, type Stored } from '#lib/ports';
import {
  type KeyedRequest,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';

const ATTEMPTS_MAX = 10;

interface Change {
  readonly reason: string | null;
  readonly audit: AuditContext;
}

export type CreateOutcome =
  | { readonly kind: 'created' | 'replayed'; readonly stored: Stored<'package'> }
  | { readonly kind: 'reused' }
  | { readonly kind: 'exists' };

/**
 * Puts a package into the catalog, once per cause. An id is for ever, because purchases name it: one that is not on
 * sale any more is taken, too.
 */
export async function createPackage(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  input: Change & KeyedRequest & { readonly creditPackage: CreditPackage },
): Promise<CreateOutcome> {
  const { audit, cause, creditPackage, fingerprint, reason } = input;
  const id = { packageId: creditPackage.id };
  const value = { ...creditPackage, created: { cause, fingerprint } };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await ledger.load([{ record: 'package', id }, ...requestRefs(input)]);
    const keyed = requestOf(read, input);
    if (keyed && !keyed.isSame) return { kind: 'reused' };
    const stored = read('package', id);
    if (stored) {
      const { created } = stored.value;
      if (created?.cause !== cause) return { kind: 'exists' };
      if (created.fingerprint !== fingerprint) return { kind: 'reused' };
      // Once it has been changed, the first answer is no longer known; that it exists is true in any case.
      return stored.version === 1 ? { kind: 'replayed', stored } : { kind: 'exists' };
    }
    const record = auditWrite(audit, {
      action: 'createPackage',
      target: { type: 'package', id: creditPackage.id },
      after: stateOf(value),
      reason,
    });
    const write = { record: 'package', id, value, version: null } as const;
    if (await ledger.write([write, record, ...requestWrites(input, audit.at)])) {
      return { kind: 'created', stored: { value, version: 1 } };
    }
  }
  throw new ContentionError('writers of one package raced past the bound');
}

export type ChangeOutcome =
  | { readonly kind: 'changed'; readonly stored: Stored<'package'> }
  | { readonly kind: 'missing' | 'without_price' }
  | { readonly kind: 'stale'; readonly version: number };

/**
 * Changes a package that is at a version. What was bought before keeps what was agreed, because a purchase copies it
 * when it begins (DESIGN 6).
 */
export async function changePackage(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  input: Change & {
    readonly packageId: string;
    readonly version: number;
    readonly change: (before: CreditPackage) => CreditPackage;
  },
): Promise<ChangeOutcome> {
  const { audit, change, packageId, reason, version } = input;
  const id = { packageId };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = (await ledger.load([{ record: 'package', id }]))('package', id);
    if (!stored) return { kind: 'missing' };
    if (stored.version !== version) return { kind: 'stale', version: stored.version };
    const value = change(stored.value);
    if (value.prices.length === 0 && value.discountPercent === undefined) {
      return { kind: 'without_price' };
    }
    const record = auditWrite(audit, {
      action: 'changePackage',
      target: { type: 'package', id: packageId },
      before: stateOf(stored.value),
      after: stateOf(value),
      reason,
    });
    if (await ledger.write([{ record: 'package', id, value, version }, record])) {
      return { kind: 'changed', stored: { value, version: version + 1 } };
    }
  }
  throw new ContentionError('writers of one package raced past the bound');
}

/** In the names of the wire. */
function stateOf(offered: CreditPackage) {
  return {
    name: offered.name,
    description: offered.description,
    credit_type: offered.creditType,
    credits: offered.credits,
    prices: offered.prices.map(({ amountMinor: amount, currency }) => ({ currency, amount })),
    discount_percent: offered.discountPercent ?? null,
    active: offered.active,
    position: offered.position,
    metadata: offered.metadata ?? {},
  };
}
