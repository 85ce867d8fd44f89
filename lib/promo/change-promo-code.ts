import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { ContentionError, type LedgerStore } from '#lib/ports';
import { passedTime, type PromoCode, promoCodeState, type PromoTerms } from '#lib/promo/promo-code';

/** A hot code is written by everybody who redeems it; a change gets its turn among them. */
const ATTEMPTS_MAX = 50;

export type ChangePromoOutcome =
  | { readonly kind: 'changed'; readonly promo: PromoCode }
  | { readonly kind: 'missing' }
  | { readonly kind: 'passed'; readonly field: 'expires_at' | 'credits_expire_at' };

/**
 * Changes the terms of a code for those who have not redeemed it yet; what was redeemed stays what it is. The audit
 * record with both states is in the same transaction. A change that changes nothing writes nothing.
 */
export async function changePromoCode(
  store: Pick<LedgerStore, 'load' | 'write'>,
  input: {
    /** In capitals. */
    readonly code: string;
    readonly changes: Partial<PromoTerms>;
    readonly audit: AuditContext;
    readonly action: string;
  },
): Promise<ChangePromoOutcome> {
  const { action, audit, code, changes } = input;
  const id = { code };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const found = (await store.load([{ record: 'promoCode', id }]))('promoCode', id);
    if (!found) return { kind: 'missing' };
    const before = promoCodeState(found.value);
    const changed = { ...found.value, ...exclusive(changes) };
    const promo: PromoCode = { ...changed, updatedAt: audit.at };
    if (JSON.stringify(promoCodeState(changed)) === JSON.stringify(before)) {
      return { kind: 'changed', promo: found.value };
    }
    const field = passedTime(changes, audit.at);
    if (field) return { kind: 'passed', field };
    const target = { type: 'promo_code', id: code };
    const written = await store.write([
      { record: 'promoCode', id, value: promo, version: found.version },
      auditWrite(audit, { action, target, before, after: promoCodeState(promo) }),
    ]);
    if (written) return { kind: 'changed', promo };
  }
  throw new ContentionError('a code was redeemed faster than it could be changed');
}

/** Credits expire at a time or after days: who says one takes the other back. */
function exclusive(changes: Partial<PromoTerms>): Partial<PromoTerms> {
  const { creditsExpireAfterDays: days, creditsExpireAt: at } = changes;
  return {
    ...changes,
    ...(days !== undefined && days !== null && { creditsExpireAt: null }),
    ...(at !== undefined && at !== null && { creditsExpireAfterDays: null }),
  };
}
