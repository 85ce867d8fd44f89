import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
const GIB = 1024 ** 3;

/**
 * Where temporary data belong that nobody needs after a crash: the local stack flushes every write to the disk before it
 * goes on, which was a third of the time of a test with a whole stack, and memory has nothing to flush. Containers may
 * have next to none of it at this place.
 */
export function temporaryFolder(gibibytes = 1): string {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= gibibytes * GIB ? MEMORY : tmpdir();
}
