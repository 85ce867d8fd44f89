import { describe, expect, it } from 'vitest';
import { type Entry, entryId, hashEntry } from '#lib/ledger/entry';
import { replay } from '#lib/ledger/replay';
import { type VerificationCode, verify } from '#lib/ledger/verify';
import { emptyHead, type Head } from '#lib/ledger/wallet';
import { type Records, richEntry, richRecords } from '#tests/ledger/records';
import { ALICE, openWallet } from '#tests/ledger/wallets';

/** Records with one entry changed; `hashed` for a forger who makes the hash fit. */
function withEntry(
  { head, entries }: Records,
  seq: number,
  change: (entry: Entry) => Partial<Entry>,
  hashed = false,
): Records {
  return {
    head,
    entries: entries.map((entry) => {
      if (entry.seq !== seq) return entry;
      const changed = { ...entry, ...change(entry) };
      return hashed ? { ...changed, hash: hashEntry(changed) } : changed;
    }),
  };
}

function codesAt({ head, entries }: Records, seq: number): readonly VerificationCode[] {
  return verify(head, entries)
    .filter((problem) => problem.seq === seq)
    .map((problem) => problem.code);
}

describe('verify', () => {
  it('proves a wallet in which everything has happened, in any order of its entries', () => {
    const { head, entries } = richRecords();
    expect(new Set(entries.map((entry) => entry.type)).size).toBeGreaterThan(8);
    expect(verify(head, entries)).toEqual([]);
    expect(verify(head, entries.toReversed())).toEqual([]);
    expect(replay(emptyHead(ALICE), entries)).toEqual(head);
  });

  it('proves the wallet before its first entry', () => {
    expect(verify(openWallet().head, [])).toEqual([]);
  });

  it.each([
    [
      'an entry is missing',
      (records) => ({ ...records, entries: records.entries.filter(({ seq }) => seq !== 4) }),
      5,
      ['SEQUENCE_BROKEN', 'CHAIN_BROKEN', 'BALANCE_BROKEN'],
    ],
    [
      'the newest entry is missing',
      (records) => ({ ...records, entries: records.entries.slice(0, -1) }),
      0,
      ['HEAD_MISMATCH'],
    ],
    ['all entries are missing', (records) => ({ ...records, entries: [] }), 0, ['HEAD_MISMATCH']],
    [
      'an entry is there twice',
      ({ head, entries }) => ({ head, entries: [...entries, ...entries.slice(3, 4)] }),
      4,
      ['SEQUENCE_BROKEN', 'CHAIN_BROKEN'],
    ],
    [
      'two entries changed places',
      ({ head, entries }) => ({
        head,
        entries: entries.map((entry) =>
          [4, 5].includes(entry.seq) ? { ...entry, seq: 9 - entry.seq } : entry,
        ),
      }),
      4,
      ['CHAIN_BROKEN', 'HASH_MISMATCH', 'BALANCE_BROKEN'],
    ],
    [
      'an amount changed',
      (records) => withEntry(records, 4, ({ amount }) => ({ amount: amount + 1 })),
      4,
      ['HASH_MISMATCH', 'BALANCE_BROKEN', 'DRAWS_MISMATCH', 'TOTALS_MISMATCH'],
    ],
    [
      'an amount changed, with a hash that fits',
      (records) => withEntry(records, 4, ({ amount }) => ({ amount: amount + 1 }), true),
      4,
      ['BALANCE_BROKEN', 'DRAWS_MISMATCH', 'TOTALS_MISMATCH'],
    ],
    [
      'a draw changed, with a hash that fits',
      (records) =>
        withEntry(
          records,
          4,
          ({ draws }) => ({ draws: draws.map((draw) => ({ ...draw, amount: draw.amount - 1 })) }),
          true,
        ),
      4,
      ['DRAWS_MISMATCH'],
    ],
    [
      'metadata changed',
      (records) =>
        withEntry(records, 1, ({ metadata }) => ({ metadata: { ...metadata, round: 3 } })),
      1,
      ['HASH_MISMATCH'],
    ],
    [
      'metadata changed, with a hash that fits',
      (records) => withEntry(records, 1, () => ({ metadata: {} }), true),
      2,
      ['CHAIN_BROKEN'],
    ],
    [
      'a hash changed',
      (records) => withEntry(records, 4, () => ({ hash: 'other' })),
      4,
      ['HASH_MISMATCH'],
    ],
    [
      'the totals changed, with a hash that fits',
      (records) =>
        withEntry(
          records,
          4,
          ({ totals }) => ({ totals: { ...totals, used: totals.used + 1 } }),
          true,
        ),
      4,
      ['TOTALS_MISMATCH'],
    ],
    [
      'a debt changed, with a hash that fits',
      (records) => withEntry(records, 4, () => ({ debt: 5 }), true),
      4,
      ['TOTALS_MISMATCH'],
    ],
    [
      'a cause changed, with a hash that fits',
      (records) => withEntry(records, 4, () => ({ cause: 'request:other' }), true),
      4,
      ['ID_MISMATCH'],
    ],
    [
      'an entry was made before the one before it, with a hash that fits',
      (records) => withEntry(records, 9, () => ({ createdAt: '2025-12-31T00:00:00.000Z' }), true),
      9,
      ['TIME_BACKWARDS'],
    ],
    [
      'the head has another balance',
      (records) => withHead(records, ({ balance }) => ({ balance: balance + 1 })),
      0,
      ['HEAD_MISMATCH'],
    ],
    [
      'the head owes more',
      (records) => withHead(records, () => ({ debt: 1 })),
      0,
      ['HEAD_MISMATCH'],
    ],
    [
      'the head has another grant',
      (records) =>
        withHead(records, ({ grants }) => ({
          grants: grants.map((grant) => ({ ...grant, priority: grant.priority + 1 })),
        })),
      0,
      ['HEAD_MISMATCH'],
    ],
    [
      'the head lost a hold',
      (records) => withHead(records, () => ({ holds: [] })),
      0,
      ['HEAD_MISMATCH'],
    ],
    [
      'the head names another hash',
      (records) => withHead(records, () => ({ headHash: 'other' })),
      0,
      ['HEAD_MISMATCH'],
    ],
    [
      'the head is at another number',
      (records) => withHead(records, ({ seq }) => ({ seq: seq - 1 })),
      0,
      ['HEAD_MISMATCH'],
    ],
    [
      'the last entry numbers itself wrongly within its type, with a hash that fits',
      (records) => withLast(records, ({ ordinal }) => ({ ordinal: ordinal + 1 })),
      0,
      ['REPLAY_FAILED'],
    ],
    [
      'the last entry draws on a grant that is not there, with a hash that fits',
      (records) =>
        withLast(records, ({ draws }) => ({
          draws: draws.map((draw) => ({ ...draw, grantId: 'grn_none' })),
        })),
      0,
      ['REPLAY_FAILED'],
    ],
    [
      'the last entry changes the terms of a grant, with a hash that fits',
      (records) =>
        withLast(records, ({ draws }) => ({
          draws: draws.map((draw) => ({ ...draw, priority: draw.priority + 1 })),
        })),
      0,
      ['REPLAY_FAILED'],
    ],
    [
      'an entry is of another wallet, with a hash that fits',
      (records) =>
        withLast(records, ({ cause }) => ({
          userId: 'mallory',
          id: entryId({ ...ALICE, userId: 'mallory' }, cause),
        })),
      0,
      ['REPLAY_FAILED'],
    ],
  ] satisfies readonly Damage[])(
    'when %s names the place and the promise',
    (_damage, damaged, seq, codes) => {
      expect(codesAt(damaged(richRecords()), seq)).toEqual(expect.arrayContaining([...codes]));
    },
  );

  it('names the one entry in which any field changed, whichever field it is', () => {
    const entry = richEntry();
    const places = leaves(entry).filter((path) => path !== 'hash');
    expect(places.length).toBeGreaterThan(40);
    const unnoticed = places.filter((path) => {
      const { hash, ...unhashed } = changedAt(entry, path);
      return hashEntry(unhashed) === hash;
    });
    expect(unnoticed).toEqual([]);
  });

  it('names some problems of a long ruin, not thousands', () => {
    const wallet = openWallet();
    wallet.add({ amount: 1_000 });
    for (let count = 0; count < 150; count++) wallet.spend({ amount: 1 });
    const ruin = wallet.entries.map((entry) => ({ ...entry, amount: 0 }));
    expect(verify(wallet.head, ruin)).toHaveLength(100);
  });
});

type Damage = readonly [string, (records: Records) => Records, number, readonly VerificationCode[]];

function withHead({ head, entries }: Records, change: (head: Head) => Partial<Head>): Records {
  return { entries, head: { ...head, ...change(head) } };
}

/** A forger who changes the newest entry, its hash, and the hash in the head. */
function withLast(records: Records, change: (entry: Entry) => Partial<Entry>): Records {
  const damaged = withEntry(records, records.head.seq, change, true);
  const headHash = damaged.entries.at(-1)?.hash ?? '';
  return withHead(damaged, () => ({ headHash }));
}

/** The paths of all values at any depth, such as `draws.0.amount`. */
function leaves(value: object, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) =>
    typeof part === 'object' && part !== null
      ? leaves(part, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );
}

function changedAt(entry: Entry, path: string): Entry {
  const copy = structuredClone(entry);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<unknown>(
    (value, key): unknown =>
      typeof value === 'object' && value !== null ? Reflect.get(value, key) : null,
    copy,
  );
  if (typeof parent !== 'object' || parent === null) throw new Error(`no ${path}`);
  const before: unknown = Reflect.get(parent, last);
  Reflect.set(parent, last, typeof before === 'number' ? before + 1 : `${String(before)}-changed`);
  return copy;
}
