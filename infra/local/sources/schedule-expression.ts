import { Cron } from 'croner';

import { TemplateError } from '#infra/local/template/template-error';

/** The next time of a schedule after a moment, or undefined when there is none any more. */
export type NextTime = (after: Date) => Date | undefined;

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/**
 * Compiles AWS's `rate(5 minutes)`, `cron(0 3 * * ? *)` (six fields, Sunday is 1) and
 * `at(2026-11-20T13:00:00)`. Throws `TemplateError` for anything else.
 */
export function compileSchedule(expression: string, timeZone: string): NextTime {
  const [, kind = '', argument = ''] = /^(rate|cron|at)\((.+)\)$/.exec(expression) ?? [];
  switch (kind) {
    case 'rate':
      return compileRate(expression, argument);
    case 'cron':
      return compileCron(expression, { fields: argument.trim().split(/\s+/), timeZone });
    case 'at':
      return compileAt(expression, { time: argument, timeZone });
    default:
      throw unreadable(expression);
  }
}

function compileRate(expression: string, argument: string): NextTime {
  const [, count = '', unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(argument.trim()) ?? [];
  if (unit !== 'minute' && unit !== 'hour' && unit !== 'day') throw unreadable(expression);
  const intervalMs = Number(count) * UNIT_MS[unit];
  if (intervalMs === 0) throw unreadable(expression);
  return (after) => new Date(after.getTime() + intervalMs);
}

function compileCron(
  expression: string,
  schedule: { readonly fields: readonly string[]; readonly timeZone: string },
): NextTime {
  const [minute, hour, day, month, weekday, year] = schedule.fields;
  if (year === undefined || schedule.fields.length !== 6) throw unreadable(expression);
  const pattern = ['0', minute, hour, any(day), month, any(weekdays(weekday ?? '')), year];
  return cronTimes(expression, { pattern: pattern.join(' '), timeZone: schedule.timeZone });
}

function compileAt(
  expression: string,
  schedule: { readonly time: string; readonly timeZone: string },
): NextTime {
  return cronTimes(expression, { pattern: schedule.time, timeZone: schedule.timeZone });
}

function cronTimes(
  expression: string,
  schedule: { readonly pattern: string; readonly timeZone: string },
): NextTime {
  try {
    const cron = new Cron(schedule.pattern, {
      timezone: schedule.timeZone,
      // AWS writes `0/10` where others write `*/10`.
      sloppyRanges: true,
    });
    return (after) => cron.nextRun(after) ?? undefined;
  } catch (cause) {
    throw unreadable(expression, cause);
  }
}

function any(field: string | undefined): string | undefined {
  return field === '?' ? '*' : field;
}

/** AWS counts weekdays from 1 for Sunday, cron from 0; `#2` (the second one) and `/2` (every other) stay. */
function weekdays(field: string): string {
  return field.replaceAll(/(?<![#/\d])[1-7](?!\d)/g, (day) => String(Number(day) - 1));
}

function unreadable(expression: string, cause?: unknown): TemplateError {
  return new TemplateError(`The local stack cannot read the schedule "${expression}".`, { cause });
}
