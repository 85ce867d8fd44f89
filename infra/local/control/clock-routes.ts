import * as z from 'zod';

import type { Route } from '#infra/local/control/route';
import type { Parts } from '#infra/local/stack';

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const UNITS_MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000];

const clockSchema = z.union([
  z.strictObject({ advance: z.string() }),
  z.strictObject({ set: z.iso.datetime({ offset: true }) }),
]);

/** The time of the stack, for every function and stand-in at once. */
export function clockRoutes(parts: Parts): readonly Route[] {
  const { clock, settle, sources } = parts;
  return [
    {
      method: 'GET',
      path: '/local/clock',
      run: () => ({ json: { now: clock.now().toISOString() } }),
    },
    {
      method: 'POST',
      path: '/local/clock',
      run: async ({ body }) => {
        const wanted = clockSchema.parse(body);
        // What was under way belongs to the time before.
        await settle();
        const target =
          'set' in wanted
            ? new Date(wanted.set)
            : new Date(clock.now().getTime() + durationMs(wanted.advance));
        const ran = await sources.schedules.advanceTo(target);
        return { json: { now: clock.now().toISOString(), ran } };
      },
    },
  ];
}

/** An ISO 8601 duration in milliseconds. Months and years have no fixed length and are refused. */
function durationMs(text: string): number {
  const parts: readonly (string | undefined)[] = DURATION.exec(text)?.slice(1) ?? [];
  if (text.endsWith('T') || parts.every((part) => part === undefined)) {
    throw new RangeError(`"${text}" is not a duration such as PT25H, P2D or PT90S.`);
  }
  return UNITS_MS.reduce((sum, unitMs, index) => sum + Number(parts[index] ?? 0) * unitMs, 0);
}
