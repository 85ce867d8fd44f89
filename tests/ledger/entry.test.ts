import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  canonicalEntry,
  canonicalJson,
  type Entry,
  entryId,
  hashEntry,
  requestCause,
} from '#lib/ledger/entry';
import { ALICE, BOB, entryOf, openWallet, PROMOTIONAL } from '#tests/ledger/wallets';
import { richEntry } from '#tests/ledger/records';

const CALLING = { ...ALICE, creditType: 'calling' };

describe('the id of an entry', () => {
  it('follows from wallet and cause: the same cause makes the same id, for ever', () => {
    expect(entryId(ALICE, 'purchase:pur_1')).toBe('txn_c4a880de293839a8ae473196c8bcba53');
    expect(entryId(ALICE, 'purchase:pur_2')).not.toBe(entryId(ALICE, 'purchase:pur_1'));
    expect(entryId(BOB, 'purchase:pur_1')).not.toBe(entryId(ALICE, 'purchase:pur_1'));
    expect(entryId(CALLING, 'purchase:pur_1')).not.toBe(entryId(ALICE, 'purchase:pur_1'));
  });

  it('of a request is one for all credit types, so that a reused key meets its first entry', () => {
    const cause = requestCause({ caller: 'service:app', route: 'POST /add', key: 'key-1' });
    expect(entryId(CALLING, cause)).toBe(entryId(ALICE, cause));
    expect(entryId(BOB, cause)).not.toBe(entryId(ALICE, cause));
  });

  it('of a request differs by caller, by route and by key', () => {
    const request = { caller: 'service:app', route: 'POST /add', key: 'key-1' };
    const causes = [
      request,
      { ...request, caller: 'service:other' },
      { ...request, route: 'POST /deduct' },
      { ...request, key: 'key-2' },
    ].map(requestCause);
    expect(new Set(causes).size).toBe(4);
    expect(causes.every((cause) => /^request:[0-9a-f]{32}$/.test(cause))).toBe(true);
  });

  it('names the grant that the entry makes', () => {
    const entry = entryOf(openWallet().add({ amount: 1 }));
    expect(entry.draws[0]?.grantId).toBe(entry.id.replace('txn_', 'grn_'));
  });
});

describe('the hash of an entry', () => {
  it('is SHA-256 of JSON with sorted keys, which any language can rebuild', () => {
    const { hash, ...unhashed } = richEntry();
    const digest = createHash('sha256').update(canonicalEntry(unhashed)).digest('base64url');
    expect(hash).toBe(digest);
    const parsed: unknown = JSON.parse(canonicalEntry(unhashed));
    expect(canonicalEntry(unhashed)).toBe(canonicalJson(parsed));
  });

  it('stays what it is: entries that are written are chained by it for ever', () => {
    // Made once with another language's JSON and SHA-256 from the canonical form that DESIGN 3.3 describes.
    expect(richEntry().hash).toBe('Kvulcr7WDRjH6FZ54XAz8SLDK-mSFlwgs2ln_rwMY0A');
  });

  it('does not depend on the order in which fields were set', () => {
    const { hash, ...unhashed } = richEntry();
    const backwards = { ...unhashed, ...Object.fromEntries(Object.entries(unhashed).toReversed()) };
    const metadata = Object.fromEntries(Object.entries(unhashed.metadata).toReversed());
    expect(hashEntry({ ...backwards, metadata })).toBe(hash);
  });

  it('takes an absent value for no value, as JSON does', () => {
    expect(canonicalJson({ a: undefined, b: [1], c: null })).toBe('{"b":[1],"c":null}');
  });

  it('sorts keys by code unit, also those that look like numbers', () => {
    expect(canonicalJson({ b: 1, 9: 2, 10: 3, a: [{ z: null, y: 'ü' }], B: true })).toBe(
      '{"10":3,"9":2,"B":true,"a":[{"y":"ü","z":null}],"b":1}',
    );
  });
});

describe('the fields of an entry', () => {
  it('carry what the command said, and nothing where it said nothing', () => {
    const wallet = openWallet();
    const said = {
      cause: 'promo:WELCOME10',
      actor: 'user:alice',
      description: 'Welcome',
      reference: { type: 'promo', id: 'WELCOME10' },
      metadata: { campaign: 'spring', round: 2, first: true },
      fingerprint: 'abc',
    };
    expect(
      entryOf(wallet.add({ amount: 10, type: 'promo', ...PROMOTIONAL, ...said })),
    ).toMatchObject({ ...said, type: 'promo', creditType: 'general', userId: 'alice' });
    expect(entryOf(wallet.spend({ amount: 1 }))).toMatchObject({
      reference: null,
      metadata: {},
      fingerprint: null,
    });
  });

  it('number entries in the wallet and within their type', () => {
    const wallet = openWallet();
    wallet.add({ amount: 10 });
    wallet.spend({ amount: 1 });
    wallet.add({ amount: 10 });
    wallet.spend({ amount: 1 });
    const numbers = wallet.entries.map(({ seq, type, ordinal }: Entry) => [seq, type, ordinal]);
    expect(numbers).toEqual([
      [1, 'purchase', 1],
      [2, 'usage', 1],
      [3, 'purchase', 2],
      [4, 'usage', 2],
    ]);
    expect(wallet.head.counts).toEqual({ purchase: 2, usage: 2 });
  });

  it('hold running totals, so that the usage of a period is a subtraction', () => {
    const wallet = openWallet();
    wallet.add({ amount: 100 });
    for (const amount of [5, 6, 7]) wallet.spend({ amount });
    const used = wallet.entries.map((entry) => entry.totals.used);
    expect(used).toEqual([0, 5, 11, 18]);
    expect(wallet.head.totals).toMatchObject({ purchased: 100, used: 18, usages: 3 });
  });
});
