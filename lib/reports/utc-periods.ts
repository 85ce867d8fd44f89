/** Hours, days and months in UTC. Instants are ISO 8601 with milliseconds, so that they compare as strings. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The beginning of the hour of an instant. */
export function hourStart(instant: string): string {
  return isoOf(Math.floor(Date.parse(instant) / HOUR_MS) * HOUR_MS);
}

/** The beginning of the UTC day of an instant. */
export function dayStart(instant: string): string {
  return isoOf(Math.floor(Date.parse(instant) / DAY_MS) * DAY_MS);
}

export function later(instant: string, ms: number): string {
  return isoOf(Date.parse(instant) + ms);
}

/** The end of the day of an instant; for a midnight, of the day that it begins. */
export function dayEnd(instant: string): string {
  return later(dayStart(instant), DAY_MS);
}

export function hourEnd(instant: string): string {
  return later(hourStart(instant), HOUR_MS);
}

export function earliest(first: string, ...others: readonly string[]): string {
  return others.reduce((least, each) => (each < least ? each : least), first);
}

export function latest(first: string, ...others: readonly string[]): string {
  return others.reduce((most, each) => (each > most ? each : most), first);
}

/** Names of periods, as in `2026-11-20T13`, `2026-11-20` and `2026-11`. */
export const hourOf = (instant: string): string => instant.slice(0, 13);
export const dayOf = (instant: string): string => instant.slice(0, 10);
export const monthOf = (instant: string): string => instant.slice(0, 7);

export function daysInMonth(month: string): number {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
