import { describe, expect, test } from 'vitest';
import { DESIGNS, highestRate, simulateWallet } from '#tests/bench/simulate-wallet';

const SEED = 7;

describe('one hot wallet at the published limits of DynamoDB', () => {
  test('the same seed gives the same minute', () => {
    const minute = () => simulateWallet(DESIGNS.single, { rate: 40, seed: SEED });
    expect(minute()).toEqual(minute());
  });

  test('a spend that nobody else disturbs takes one try and two round trips', () => {
    const quiet = simulateWallet(DESIGNS.single, { rate: 1, seed: SEED });
    expect(quiet.tries).toBeLessThan(1.1);
    expect(quiet.lost).toBe(0);
  });

  test('numbering each spend costs a third of the rate, and batches give back many times as much', () => {
    const [single, conditional, batch] = [DESIGNS.single, DESIGNS.conditional, DESIGNS.batch].map(
      (design) => highestRate(design, SEED).rate,
    );
    expect(single).toBeGreaterThanOrEqual(40);
    expect(conditional).toBeGreaterThan(1.3 * (single ?? 0));
    expect(batch).toBeGreaterThan(10 * (single ?? 0));
  });
});
