import { setTimeout as pause } from 'node:timers/promises';

import type { Invoker } from '#infra/local/lambda/invoker';
import { LocalStackError } from '#infra/local/local-stack-error';
import type { StreamSource } from '#infra/local/sources/stream-source';

/** A part that can be busy, with the name that a person would look for. */
export interface Busy {
  readonly name: string;
  idle(): boolean;
}

/** Waits until nothing is under way any more. Throws LocalStackError when that takes too long. */
export type Settle = () => Promise<void>;

const SETTLE_MAX_MS = 60_000;
const LOOK_MS = 5;

/**
 * Quiet is when the streams are read to their end, every part is idle, and no function was called
 * between the two looks. A message that waits for its visibility timeout does not count as busy.
 */
export function createSettle(options: {
  readonly parts: readonly Busy[];
  readonly streams: readonly StreamSource[];
  readonly invoker: Pick<Invoker, 'calls'>;
}): Settle {
  const { invoker, parts, streams } = options;
  return async () => {
    const endsAt = performance.now() + SETTLE_MAX_MS;
    for (;;) {
      const calls = invoker.calls();
      const left = endsAt - performance.now();
      const drained = Promise.all(streams.map((stream) => stream.drained())).then(() => true);
      const inTime = await Promise.race([drained, pause(Math.max(left, 0), false, { ref: false })]);
      const busy = parts.filter((part) => !part.idle()).map(({ name }) => name);
      if (inTime && busy.length === 0 && invoker.calls() === calls) return;
      if (performance.now() >= endsAt) {
        const names = inTime ? busy.join(', ') : ['a table stream', ...busy].join(', ');
        throw new LocalStackError(
          `The stack was not quiet after ${SETTLE_MAX_MS / 1000} seconds; still busy: ${names}.`,
        );
      }
      if (busy.length > 0) await pause(LOOK_MS);
    }
  };
}
