import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { renderEntries } from '#lib/http/export-resource';
import type { Entry } from '#lib/ledger/entry';
import { hashEntry } from '#lib/ledger/entry';
import { openBench } from '#tests/ledger/bench';
import { play } from '#tests/ledger/play';
import { histories, type Step } from '#tests/ledger/steps';
import { prove, readExported } from '#lib/exports/prove-export';

const run = {
  numRuns: 60,
  interruptAfterTimeLimit: 40_000,
  ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }),
};

function entriesOf(steps: readonly Step[]): readonly Entry[] {
  const bench = openBench();
  for (const step of steps) play(bench, step);
  return bench.lanes.flatMap(({ wallet }) => wallet.entries);
}

function read(entries: readonly Entry[]) {
  const lines = renderEntries.jsonl(entries, { header: true }).split('\n').slice(0, -1);
  return lines.map(readExported);
}

/** What somebody could do to one entry without minding the hashes. */
const tampering = {
  'an amount': (entry: Entry) => ({ ...entry, amount: entry.amount + 1 }),
  'a balance': (entry: Entry) => ({ ...entry, balanceAfter: entry.balanceAfter + 1 }),
  'a number': (entry: Entry) => ({ ...entry, seq: entry.seq + 1 }),
  'a user': (entry: Entry) => ({ ...entry, userId: 'mallory' }),
  'a description': (entry: Entry) => ({ ...entry, description: `${entry.description}.` }),
  'a time': (entry: Entry) => ({ ...entry, createdAt: '2020-01-01T00:00:00.000Z' }),
  'a draw': (entry: Entry) => ({
    ...entry,
    draws: [...entry.draws, ...entry.draws].slice(entry.draws.length ? 1 : 0),
    forgiven: entry.forgiven + 1,
  }),
  'a total': (entry: Entry) => ({
    ...entry,
    totals: { ...entry.totals, used: entry.totals.used + 1 },
  }),
  'a hash': (entry: Entry) => ({ ...entry, hash: entry.prevHash }),
};

describe('an export of any history', () => {
  it('follows from its first entry to its last, in whatever order its lines are', () => {
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat()), (steps, order) => {
        const entries = entriesOf(steps);
        const shuffled = entries
          .map((entry) => ({ entry, place: Number(order.next().value) }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ entry }) => entry);
        const lasts = new Map(entries.map((entry) => [entry.userId, entry.balanceAfter]));
        expect(prove(read(shuffled), read(entries))).toEqual({
          wallets: lasts.size,
          entries: entries.length,
          credits: lasts.values().reduce((sum, balance) => sum + balance, 0),
          problems: [],
        });
      }),
      run,
    );
  });

  it.each(Object.entries(tampering))('shows %s that was changed', (_, tamper) => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, place) => {
        const entries = entriesOf(steps);
        fc.pre(entries.length > 0);
        const at = place % entries.length;
        expect(prove(read(entries.map((e, n) => (n === at ? tamper(e) : e)))).problems).not.toEqual(
          [],
        );
      }),
      { ...run, numRuns: 20 },
    );
  });

  it('shows an entry that was left out of the middle, and one that is there twice', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, place) => {
        const entries = entriesOf(steps);
        const inside = entries.filter(
          ({ seq, userId }) =>
            seq > 1 && entries.some((other) => other.userId === userId && other.seq === seq + 1),
        );
        const chosen = inside[place % inside.length];
        fc.pre(chosen !== undefined);
        const without = entries.filter((entry) => entry !== chosen);
        expect(prove(read(without)).problems).toContainEqual(expect.stringMatching(/is missing$/));
        expect(prove(read([...entries, chosen])).problems).toContainEqual(
          expect.stringMatching(/is there twice$/),
        );
      }),
      { ...run, numRuns: 20 },
    );
  });

  it('shows, beside an earlier one, what was hashed anew and what is gone from the end', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, place) => {
        const entries = entriesOf(steps);
        const last = entries.at(-1);
        fc.pre(last !== undefined);
        const rewritten = rewrittenFrom(entries, place % entries.length);
        expect(prove(read(rewritten)).problems).toEqual([]);
        expect(prove(read(rewritten), read(entries)).problems).toContainEqual(
          expect.stringMatching(/was another since the earlier file$/),
        );
        const shorter = entries.filter((entry) => entry !== last);
        expect(prove(read(shorter)).problems).toEqual([]);
        expect(prove(read(shorter), read(entries)).problems).toEqual([
          `${last.userId}/${last.creditType} ${last.seq} is gone since the earlier file`,
        ]);
      }),
      { ...run, numRuns: 20 },
    );
  });
});

/** What somebody does who can write the table and knows the rules: another word, and all hashes from there on. */
function rewrittenFrom(entries: readonly Entry[], at: number): readonly Entry[] {
  const hashes = new Map<string, string>();
  return entries.map((entry, index) => {
    const prevHash = hashes.get(entry.userId) ?? '';
    const description = index === at ? `${entry.description}.` : entry.description;
    const unhashed = { ...entry, description, prevHash };
    const hash = hashEntry(unhashed);
    hashes.set(entry.userId, hash);
    return { ...unhashed, hash };
  });
}

describe('as a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prove-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const [steps = []] = fc.sample(histories, { numRuns: 1, seed: 1 });
  const entries = entriesOf(steps);
  const text = renderEntries.jsonl(entries, { header: true });

  function proved(content: string, ...more: readonly string[]) {
    const file = join(folder, 'entries.jsonl');
    writeFileSync(file, content);
    const args = ['lib/exports/prove-export.ts', file, ...more];
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return { code: status, said: stdout + stderr };
  }

  it('says what it has proved, and ends with 1 when something does not follow', () => {
    const credits = prove(read(entries)).credits;
    const counts = `wallets 2  entries ${entries.length}  credits ${credits}`;
    expect(proved(text)).toEqual({ code: 0, said: `${counts}  problems 0\n` });
    const changed = proved(text.replace(/"description":"/, '"description":"not '));
    expect(changed.code).toBe(1);
    expect(changed.said).toMatch(/ problems 1\n\S+\/general 1 does not say what its hash says\n$/);
  });

  it('names the line of a file that is no export', () => {
    const { code, said } = proved(`${text}{"id":"txn_1"}\n`);
    expect(code).toBe(2);
    expect(said).toMatch(/ is no entry of an export: user_id should be a text\n$/);
    expect(said).toContain(`line ${entries.length + 1} `);
  });
});
