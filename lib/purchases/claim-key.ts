import { invariant } from '#lib/invariant';
import type { LedgerStore } from '#lib/ports';

export interface KeyedRequest {
  /** `request:<hash>` of caller, route and Idempotency-Key. */
  readonly cause: string;
  /** Hash of what is asked for; null where the request came without a key, which then belongs to nothing. */
  readonly fingerprint: string | null;
  readonly now: string;
}

/**
 * Remembers what an Idempotency-Key was first used for, where nothing else does: what the request leads to is known by
 * its payment or event, not by its key. False where the key belongs to a request with other content (DESIGN 5).
 */
export async function claimKey(
  store: Pick<LedgerStore, 'load' | 'write'>,
  { cause, fingerprint, now }: KeyedRequest,
): Promise<boolean> {
  if (fingerprint === null) return true;
  const ref = { record: 'requestKey', id: { cause } } as const;
  const known = (await store.load([ref]))('requestKey', ref.id);
  if (known) return known.value.fingerprint === fingerprint;
  const value = { fingerprint, at: now };
  if (await store.write([{ ...ref, value, version: null }])) return true;
  const first = (await store.load([ref]))('requestKey', ref.id);
  invariant(first, 'a key that somebody else has claimed is there');
  return first.value.fingerprint === fingerprint;
}
