import { invariant } from '#lib/invariant';
import type { WalletRef } from '#lib/ledger/wallet';

/*
 * Every key of the table is built here (DESIGN 4).
 *
 * Entities
 *
 * | item             | pk                  | sk                   | indexes                                                    |
 * |------------------|---------------------|----------------------|------------------------------------------------------------|
 * | account          | USER#{userId}       | ACCOUNT              |                                                            |
 * | wallet head      | USER#{userId}       | WALLET#{creditType}  | gsi4 DUE#{shard} / next due time, when something falls due |
 * | entry            | USER#{userId}       | ENTRY#{entryId}      | gsi1 wallet / seq; gsi2 day and shard / time; gsi3 wallet and type / ordinal, unless usage |
 * | checkpoint       | USER#{userId}       | CHECKPOINT#{creditType}#{seq} |                                                   |
 * | refunded amount  | USER#{userId}       | REFUNDED#{entryId}   |                                                            |
 * | quota counter    | USER#{userId}       | QUOTA#{feature}      |                                                            |
 * | setting          | SETTINGS            | {key}                |                                                            |
 * | rate limit       | RATE#{kind}#{id}    | {bucket}             | deleted by TTL once it is full again                       |
 *
 * Access patterns
 *
 * | question                              | answered by                                                      | cost                   |
 * |---------------------------------------|------------------------------------------------------------------|------------------------|
 * | decide about a wallet                 | BatchGetItem of head, the cause's entry, further records; strong | 1 round trip           |
 * | has this cause been done?             | the entry's own key                                              | in the same round trip |
 * | balance                               | GetItem head, strong                                             | 1 item                 |
 * | all wallets of a user                 | Query pk, sk begins with WALLET#, strong                         | a few items            |
 * | use a feature                         | the same, with subscription and quota counter                    | 1 round trip           |
 * | what is left of a user's quotas       | Query pk, sk begins with QUOTA#, strong                          | an item per used feature |
 * | page N of a history                   | gsi1, seq between two numbers (total = the head's seq)           | one page               |
 * | page N of one type                    | gsi3, ordinal between two numbers (total = the head's count)     | one page               |
 * | page N of usage                       | gsi1, a seq found by binary search over `totals.usages`          | one page + log n items |
 * | the entry at a time                   | gsi1 or gsi3, binary search over `created_at`                    | log n items            |
 * | a wallet at a time                    | that entry, the last checkpoint before it, the entries between   | log n items + one page |
 * | everything of a day                   | gsi2, 8 shards                                                   | the day                |
 * | what falls due                        | gsi4, 8 shards, up to now                                        | what is due            |
 * | prove a user's wallets                | Query pk, sk begins with ENTRY#, strong                          | the whole history      |
 *
 * Purchases and what else the domains add stand in `records.ts` with their keys beside them.
 */

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** Spreads what would be one hot index partition; readers ask all of them. */
export const SHARDS = 8;

/** Sorts numbers as text: 12 digits hold more entries than a wallet can ever have. */
const SEQ_DIGITS = 12;

export const accountKey = (userId: string): Key => ({ pk: userPartition(userId), sk: 'ACCOUNT' });

export const headKey = (wallet: WalletRef): Key => ({
  pk: userPartition(wallet.userId),
  sk: `${HEAD_PREFIX}${keyPart(wallet.creditType)}`,
});

export const entryKey = (ref: { readonly userId: string; readonly entryId: string }): Key => ({
  pk: userPartition(ref.userId),
  sk: `${ENTRY_PREFIX}${keyPart(ref.entryId)}`,
});

/** The wallet as it was after its entry number `seq`. */
export const checkpointKey = (wallet: WalletRef, seq: number): Key => ({
  pk: userPartition(wallet.userId),
  sk: `${checkpointPrefix(wallet)}${sequenceKey(seq)}`,
});

export const checkpointPrefix = (wallet: WalletRef): string =>
  `CHECKPOINT#${keyPart(wallet.creditType)}#`;

export const settingKey = (name: string): Key => ({ pk: 'SETTINGS', sk: keyPart(name) });

export const refundedKey = (ref: { readonly userId: string; readonly entryId: string }): Key => ({
  pk: userPartition(ref.userId),
  sk: `REFUNDED#${keyPart(ref.entryId)}`,
});

/** A caller's bucket: a user and a service of one id are two callers. */
export const rateKey = (of: {
  readonly kind: string;
  readonly id: string;
  readonly bucket: string;
}): Key => ({
  pk: `RATE#${keyPart(of.kind)}#${keyPart(of.id)}`,
  sk: keyPart(of.bucket),
});

export const userPartition = (userId: string): string => `USER#${keyPart(userId)}`;

/** Prefixes of a query end in `#`, so that no id is the beginning of another. */
export const HEAD_PREFIX = 'WALLET#';
export const ENTRY_PREFIX = 'ENTRY#';
export const APPLICATION_PREFIX = 'APPLICATION#';

/** gsi1: a wallet's entries by number. */
export const historyPartition = (wallet: WalletRef): string =>
  `USER#${keyPart(wallet.userId)}#${keyPart(wallet.creditType)}`;

/** gsi3: a wallet's entries of one type by their number within the type. */
export const typePartition = (wallet: WalletRef, type: string): string =>
  `${historyPartition(wallet)}#${keyPart(type)}`;

/** gsi2: all entries of a UTC day. */
export const dayPartition = (createdAt: string, id: string): string =>
  `DAY#${createdAt.slice(0, 10)}#${shardOf(id)}`;

/** All partitions of a UTC day's entries. */
export const dayShards = (day: string): readonly string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `DAY#${day}#${shard}`);

/** gsi4: everything that time alone will change. */
export const duePartition = (id: string): string => `DUE#${shardOf(id)}`;

/** All partitions of what falls due. */
export const dueShards = (): readonly string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `DUE#${shard}`);

export const sequenceKey = (seq: number): string => String(seq).padStart(SEQ_DIGITS, '0');

/** A part of a key that came from outside: `#` would let one id reach into another's items. */
export function keyPart(value: string): string {
  invariant(/^[A-Za-z0-9_-]{1,64}$/.test(value), 'key parts are ids');
  return value;
}

/** A payment provider's id in a key: theirs may be longer than ours. */
export function providerPart(value: string): string {
  invariant(/^[A-Za-z0-9_-]{1,255}$/.test(value), 'provider ids are ids');
  return value;
}

/** An even spread that needs no memory: the same id is always in the same shard. */
export function shardOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % SHARDS;
}
