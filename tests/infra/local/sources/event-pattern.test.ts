import { expect, test } from 'vitest';

import { compilePattern } from '#infra/local/sources/event-pattern';

const event = {
  source: 'credits',
  'detail-type': 'credits.entry.created',
  detail: { amount: -30, type: 'usage', tags: ['a', 'b'], user: { id: 'Alice' }, note: null },
};

test.each<[string, object, boolean]>([
  ['an exact value', { source: ['credits'] }, true],
  ['one of several values', { source: ['other', 'credits'] }, true],
  ['another value', { source: ['other'] }, false],
  [
    'two fields, both of which must fit',
    { source: ['credits'], detail: { type: ['bonus'] } },
    false,
  ],
  ['a nested field', { detail: { user: { id: ['Alice'] } } }, true],
  ['an element of a list', { detail: { tags: ['b'] } }, true],
  ['null', { detail: { note: [null] } }, true],
  ['a prefix', { 'detail-type': [{ prefix: 'credits.entry.' }] }, true],
  ['a suffix', { 'detail-type': [{ suffix: '.deleted' }] }, false],
  ['a wildcard', { 'detail-type': [{ wildcard: 'credits.*.created' }] }, true],
  ['a wildcard whose dots are no wildcards', { source: [{ wildcard: 'c.edits' }] }, false],
  ['a value in any case', { detail: { user: { id: [{ 'equals-ignore-case': 'ALICE' }] } } }, true],
  ['anything but a value', { detail: { type: [{ 'anything-but': 'usage' }] } }, false],
  ['anything but a list', { detail: { type: [{ 'anything-but': ['bonus', 'promo'] }] } }, true],
  ['anything but a prefix', { detail: { type: [{ 'anything-but': { prefix: 'us' } }] } }, false],
  ['a number in a range', { detail: { amount: [{ numeric: ['>', -100, '<=', -30] }] } }, true],
  ['a number out of range', { detail: { amount: [{ numeric: ['<', -30] }] } }, false],
  ['a field that exists', { detail: { type: [{ exists: true }] } }, true],
  ['a field that must not exist', { detail: { type: [{ exists: false }] } }, false],
  ['a missing field', { detail: { gone: { deeper: [{ exists: false }] } } }, true],
  ['one of two alternatives', { $or: [{ source: ['x'] }, { detail: { type: ['usage'] } }] }, true],
  ['none of two alternatives', { $or: [{ source: ['x'] }, { detail: { type: ['y'] } }] }, false],
])('a pattern with %s', (_, pattern, matches) => {
  expect(compilePattern(pattern)(event)).toBe(matches);
});

test('an operator that the stack lacks stops the start', () => {
  expect(() => compilePattern({ source: [{ cidr: '10.0.0.0/8' }] })).toThrow('"cidr"');
});
