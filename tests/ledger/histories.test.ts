import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEntry } from '#lib/ledger/apply-entry';
import { replay } from '#lib/ledger/replay';
import { verify } from '#lib/ledger/verify';
import { emptyHead, type Head } from '#lib/ledger/wallet';
import { type Lane, openBench } from '#tests/ledger/bench';
import { play } from '#tests/ledger/play';
import { expectPromises } from '#tests/ledger/promises';
import { crowdedHistories, histories, type Step } from '#tests/ledger/steps';
import { views, viewsNow } from '#tests/ledger/views';

/** A failing run prints its seed; `SEED=... npx vitest run tests/ledger` runs it again. */
const run = {
  // Shrinking a long history may take minutes; by then it is short enough to read.
  interruptAfterTimeLimit: 40_000,
  ...(process.env.SEED !== undefined && { seed: Number(process.env.SEED) }),
};

describe('any history of two wallets', () => {
  it('is told alike by the ledger, by its model and by its entries, at every step', () => {
    fc.assert(fc.property(histories, tell), { numRuns: 150, ...run });
  });

  it('is told alike when wallets are so full that grants merge', () => {
    fc.assert(fc.property(crowdedHistories, tell), { numRuns: 40, ...run });
  });
});

function tell(steps: readonly Step[]): void {
  const bench = openBench();
  const heads = bench.lanes.map((): Head[] => []);
  for (const step of steps) {
    const said = play(bench, step);
    expectEqual(said.ledger, said.model);
    bench.lanes.forEach((lane, index) => {
      const stored = views(lane);
      expectEqual(stored.ledger, stored.model);
      const now = viewsNow(bench, lane);
      expectEqual(now.ledger, now.model);
      heads[index]?.push(lane.wallet.head);
    });
  }
  bench.lanes.forEach((lane, index) => expectProof(lane, heads[index] ?? []));
  const [alice, bob] = bench.lanes.map(({ wallet }) => wallet.head.totals);
  expect(alice?.transferredOut).toBe(bob?.transferredIn);
  expect(bob?.transferredOut).toBe(alice?.transferredIn);
}

/** The entries alone prove the wallet, now and as it was after every step. */
function expectProof({ ref, wallet }: Lane, heads: readonly Head[]): void {
  const { head, entries } = wallet;
  expectPromises(head, entries);
  expect(verify(head, entries)).toEqual([]);
  expectEqual(replay(emptyHead(ref), entries), head);
  const rebuilt = new Map([[0, emptyHead(ref)]]);
  for (const entry of entries) {
    const before = rebuilt.get(entry.seq - 1) ?? emptyHead(ref);
    rebuilt.set(entry.seq, applyEntry(before, entry));
  }
  for (const then of heads) expectEqual(rebuilt.get(then.seq), then);
}

/** `toEqual` explains a difference well and finds it slowly: it is asked only when there is one. */
function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
