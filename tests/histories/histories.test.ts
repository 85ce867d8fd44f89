import { beforeAll, describe, expect, test } from 'vitest';
import { checkHistory } from '#tests/histories/judge/check-history';
import type { History } from '#tests/histories/judge/history';
import { plantedBugs } from '#tests/histories/plant-bugs';
import { type Played, playHistory } from '#tests/histories/play-history';
import { randomFrom } from '#tests/support/random';

/*
 * Linearizability of wallets (Jepsen's question): many clients ask for everything that the API does, at the edge of an
 * empty wallet, while answers are lost, functions end, transactions meet and clocks jump. `npm run test:histories` plays
 * many seeds; a failing one is printed, and `SEED=...` plays it again, turn by turn.
 */

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const OPERATIONS = Number(process.env['OPERATIONS'] ?? 250);
const PLACES = 5;

let played: Played;
beforeAll(async () => {
  played = await playHistory(SEED, OPERATIONS);
  const { history, faults } = played;
  const counts = [...faults].map(([fault, times]) => `${fault} ${times}`).join(', ');
  console.info(
    `SEED=${SEED}: ${history.operations.length} operations, ${history.attempts.length} attempts, ` +
      `${history.entries.length} entries; ${counts}`,
  );
});

test('a history of many clients with faults is linearizable, and every wallet is proven', () => {
  const { history, unproven } = played;
  expect(history.operations.length).toBeGreaterThanOrEqual(OPERATIONS);
  expect([...checkHistory(history), ...unproven], `SEED=${SEED}`).toEqual([]);
});

test('a seed gives one history: whatever the machine does meanwhile, it is the same again', async () => {
  const [first, second] = [await playHistory(SEED, 40), await playHistory(SEED, 40)];
  expect(second.history).toEqual(first.history);
});

describe('the judge calls', () => {
  // A history of its own, so that there is a place for every bug in it.
  let history: History;
  beforeAll(async () => {
    ({ history } = await playHistory(1, 350));
    expect(checkHistory(history)).toEqual([]);
  });

  test.each(Object.entries(plantedBugs))('%s', (_, { code, plant }) => {
    for (let place = 0; place < PLACES; place += 1) {
      const random = randomFrom(place);
      const planted = plant(history, (places) => {
        const chosen = places[Math.floor(random() * places.length)];
        if (chosen === undefined) throw new Error('the history has no place for it');
        return chosen;
      });
      expect(checkHistory(planted).map((problem) => problem.code)).toContain(code);
    }
  });
});
