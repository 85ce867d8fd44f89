/*
 * What a caller who means harm, or a client with a bug, sends in the place of a good value. As JSON text, because that
 * is how it arrives: JSON.parse rounds, and knows numbers that are none.
 */

/** In the place of anything in a body, as deep as it goes. */
export const HOSTILE_JSON: readonly string[] = [
  '-1',
  '0',
  '-0',
  '0.1',
  '1e-7',
  '1e21',
  '9007199254740991',
  '9007199254740993',
  '1e400',
  '-1e400',
  'true',
  'null',
  '[]',
  '{}',
  '[[[]]]',
  '["x","x"]',
  '{"__proto__":{"amount":5}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"toString":1}',
  '"100"',
  '" 5 "',
  '"0x10"',
  '"1e3"',
];

/** In the place of any text, in bodies, paths and queries. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  'a'.repeat(65),
  'a'.repeat(2_049),
  'a#WALLET#b',
  '..',
  '../admin',
  'a/b',
  'a\nb',
  'a\0b',
  '\ud800',
  'e\u0301',
  '\u00e9',
  'a\u200bb',
  '\u200fab',
  'a\u202eb',
  '\u0430lice',
  '\u{1f600}',
  'alice ',
  '%00',
  '%2e%2e',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '=1+1',
  '\ufeffa',
];

/** Bodies that are no JSON object of ours, whatever the route takes. */
export const HOSTILE_BODIES: readonly (readonly [string, string])[] = [
  ['nothing but a word', 'hello'],
  ['half an object', '{"amount":1'],
  ['a trailing comma', '{"amount":1,}'],
  ['single quotes', "{'amount':1}"],
  ['a comment', '{"amount":1}//'],
  ['two objects', '{}{}'],
  ['NaN', '{"amount":NaN}'],
  ['an array', '[]'],
  ['a number', '5'],
  ['null', 'null'],
  ['a text', '"x"'],
  ['depth', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['an unknown field', '{"unknown_field":1}'],
  ['its prototype', '{"__proto__":{"amount":5}}'],
  ['its prototype, escaped', '{"\\u005f_proto__":{"amount":5}}'],
];

/** An Idempotency-Key is 1 to 255 printable ASCII characters. */
export const HOSTILE_KEYS: readonly string[] = [
  '',
  'k'.repeat(256),
  'a\nb',
  'a\tb',
  'a\0',
  '\u00e9',
  '\u200b',
  '\ud800',
  '\u{1f511}',
];

const encoded = (cursor: unknown): string =>
  Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** Cursors that we never gave. */
export const HOSTILE_CURSORS: readonly string[] = [
  'x',
  '!!!',
  encoded(null),
  encoded({}),
  encoded([]),
  encoded({ pk: 'USER#bob', sk: 'ENTRY#' }),
  encoded({ n: 1, l: 1, p: 0, b: 'x' }),
  encoded({ n: -1, l: 1e9, p: -5, b: '' }),
  encoded({ n: 1, l: 1, p: { pk: 'USER#bob' }, b: 'x', __proto__: { a: 1 } }),
  encoded({ n: 1, l: 1, p: 'a#b', b: 'x', extra: true }),
  'e30=',
  'A'.repeat(1_024),
];

/** CSV files that are none of ours, by what is wrong with them. */
export const HOSTILE_FILES: readonly (readonly [string, string])[] = [
  ['no header', 'alice,5,general,x\n'],
  ['another header', 'user,amount\nalice,5\n'],
  ['a header that comes twice', 'user_id,amount,amount,reason\nalice,5,6,x\n'],
  ['a column too many', 'user_id,amount,credit_type,reason\nalice,5,general,x,y\n'],
  ['a quote that never ends', 'user_id,amount,credit_type,reason\nalice,5,general,"x\n'],
  ['an amount as a formula', 'user_id,amount,credit_type,reason\nalice,=1+1,general,x\n'],
  ['half a credit', 'user_id,amount,credit_type,reason\nalice,0.5,general,x\n'],
  [
    'more than there can be',
    'user_id,amount,credit_type,reason\nalice,9007199254740993,general,x\n',
  ],
  ['a user that is no key', 'user_id,amount,credit_type,reason\na#b,5,general,x\n'],
  ['a NUL', 'user_id,amount,credit_type,reason\nalice,5,general,a\0b\n'],
  ['a direction override', 'user_id,amount,credit_type,reason\nalice,5,general,a\u202eb\n'],
  ['its prototype', 'user_id,amount,credit_type,__proto__\nalice,5,general,x\n'],
  ['nothing', ''],
  ['no rows', 'user_id,amount,credit_type,reason\n'],
];
