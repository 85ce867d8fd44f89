import { invalidField, problem } from '#lib/contract/problem';
import type { ReportSources } from '#lib/reports/period-reader';
import { PERIOD_DAYS_MAX, type PeriodReport, readPeriod } from '#lib/reports/read-period';
import { DAY_MS, later } from '#lib/reports/utc-periods';

const DEFAULT_DAYS = 30;

/** The period that a query asks for, by default the last 30 days, or the refusal of one that cannot be answered. */
export async function reportOf(
  sources: ReportSources,
  asked: {
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly now: string;
  },
): Promise<PeriodReport> {
  const { now } = asked;
  const to = asked.to ?? later(now, 1);
  const from = asked.from ?? later(to, -DEFAULT_DAYS * DAY_MS);
  if (from >= to) throw invalidField('to', 'must be later than from');
  if (from > now) throw invalidField('from', 'must not lie in the future');
  if (Date.parse(to) - Date.parse(from) > PERIOD_DAYS_MAX * DAY_MS) {
    throw invalidField('from', `a period has at most ${PERIOD_DAYS_MAX} days`);
  }
  const outcome = await readPeriod(sources, { from, to, now });
  if (outcome.kind === 'not_ready') {
    throw problem('REPORT_NOT_READY', { closed_until: outcome.rolledTo });
  }
  return outcome;
}
