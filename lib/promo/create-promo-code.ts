import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { ContentionError, type LedgerStore } from '#lib/ports';
import { passedTime, type PromoCode, promoCodeState, type PromoTerms } from '#lib/promo/promo-code';
import {
  type KeyedRequest,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';

const ATTEMPTS_MAX = 10;

export type CreatePromoOutcome =
  | { readonly kind: 'created' | 'replayed'; readonly promo: PromoCode }
  | { readonly kind: 'exists' | 'key_reused' }
  | { readonly kind: 'passed'; readonly field: 'expires_at' | 'credits_expire_at' };

/** Makes a code, with its audit record. A code exists once: one that was switched off can be changed, not made again. */
export async function createPromoCode(
  store: Pick<LedgerStore, 'load' | 'write'>,
  input: {
    /** In capitals. */
    readonly code: string;
    readonly creditType: string;
    readonly terms: PromoTerms;
    readonly request: KeyedRequest;
    readonly audit: AuditContext;
    readonly action: string;
  },
): Promise<CreatePromoOutcome> {
  const { action, audit, code, creditType, request, terms } = input;
  const id = { code };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await store.load([{ record: 'promoCode', id }, ...requestRefs(request)]);
    const keyed = requestOf(read, request);
    if (keyed && !keyed.isSame) return { kind: 'key_reused' };
    const at = keyed?.at ?? audit.at;
    const promo: PromoCode = {
      ...terms,
      code,
      creditType,
      uses: 0,
      createdAt: at,
      createdBy: audit.actor,
      updatedAt: at,
    };
    if (keyed) return { kind: 'replayed', promo };
    if (read('promoCode', id)) return { kind: 'exists' };
    const field = passedTime(terms, audit.at);
    if (field) return { kind: 'passed', field };
    const after = promoCodeState(promo);
    const written = await store.write([
      { record: 'promoCode', id, value: promo, version: null },
      auditWrite(audit, { action, target: { type: 'promo_code', id: code }, after }),
      ...requestWrites(request, at),
    ]);
    if (written) return { kind: 'created', promo };
  }
  throw new ContentionError('makers of one code raced each other');
}
