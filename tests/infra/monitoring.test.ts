import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ofType, ref, synthesized } from '#tests/infra/synthesized';

const alarms = ofType(
  synthesized(),
  'AWS::CloudWatch::Alarm',
  z.object({
    AlarmName: z.string(),
    AlarmActions: z.tuple([ref]),
    MetricName: z.string(),
    Namespace: z.string(),
    Statistic: z.string().optional(),
    Period: z.number(),
    Threshold: z.number(),
    ComparisonOperator: z.literal('GreaterThanOrEqualToThreshold'),
    TreatMissingData: z.literal('notBreaching'),
  }),
).map(({ properties }) => properties);

test.each([
  // What contradicts the ledger wakes somebody the first time.
  ['EventsQuarantined', { Threshold: 1, Period: 300 }],
  ['PromoCodeMisses', { Threshold: 200, Period: 300 }],
  ['ReconciliationDrift', { Threshold: 1, Period: 300 }],
  ['VerificationFailures', { Threshold: 1, Period: 300 }],
  // Hourly runs of two providers: one outage alone wakes nobody, one that lasts does.
  ['ReconciliationIncomplete', { Threshold: 3, Period: 3 * 60 * 60 }],
])('somebody hears of %s', (metric, expected) => {
  const found = alarms.filter(({ MetricName }) => MetricName === metric);
  expect(found).toMatchObject([{ ...expected, Statistic: 'Sum' }]);
  expect(found[0]?.AlarmActions).toEqual(alarms[0]?.AlarmActions);
});

test('the README says of every alarm what it means and what to do first', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, rows = ''] =
    /\| alarm \| what it means \| first act \|\n.+\n((?: *\|.+\n)+)/.exec(readme) ?? [];
  const named = [...rows.matchAll(/^ *\| (.+?) \| .+ \| .+ \|$/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(.+?)`/g)].map(([, name]) => name),
  );
  const names = alarms.map(({ AlarmName }) => AlarmName.replace('credit-ledger-dev-', ''));
  expect(named.toSorted()).toEqual(names.toSorted());
});
