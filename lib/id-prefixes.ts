/** Every id prefix of the service: one noun, one prefix. It imports nothing, so the ledger's core may have it. */
export const ID_PREFIXES = {
  transaction: 'txn',
  grant: 'grn',
  hold: 'hld',
  purchase: 'pur',
  application: 'app',
  job: 'job',
  audit: 'aud',
} as const;
export type IdKind = keyof typeof ID_PREFIXES;

/** The id of another noun with the same number: what an entry makes carries the entry's own. */
export function sameNumber(id: string, kind: IdKind): string {
  return id.replace(/^[a-z]+(?=_)/, ID_PREFIXES[kind]);
}
