import type { Operation } from '#tests/bench/events';
import { quantile } from '#tests/bench/contention';
import type { Bed, Figures, Variant } from '#tests/bench/variants';

/** The middle, and where half of the values around it lie. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  readonly operation: Operation;
  /** CPU of one warm call in microseconds. */
  readonly eachUs: Spread;
  /** That in multiples of the others', round by round. */
  readonly times: Readonly<Partial<Record<Variant, Spread>>>;
}

const OTHERS: Readonly<Record<Operation, readonly Variant[]>> = {
  spend: ['bare-sdk', 'hand-signed', 'idempotency-wrapper'],
  balance: ['bare-sdk', 'hand-signed'],
  history: ['bare-sdk', 'hand-signed'],
  fulfill: ['bare-sdk', 'hand-signed'],
};

/** CPU of warm calls: the service and what it is compared with in turn, so that whatever else runs disturbs all alike. */
export async function compareWarm(
  bed: Bed,
  operation: Operation,
  size: { readonly rounds: number; readonly warmUp: number; readonly calls: number },
): Promise<Comparison> {
  const variants = ['service', ...OTHERS[operation]] as const;
  const rounds: ReadonlyMap<Variant, number>[] = [];
  for (let round = 0; round < size.rounds; round += 1) {
    const each = new Map<Variant, number>();
    for (const variant of inTurn(variants, round)) {
      each.set(variant, (await bed.run({ variant, operation, ...size })).each);
    }
    rounds.push(each);
  }
  const own = (round: ReadonlyMap<Variant, number>) => round.get('service') ?? NaN;
  return {
    operation,
    eachUs: spreadOf(rounds.map(own)),
    times: Object.fromEntries(
      OTHERS[operation].map((other) => [
        other,
        spreadOf(rounds.map((round) => own(round) / (round.get(other) ?? NaN))),
      ]),
    ),
  };
}

export interface ColdStart {
  readonly variant: Variant;
  readonly loadMs: Spread;
  readonly firstMs: Spread;
  /** Import and first spend together, in multiples of the hand-signed handler's, pair by pair. */
  readonly times: Spread;
  readonly builtins: number;
  readonly bytes: number;
}

/** Import and first spend in new processes, in pairs. */
export async function compareCold(bed: Bed, rounds: number): Promise<readonly ColdStart[]> {
  const variants = ['service', 'bare-sdk', 'hand-signed'] as const;
  const all = new Map<Variant, Figures[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of inTurn(variants, round)) {
      const run = { variant, operation: 'spend', warmUp: 0, calls: 0 } as const;
      all.get(variant)?.push(await bed.run(run));
    }
  }
  const floor = all.get('hand-signed') ?? [];
  const total = (figures: Figures | undefined) => (figures ? figures.load + figures.first : NaN);
  return variants.map((variant) => {
    const figures = all.get(variant) ?? [];
    return {
      variant,
      loadMs: spreadOf(figures.map(({ load }) => load / 1_000)),
      firstMs: spreadOf(figures.map(({ first }) => first / 1_000)),
      times: spreadOf(figures.map((each, round) => total(each) / total(floor[round]))),
      builtins: figures[0]?.builtins ?? 0,
      bytes: bed.bytes(variant, 'spend'),
    };
  });
}

/** Each round begins with another one: the first after a pause is slower. */
function inTurn<T>(variants: readonly T[], round: number): readonly T[] {
  const first = round % variants.length;
  return [...variants.slice(first), ...variants.slice(0, first)];
}

function spreadOf(values: readonly number[]): Spread {
  return {
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
  };
}
