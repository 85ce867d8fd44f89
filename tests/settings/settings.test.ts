import { describe, expect, test } from 'vitest';
import { settingKeys, settingOf, settings } from '#lib/settings/settings';

describe.each(settingKeys)('%s', (key) => {
  const { initial, schema } = settings[key];

  test('begins with a value that its own bounds allow, as they would hand it on', () => {
    expect(schema.parse(initial)).toEqual(initial);
  });

  test('is its initial value where nothing is stored, and where it was set back', () => {
    const setBack = { value: { value: null } };
    expect([settingOf(key, null), settingOf(key, setBack)]).toEqual([initial, initial]);
  });
});

test('a stored value counts, and one that the bounds do not allow is an error and no setting', () => {
  expect(settingOf('signup_bonus', { value: { value: 5 } })).toBe(5);
  expect(() => settingOf('signup_bonus', { value: { value: -1 } })).toThrow(/too_small|>=0/);
});
