import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { defineConfig } from 'vitest/config';

const MEMORY_MIN_BYTES = 1024 ** 3;

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['tests/**/*.test.ts'],
    // Much of a run is waiting, for backoff and for whole stacks that start: four at a time keep two cores busy.
    maxWorkers: 4,
    // For a busy machine: nothing here takes long, and a hang still ends.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    env: { TMPDIR: temporaryFolder() },
  },
});

/**
 * The local stack flushes every write to the disk before it goes on, which was a third of the time of a test with a
 * whole stack. Memory has nothing to flush; containers may have next to none of it at this place.
 */
function temporaryFolder(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= MEMORY_MIN_BYTES ? memory : tmpdir();
}
