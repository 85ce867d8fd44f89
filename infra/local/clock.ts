import * as z from 'zod';

import type { StateStore } from '#infra/local/state';

/**
 * The time of the local stack: the machine's clock plus one offset that every part shares, so that
 * a test or a person can let days pass (`POST /local/clock`, DESIGN 10). Time goes on by itself.
 */
export interface Clock {
  now(): Date;
  /** One Float64, milliseconds: worker threads read it to move their own `Date`. */
  readonly offset: SharedArrayBuffer;
  /** Makes it that moment; going back is allowed. Throws RangeError for an invalid date. */
  set(to: Date): void;
  /** Lets `ms` milliseconds pass at once. Throws RangeError when that leaves the calendar. */
  advance(ms: number): void;
}

/** Makes the stack's clock; its offset is kept in `state`, so a restart does not travel in time. */
export function createClock(state: StateStore): Clock {
  const stored = state.collection('clock', z.object({ offset_ms: z.number() }));
  const offset = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  const view = new Float64Array(offset);
  view[0] = stored.get('clock')?.offset_ms ?? 0;

  const offsetMs = (): number => view[0] ?? 0;
  const move = (toMs: number): void => {
    if (Number.isNaN(new Date(Date.now() + toMs).getTime())) {
      throw new RangeError('The clock can only be set to a valid date.');
    }
    // Stored first: a crash between the two must not leave records from a future that is lost.
    stored.put('clock', { offset_ms: toMs });
    view[0] = toMs;
  };
  return {
    offset,
    now: () => new Date(Date.now() + offsetMs()),
    set: (to) => {
      move(to.getTime() - Date.now());
    },
    advance: (ms) => {
      move(offsetMs() + ms);
    },
  };
}
