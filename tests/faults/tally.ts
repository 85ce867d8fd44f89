import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { CLASSES, type FaultClass } from '#tests/faults/faults';

/** What was tried of one class, and how much of it broke a promise. */
export interface Tally {
  readonly class: FaultClass;
  readonly cases: number;
  readonly breaks: number;
}

/** Counts cases by what came of them. */
export interface Counter {
  readonly add: (name: FaultClass, came: { readonly isBroken: boolean }) => void;
  /** A case that is broken if it throws; what it throws goes on to fail its test. */
  readonly tried: (name: FaultClass, run: () => Promise<void>) => Promise<void>;
  readonly tallies: () => readonly Tally[];
}

export function createCounter(): Counter {
  const counted = new Map<FaultClass, Tally>();
  const add: Counter['add'] = (name, { isBroken }) => {
    const { breaks, cases } = counted.get(name) ?? { cases: 0, breaks: 0 };
    counted.set(name, { class: name, cases: cases + 1, breaks: breaks + (isBroken ? 1 : 0) });
  };
  return {
    add,
    tried: async (name, run) => {
      try {
        await run();
      } catch (error) {
        add(name, { isBroken: true });
        throw error;
      }
      add(name, { isBroken: false });
    },
    tallies: () => [...counted.values()],
  };
}

const classes = Object.keys(CLASSES);
const tallySchema = z.object({
  class: z.custom<FaultClass>((value) => classes.includes(String(value))),
  cases: z.int(),
  breaks: z.int(),
});

let written = 0;

/** For the table that `npm run test:faults` prints; without its folder nothing is written. */
export function report(tallies: readonly Tally[]): void {
  const folder = process.env['FAULTS_REPORT'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  written += 1;
  writeFileSync(
    join(folder, `${process.pid}-${Date.now()}-${written}.json`),
    JSON.stringify(tallies),
  );
}

export function readReports(folder: string): readonly Tally[] {
  return readdirSync(folder).flatMap((file) =>
    z.array(tallySchema).parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
  );
}
