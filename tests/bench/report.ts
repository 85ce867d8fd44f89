import type { ColdStart, Comparison, Spread } from '#tests/bench/comparisons';
import type { Contention } from '#tests/bench/contention';
import { type Cost, dollarsPerMillion } from '#tests/bench/costs';
import type { Operation } from '#tests/bench/events';
import type { Grown, Units } from '#tests/bench/growth';
import { ROW_LOCK_ROUND_TRIPS, type RowLock } from '#tests/bench/row-lock';
import type { Simulated } from '#tests/bench/simulate-wallet';
import type { Variant } from '#tests/bench/variants';

/** All that a run has found out. */
export interface Results {
  readonly at: string;
  readonly machine: string;
  readonly rounds: { readonly warm: number; readonly cold: number; readonly calls: number };
  readonly costs: readonly Cost[];
  readonly warm: readonly Comparison[];
  readonly cold: readonly ColdStart[];
  readonly grown: readonly Grown[];
  readonly single: readonly Contention[];
  readonly batch: readonly Contention[];
  /** Null where the machine has no PostgreSQL. */
  readonly rowLock: readonly RowLock[] | null;
  readonly simulated: readonly { readonly name: string; readonly highest: Simulated }[];
}

const OPERATIONS: Readonly<Record<Operation, string>> = {
  spend: 'spend',
  balance: 'balance',
  history: 'page of 20 of a history',
  fulfill: 'purchase fulfilled',
};

/** The results as the README shows them. */
export function describe(results: Results): string {
  return [
    `Measured ${results.at.slice(0, 10)} on ${results.machine}, table and clients on the same machine. Ratios and counts carry over to AWS; seconds do not.`,
    '![One wallet under up to 64 writers](tests/bench/results.svg)',
    '**What the table is asked for**, counted; dollars are DynamoDB’s list price (on demand, us-east-1).',
    table(
      ['operation', 'round trips', 'read units', 'write units', '$ per million'],
      costRows(results),
    ),
    `**CPU of a warm call**, in processes of their own, over TLS: median (middle half) of ${results.rounds.warm} rounds of ${results.rounds.calls} calls. A bare SDK call, bundled as the SDK comes, decides nothing, verifies nothing and answers nobody; the hand-signed handler verifies the token (aws-jwt-verify), checks its input (zod/mini) and writes blindly, in one round trip.`,
    table(
      ['operation', 'µs', '× bare SDK call', '× hand-signed handler', '× idempotency wrapper'],
      results.warm.map(({ operation, eachUs, times }) => [
        OPERATIONS[operation],
        spread(eachUs, 0),
        ...(['bare-sdk', 'hand-signed', 'idempotency-wrapper'] as const).map((other) => {
          const found = times[other];
          return found === undefined ? '' : spread(found, 2);
        }),
      ]),
    ),
    `**Cold start**: import and first spend, ${results.rounds.cold} rounds in pairs.`,
    table(
      ['', 'bundle KiB', 'builtins loaded', 'import ms CPU', 'first spend ms CPU', '× hand-signed'],
      results.cold.map((cold) => [
        VARIANTS[cold.variant],
        (cold.bytes / 1_024).toFixed(0),
        String(cold.builtins),
        spread(cold.loadMs, 1),
        spread(cold.firstMs, 1),
        spread(cold.times, 2),
      ]),
    ),
    '**Growth**: round trips, read and write units at the median, with half of the entries in the wallet (100,000 at most) and the rest in others.',
    table(
      ['entries in the table', 'spend', 'balance', 'page of a history'],
      results.grown.map(({ entries, spend, balance, history }) => [
        entries.toLocaleString('en'),
        ...[spend, balance, history].map(units),
      ]),
    ),
    '**One wallet, many writers**, on this machine’s engine, which conflicts as DynamoDB does. The row lock is PostgreSQL on a unix socket: `SELECT ... FOR UPDATE`, update, insert. Write units of a spend: as counted, and with what AWS may bill for tries that were cancelled.',
    table(
      [
        'writers',
        'spends/s',
        'p50 ms',
        'p99 ms',
        'tries',
        'write units',
        'batched spends/s',
        'p99 ms',
        'write units',
        'row lock/s',
        'p99 ms',
      ],
      results.single.map((single) => contentionRow(single, results)),
    ),
    'The same on **DynamoDB’s published limits**, simulated (`tests/bench/simulate-wallet.ts`): the highest rate at which 99 % are answered within 250 ms and at most 0.1 % are refused.',
    table(
      ['one wallet', 'spends/s', 'p99 ms', 'tries'],
      results.simulated.map(({ name, highest }) => [
        name,
        String(highest.rate),
        highest.p99Ms.toFixed(0),
        highest.tries.toFixed(2),
      ]),
    ),
  ].join('\n\n');
}

const VARIANTS: Readonly<Record<Variant, string>> = {
  service: 'this service',
  'bare-sdk': 'bare SDK',
  'hand-signed': 'hand-signed handler',
  'idempotency-wrapper': 'idempotency wrapper',
};

function costRows({ costs, rowLock }: Results): readonly (readonly string[])[] {
  const rows = costs.map((cost) => [
    cost.name,
    String(cost.calls),
    String(cost.read),
    String(cost.write),
    dollarsPerMillion(cost).toFixed(2),
  ]);
  const lock = rowLock === null ? 'not present' : String(ROW_LOCK_ROUND_TRIPS);
  return [...rows, ['spend under a row lock (PostgreSQL)', lock, '', '', '']];
}

function contentionRow(single: Contention, { batch, rowLock }: Results): readonly string[] {
  const batched = batch.find(({ writers }) => writers === single.writers);
  const locked = rowLock?.find(({ writers }) => writers === single.writers);
  return [
    String(single.writers),
    single.spendsPerSecond.toFixed(0),
    single.p50Ms.toFixed(0),
    single.p99Ms.toFixed(0),
    single.tries.toFixed(2),
    `${single.writeUnits.toFixed(1)} to ${single.writeUnitsAtMost.toFixed(1)}`,
    batched?.spendsPerSecond.toFixed(0) ?? '',
    batched?.p99Ms.toFixed(0) ?? '',
    batched === undefined
      ? ''
      : `${batched.writeUnits.toFixed(1)} to ${batched.writeUnitsAtMost.toFixed(1)}`,
    locked?.spendsPerSecond.toFixed(0) ?? 'not present',
    locked?.p99Ms.toFixed(0) ?? '',
  ];
}

function units({ calls, read, write }: Units): string {
  return `${calls} / ${read} / ${write}`;
}

function spread({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|${head.map((_, index) => (index === 0 ? '---|' : '--:|')).join('')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
