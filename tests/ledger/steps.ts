import fc from 'fast-check';
import { CATEGORIES } from '#lib/ledger/wallet';

/*
 * What may happen to some wallets, as data, so that fast-check can shrink a failing history. Times are whole hours and
 * terms come from short lists: expiries, holds and clocks then often meet at the very same instant.
 */

/** One of the wallets: two, or five. */
const laneOf = (wallets: number) => fc.nat({ max: wallets - 1 });
const lane = laneOf(2);
/** Picks one of what is there when the step runs: spends, holds or payments. */
const pick = fc.nat({ max: 50 });
const amount = fc.integer({ min: 1, max: 300 });
/** Undefined takes all there is: only emptied wallets go into debt. */
const amountOrAll = fc.option(amount, { nil: undefined, freq: 3 });
const inflow = fc.integer({ min: 1, max: 1_000 });
const hoursAhead = fc.constantFrom(-1, 0, 1, 2, 2, 24, 24, 48, 24 * 30);
const terms = fc.record({
  category: fc.constantFrom(...CATEGORIES),
  priority: fc.constantFrom(10, 10, 50),
  /** Hours from the wallet's time; null never expires. */
  expiresIn: fc.oneof(fc.constant(null), hoursAhead),
});
const policy = fc.constantFrom('debt', 'debt', 'floor');
const type = fc.constantFrom('purchase', 'purchase', 'bonus', 'promo', 'subscription');
/** Mostly a release, so that wallets are frozen now and then and not for good. */
/** Credits of a cap, which spends of up to 300 and holds then run into; undefined for none. */
const cap = fc.option(fc.integer({ min: 0, max: 900 }), { nil: undefined, freq: 2 });
const isFreeze = fc.constantFrom(true, false, false);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('add'), lane, amount: inflow, terms, type }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('spend'), lane, amount: amountOrAll }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('refund'),
      lane,
      pick,
      amount: fc.option(amount, { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('reverse'), lane, pick, amount: inflow, policy }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('reinstate'), lane, pick, amount }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adjust'),
      lane,
      amount: fc.oneof(
        amount,
        amount.map((credits) => -credits),
      ),
      terms,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('transfer'), lane, pick, amount }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('place'),
      lane,
      amount: amountOrAll,
      endsIn: hoursAhead,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('capture'),
      lane,
      pick,
      amount: fc.option(amount, { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('release'), lane, pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('freeze'), lane, on: isFreeze }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('caps'), lane, hour: cap, day: cap }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('clock'),
      hours: fc.constantFrom(-48, -1, 1, 1, 2, 24, 24, 24 * 8),
    }),
  },
);

/** Of five wallets: holds in every order, and what moves credits while they are open. */
const five = laneOf(5);
const holdStep = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('add'), lane: five, amount: inflow, terms, type }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('spend'), lane: five, amount: amountOrAll }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('transfer'), lane: five, pick, amount }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('place'),
      lane: five,
      amount: amountOrAll,
      endsIn: hoursAhead,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('capture'),
      lane: five,
      pick,
      amount: fc.option(amount, { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release'), lane: five, pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('freeze'), lane: five, on: isFreeze }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('caps'), lane: five, hour: cap, day: cap }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clock'),
      hours: fc.constantFrom(-1, 1, 2, 24, 24 * 8),
    }),
  },
);

type StepOf<A> = A extends fc.Arbitrary<infer S> ? S : never;
export type Step = StepOf<typeof step>;
export type StepTerms = StepOf<typeof terms>;

/** A history of everything, from empty wallets. */
export const histories = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

export const holdHistories = fc.array(holdStep, { minLength: 25, maxLength: 60, size: 'max' });

/** Few kinds of terms and many grants: wallets that run into their bound and merge. */
export const crowdedHistories = fc
  .tuple(
    fc.array(
      fc.record({
        kind: fc.constant('add'),
        lane: fc.constant(0),
        amount: fc.integer({ min: 1, max: 9 }),
        terms: fc.record({
          category: fc.constantFrom('paid', 'promotional'),
          priority: fc.constantFrom(10, 50),
          expiresIn: fc.constantFrom(null, 24, 48, 72),
        }),
        type,
      }),
      { minLength: 38, maxLength: 44, size: 'max' },
    ),
    fc.array(step, { minLength: 15, maxLength: 30, size: 'max' }),
  )
  .map(([crowd, rest]): readonly Step[] => [...crowd, ...rest]);
