import { defineConfig } from 'vitest/config';
import { LongestFirst } from '#tests/longest-first';
import { temporaryFolder } from '#tests/support/temporary-folder';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['tests/**/*.test.ts'],
    // Much of a run is waiting, for backoff and for whole stacks that start: four at a time keep two cores busy.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // For a busy machine: nothing here takes long, and a hang still ends.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    env: { TMPDIR: temporaryFolder() },
  },
});
