import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Fault, type FaultClass, faults } from '#tests/faults/faults';
import type { Scenario } from '#tests/faults/scenario';
import { type Case, casesOf, runCase, runClean, START } from '#tests/faults/sweep';
import type { Subject } from '#tests/faults/subjects';
import { createCounter, report } from '#tests/faults/tally';
import { openWorld, type World } from '#tests/faults/world';

/** `all` for every case, a number for so many of each scenario; one of each in an ordinary run. */
const WANTED = process.env['FAULTS'] ?? '1';

/** What scenarios have to be there for: every subject of a kind, as the product declares them. */
export interface Wanted {
  /** `every kind of job`. */
  readonly what: string;
  readonly subjects: (world: World) => readonly Subject[] | Promise<readonly Subject[]>;
}

/** Tests that put scenarios through the faults, one test each, and that there are scenarios for all that is wanted. */
export function sweepTests(
  about: string,
  tests: {
    readonly scenarios: readonly Scenario[];
    /** Where all that is wanted has to be: these scenarios, and others that cover it, too. */
    readonly covered: readonly Scenario[];
    readonly wanted: readonly Wanted[];
  },
): void {
  const { covered, scenarios, wanted } = tests;
  let world: World;
  const counter = createCounter();
  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(START) });
    world = await openWorld();
  });
  afterAll(async () => {
    report(counter.tallies());
    await world.close();
    vi.useRealTimers();
  });

  describe(`${about}: there is a scenario for`, () => {
    it.each(wanted)('$what', async ({ subjects }) => {
      const all = await subjects(world);
      expect(all).not.toEqual([]);
      const there = new Set(covered.flatMap(({ covers }) => covers));
      expect(all.filter((subject) => !there.has(subject))).toEqual([]);
    });
  });

  describe(`${about}: whatever happens at whichever call, what is left is what a clean run leaves`, () => {
    it.each(scenarios.map((scenario, at) => ({ name: scenario.name, scenario, at })))(
      '$name',
      async ({ at, scenario }) => {
        const clean = await runClean(world, scenario);
        const cases = casesOf(clean, faults);
        const broken: string[] = [];
        const chosen = sample(cases, at);
        let missed = 0;
        for (const each of chosen) {
          const { breaks, one } = await runMade(each, cases);
          if (breaks === 'not made') {
            missed += 1;
            continue;
          }
          counter.add(classOf(one.fault, scenario), { isBroken: breaks.length > 0 });
          if (breaks.length > 0) {
            const calls = inRows(world.trail());
            broken.push([nameOf(one), ...breaks, 'its calls:', ...calls].join('\n  '));
          }
        }
        expect(broken.join('\n')).toBe('');
        expect(missed).toBeLessThan(chosen.length);
      },
      TIMEOUT_MS,
    );
  });

  /** Where only some are taken, the case after one that could not be made stands in for it. */
  async function runMade(wanted: Case, cases: readonly Case[]) {
    const first = cases.indexOf(wanted);
    const tried = cases.slice(first, first + (WANTED === 'all' ? 1 : TRIES_MAX));
    for (const one of tried) {
      const breaks = await runCase(world, one);
      if (breaks !== 'not made') return { one, breaks };
    }
    return { one: wanted, breaks: 'not made' as const };
  }
}

const TRIES_MAX = 5;

/** The longest have some hundred cases. */
const TIMEOUT_MS = 1_800_000;

/** So many cases, spread over faults and calls: other ones for each scenario, and the same in every run. */
function sample(cases: readonly Case[], at: number): readonly Case[] {
  if (WANTED === 'all') return cases;
  const wanted = Math.min(Number(WANTED), cases.length);
  const stride = cases.length / wanted;
  const first = (at * STEP) % stride;
  return Array.from({ length: wanted }, (_, n) => cases[Math.floor(first + n * stride)]).filter(
    (one) => one !== undefined,
  );
}

/** Not a whole number, so that consecutive scenarios start at different cases. */
const STEP = 7.3;

/** Equal lines that follow each other, as one. */
function inRows(lines: readonly string[]): readonly string[] {
  const starts = lines.flatMap((line, at) => (line === lines[at - 1] ? [] : [at]));
  return starts.map((at, n) => {
    const times = (starts[n + 1] ?? lines.length) - at;
    return `${lines[at] ?? ''}${times > 1 ? `, ${times} x` : ''}`;
  });
}

/** A crash of a receiver, or of a job, has a class of its own in the programme. */
function classOf(fault: Fault, { of }: Scenario): FaultClass {
  if (fault.class !== 'crash') return fault.class;
  if (of === 'receiver') return 'F8';
  return of === 'job' ? 'F18' : 'crash';
}

function nameOf({ call, clean, fault }: Case): string {
  const { operation, service } = clean.calls[call - 1] ?? {};
  return `${fault.class}, ${fault.name}, at call ${call} (${service} ${operation})`;
}
