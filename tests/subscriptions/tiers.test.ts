import { describe, expect, test } from 'vitest';
import { type SettingKey, settingOf, settings, settingSchema } from '#lib/settings/settings';
import { recordFromItem, recordToItem } from '#lib/store/records';
import { freeSubscription, tierInForce } from '#lib/subscriptions/subscription';
import { DEFAULT_TIERS, planOfTier, type Tiers, tiersSchema } from '#lib/subscriptions/tiers';

describe('the setting tiers', () => {
  test('accepts what holds by default', () => {
    expect(tiersSchema.parse(DEFAULT_TIERS)).toEqual(DEFAULT_TIERS);
  });

  const [free, pro, premium] = DEFAULT_TIERS;
  const withFree = (change: object) => [{ ...free, ...change }, pro, premium];
  const feature = planOfTier(DEFAULT_TIERS, 'PRO').features[0];
  test.each([
    ['a tier that is missing', [free, pro]],
    ['a tier twice', [free, pro, pro, premium]],
    ['a tier nobody knows', withFree({ tier: 'GOLD' })],
    ['a price for FREE', withFree({ prices: [{ currency: 'USD', price_id: 'x', amount: 1 }] })],
    ['a price that two tiers share', [free, pro, { ...premium, prices: pro?.prices }]],
    [
      'no credits of a type',
      withFree({ monthly_credits: [{ credit_type: 'general', credits: 0 }] }),
    ],
    ['overage without its cost', withFree({ features: [{ ...feature, overage_cost: null }] })],
    ['a feature twice', withFree({ features: [feature, feature] })],
    ['a field nobody knows', withFree({ trial_days: 14 })],
    ['a cap without a number', withFree({ rollover: { kind: 'capped', months: 1 } })],
  ])('refuses %s', (_, value) => {
    expect(tiersSchema.safeParse(value).success).toBe(false);
  });
});

describe('a setting that is a list of rows', () => {
  const tiers: Tiers = DEFAULT_TIERS.map((row) => ({ ...row, rollover: { kind: 'none' } }));
  test.each<[SettingKey, object[]]>([
    ['low_balance_thresholds', [{ credit_type: 'calling', credits: 3 }]],
    ['spending_caps', [{ credit_type: 'calling', period: 'hour', credits: 3 }]],
    ['tiers', tiers],
  ])('%s comes back from the table as it was set', (key, value) => {
    const saved = { value: settings[key].schema.parse(value) };
    const item = recordToItem({
      record: 'setting',
      id: { key },
      value: settingSchema.parse(saved),
      version: null,
    });
    expect(settingOf(key, recordFromItem('setting', item))).toEqual(value);
  });
});

describe('the tier in force', () => {
  const now = '2026-11-20T12:00:00.000Z';
  const base = freeSubscription({ userId: 'ada', now, periodEnd: '2026-12-20T12:00:00.000Z' });
  const pro = { ...base, tier: 'PRO' } as const;
  const at = { now, graceDays: 7 };

  test.each([
    ['nothing subscribed', null, 'FREE'],
    ['an active one', pro, 'PRO'],
    ['a trial', { ...pro, status: 'TRIALING' } as const, 'PRO'],
    ['one whose first invoice is open', { ...pro, status: 'INCOMPLETE' } as const, 'FREE'],
    ['one that has ended', { ...pro, endedAt: now }, 'FREE'],
    ['one that will end', { ...pro, endedAt: '2026-11-20T12:00:00.001Z' }, 'PRO'],
    ['the last moment of grace', pastDue('2026-11-13T12:00:00.001Z'), 'PRO'],
    ['the end of grace', pastDue('2026-11-13T12:00:00.000Z'), 'FREE'],
    [
      'a payment that came after all',
      { ...pastDue('2026-11-01T00:00:00.000Z'), status: 'ACTIVE' } as const,
      'PRO',
    ],
  ])('of %s', (_, subscription, tier) => {
    expect(tierInForce(subscription, at)).toBe(tier);
  });

  test('falls at once where no days of grace are given', () => {
    expect(tierInForce(pastDue(now), { now, graceDays: 0 })).toBe('FREE');
  });

  function pastDue(pastDueSince: string) {
    return { ...pro, status: 'PAST_DUE', pastDueSince } as const;
  }
});
