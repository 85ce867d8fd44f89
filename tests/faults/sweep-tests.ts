import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Fault, type FaultClass, faults } from '#tests/faults/faults';
import type { Scenario } from '#tests/faults/scenario';
import { type Case, casesOf, runCase, runClean, START } from '#tests/faults/sweep';
import { report } from '#tests/faults/tally';
import { openWorld, type World } from '#tests/faults/world';

/** `all` for every case, a number for so many of each scenario; one of each in an ordinary run. */
const WANTED = process.env['FAULTS'] ?? '1';

/** Tests that put scenarios through the faults, one test each. */
export function sweepTests(about: string, scenarios: readonly Scenario[]): void {
  let world: World;
  const done = new Map<FaultClass, { cases: number; breaks: number }>();
  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(START) });
    world = await openWorld();
  });
  afterAll(async () => {
    report([...done].map(([name, count]) => ({ class: name, ...count })));
    await world.close();
    vi.useRealTimers();
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
        for (const one of chosen) {
          const breaks = await runCase(world, one);
          if (breaks === 'not made') {
            missed += 1;
            continue;
          }
          count(classOf(one.fault, scenario), breaks.length > 0);
          if (breaks.length > 0) {
            broken.push([nameOf(one), ...breaks, 'its calls:', ...world.trail()].join('\n  '));
          }
        }
        expect(broken.join('\n')).toBe('');
        expect(missed).toBeLessThan(chosen.length);
      },
      TIMEOUT_MS,
    );
  });

  function count(name: FaultClass, isBroken: boolean): void {
    const counted = done.get(name) ?? { cases: 0, breaks: 0 };
    counted.cases += 1;
    counted.breaks += isBroken ? 1 : 0;
    done.set(name, counted);
  }
}

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

/** No divisor of what there are numbers of here. */
const STEP = 7.3;

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
