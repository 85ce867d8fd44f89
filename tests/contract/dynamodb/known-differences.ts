/**
 * Where our engine and front are known to differ from DynamoDB; the README lists the sentences under “The table”.
 * Those with a check are shown to be still true, so that the list does not outlive its reasons.
 */
export const knownDifferences = {
  'item-count-is-live': 'ItemCount and TableSizeBytes are exact; on AWS they are hours old.',
  'index-reads-are-immediate':
    'A global index shows a write at once; on AWS it may follow a moment later.',
  'one-shard': 'A stream has one shard, which never splits or closes.',
  'small-sequence-numbers':
    'Stream sequence numbers and event ids are small integers; on AWS they have 21 and more digits, or 32 hex digits.',
  'other-region-in-arns':
    'Table and stream ARNs name the region "dynoxide" and the account 000000000000.',
  'table-is-ready-at-once':
    'A new table or index can be used when the call returns; on AWS after seconds.',
  'no-throttling': 'It throttles nothing unless a fault asks for it.',
  'signatures-are-not-verified': 'It accepts any signature and checks no permission.',
  'tokens-live-on-the-machine-clock':
    'A ClientRequestToken lives ten minutes of the machine, not of the clock that the stack moves.',
  'ttl-is-prompt':
    'Expired items go at the next sweep: a minute after the last one, or twenty times as long as that took; on AWS within a few days.',
  'backups-are-only-a-switch':
    'Point-in-time recovery can be switched on, until the next start, and backs nothing up.',
  'partiql-does-not-conflict': 'PartiQL statements run without the rules for conflicts.',
  'numeric-keys-conflict-by-spelling':
    'Conflicts on keys of type number are found by their text: 1 and 1.0 are two items to them.',
} as const satisfies Record<string, string>;
