import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replay } from '#lib/ledger/replay';
import { availableOf, emptyHead, heldOf, type Totals } from '#lib/ledger/wallet';
import { openBench } from '#tests/ledger/bench';
import { play } from '#tests/ledger/play';
import { holdHistories, type Step } from '#tests/ledger/steps';
import { views } from '#tests/ledger/views';

// `HISTORIES=10000` runs the whole programme; a failing run prints its seed, and `SEED=...` runs it again.
const RUNS = Number(process.env['HISTORIES'] ?? 60);
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const OTHERS = ['bob', 'carol', 'dora', 'eve'].map((userId) => ({
  userId,
  creditType: 'general',
}));

test('holds, spends and transfers of five wallets go as the model says, and no credit is lost or made', () => {
  const bounds = { numRuns: RUNS, interruptAfterTimeLimit: 3_600_000, ...seed };
  fc.assert(fc.property(holdHistories, tell), bounds);
}, 3_600_000);

function tell(steps: readonly Step[]): void {
  const bench = openBench(OTHERS);
  for (const step of steps) {
    const said = play(bench, step);
    expectEqual(said.ledger, said.model);
    for (const lane of bench.lanes) {
      const { ledger, model } = views(lane);
      expectEqual(ledger, model);
      const { head } = lane.wallet;
      if (heldOf(head) > head.balance || availableOf(head) < 0) expect.fail('held above balance');
    }
    expectConserved(bench.lanes.map(({ wallet }) => wallet.head));
  }
  for (const { ref, wallet } of bench.lanes) {
    expectEqual(replay(emptyHead(ref), wallet.entries), wallet.head);
  }
}

/** What came from outside is in the wallets or has left by a spend or an expiry: transfers and holds move nothing. */
function expectConserved(heads: readonly { readonly balance: number; readonly totals: Totals }[]) {
  const all = (name: keyof Totals) => heads.reduce((sum, { totals }) => sum + totals[name], 0);
  expectEqual(all('transferredIn'), all('transferredOut'));
  expectEqual(
    heads.reduce((sum, { balance }) => sum + balance, 0),
    all('purchased') + all('granted') - all('used') - all('expired'),
  );
}

/** `toEqual` explains a difference well and finds it slowly: it is asked only when there is one. */
function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
