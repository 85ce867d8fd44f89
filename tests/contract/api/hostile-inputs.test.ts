import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CREDITS_MAX } from '#lib/contract/amounts';
import { KEY_PART } from '#lib/contract/ids';
import { allRoutes, routes } from '#lib/contract/routes';
import { problemDocument } from '#lib/contract/wire';
import {
  type Field,
  fields,
  good,
  label,
  type Part,
  send,
  sendBody,
} from '#tests/contract/api/route-fields';

// As JSON text, because that is how they arrive: JSON.parse rounds, and knows numbers that are none.
const AMOUNTS = [
  '-1',
  '-0',
  '0.1',
  '1e-7',
  '1e21',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '1e400',
  '-1e400',
  '"100"',
  '" 5 "',
  '"0x10"',
  '"1e3"',
  '""',
  'true',
  'false',
  'null',
  '[5]',
  '[]',
  '{}',
];

const IDS = [
  '',
  'a'.repeat(256),
  'a'.repeat(2049),
  'a#WALLET#b',
  '..',
  'a/b',
  'a\nb',
  'a\0b',
  '\ud800',
  'e\u0301',
  '\u00e9',
  'a\u200bb',
  '\u200fab',
  '\u0430lice',
  '\u{1f600}',
  'alice ',
  ' alice',
  'a.b',
  'a%23b',
  'a+b',
];

const LINES = [
  '',
  ' ',
  '\t',
  'a\nb',
  'a\0',
  '\ud800',
  'a\u202eb',
  'x'.repeat(201),
  'a\u2028b',
  'a\u007f',
];
const WRONG_TYPES = ['5', 'true', 'null', '[]', '{}', '["x"]'];

test('every field of every route has a good value here, and with it the request runs', async () => {
  expect(fields.filter(({ name }) => !(name in good)).map(label)).toEqual([]);
  for (const route of allRoutes) {
    expect({ route: route.name, ...(await send(route)) }).toMatchObject({ status: 200, ran: 1 });
  }
});

async function expectRefusal(field: Field, value: unknown): Promise<void> {
  const { status, body, ran } = await send(field.route, field.part, field.name, value);
  const seen = { field: label(field), value, status, ran };
  expect(seen).toEqual({ field: label(field), value, status: 400, ran: 0 });
  const { code, errors } = problemDocument.parse(JSON.parse(body));
  expect(code).toBe('VALIDATION_FAILED');
  expect(errors[0]?.field.split('.')[0]).toBe(field.name);
}

describe('a bad amount is refused and nothing runs', () => {
  const amounts = fields.filter(({ part, schema }) => part === 'body' && schema.type === 'integer');
  test('wherever a body takes a number', () => {
    expect(amounts.map(label)).toEqual(
      expect.arrayContaining(['addCredits body.amount', 'refundCredits body.amount']),
    );
  });
  test.each(amounts.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    // A correction may take away.
    const signed = field.route.name === 'adjustCredits' && field.name === 'amount';
    for (const json of AMOUNTS) {
      if (!(signed && json === '-1')) await expectRefusal(field, { json });
    }
    if (field.name === 'amount') await expectRefusal(field, 0);
    // Credits and money end at bounds of their own.
    const { minimum = 0, maximum = 0 } = field.schema;
    await expectRefusal(field, minimum - 1);
    await expectRefusal(field, maximum + 1);
    for (const bound of [minimum, maximum]) {
      expect((await send(field.route, field.part, field.name, bound)).ran).toBe(1);
    }
  });

  const numbers = fields.filter(({ schema }) => schema['queryInteger'] !== undefined);
  test.each(numbers.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    const texts = [
      '',
      '0',
      '-1',
      '+1',
      '1.0',
      '1e2',
      ' 1',
      '0x1',
      '01',
      '1,2',
      'NaN',
      '9'.repeat(17),
      '²',
    ];
    for (const text of texts) await expectRefusal(field, text);
  });
});

describe('a bad id is refused and nothing runs', () => {
  const ids = fields.filter(({ schema }) =>
    /^\^(\w+_)?\[A-Za-z0-9_-\]\{/.test(schema.pattern ?? ''),
  );
  test('wherever an id enters', () => {
    expect(ids.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'userId',
        'user_id',
        'transaction_id',
        'id',
        'session_id',
        'package_id',
      ]),
    );
  });
  test.each(ids.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    for (const id of IDS) await expectRefusal(field, id);
    if (field.part !== 'body') return;
    for (const json of WRONG_TYPES) await expectRefusal(field, { json });
  });
  test.each(['__proto__', 'constructor'])(
    '%s is an id like any other, and harms nothing',
    async (id) => {
      const { ran } = await send(routes.getUserBalance, 'params', 'userId', id);
      expect(ran).toBe(1);
    },
  );
  test('of 65 characters, whoever made it up', async () => {
    const { status, ran } = await send(routes.getUserBalance, 'params', 'userId', 'a'.repeat(65));
    expect([status, ran]).toEqual([400, 0]);
  });
});

describe('bad text is refused and nothing runs', () => {
  const lines = fields.filter(({ name }) => name === 'description');
  test.each(lines.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    for (const line of LINES) await expectRefusal(field, line);
    for (const json of WRONG_TYPES) await expectRefusal(field, { json });
  });

  const choices = fields.filter(({ schema }) => schema.enum !== undefined);
  test.each(choices.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    for (const word of ['', 'unknown', '__proto__', String(good[field.name]).toUpperCase() + ' ']) {
      await expectRefusal(field, word);
    }
  });

  const metadata = fields.filter(({ name }) => name === 'metadata');
  test.each(metadata.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    const bad = [
      '[]',
      '"x"',
      '{"a":{}}',
      '{"a":[1]}',
      '{"a":null}',
      '{"":1}',
      '{"a b":1}',
      '{"a":1e400}',
      '{"a":-0}',
      '{"a":1e-300}',
      '{"a":1e300}',
      '{"a":"\\ud800"}',
      JSON.stringify({ a: 'é'.repeat(253) }),
    ];
    for (const json of bad) await expectRefusal(field, { json });
    const largest = { a: 'x'.repeat(512 - '{"a":""}'.length) };
    expect((await send(field.route, 'body', 'metadata', largest)).ran).toBe(1);
  });

  const references = fields.filter(({ name }) => name === 'reference');
  test.each(references.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    const bad = [
      { type: 'order' },
      { id: '1' },
      { type: 'or der', id: '1' },
      { type: 'order', id: '' },
      { type: 'order', id: 'x'.repeat(129) },
      { type: 'order', id: 'a\nb' },
      { type: 'order', id: '1', extra: 1 },
    ];
    for (const value of bad) await expectRefusal(field, value);
  });
});

describe('a bad time, address or URL is refused and nothing runs', () => {
  const times = fields.filter(({ name }) => ['from', 'to', 'at', 'expires_at'].includes(name));
  test.each(times.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    const bad = [
      '',
      'yesterday',
      '1767225600',
      '2026-02-30',
      '2026-02-30T00:00:00Z',
      '2026-01-01T00:00:00',
      '2026-1-1',
    ];
    // Beyond year 9999 in UTC, times no longer compare as text.
    for (const text of [...bad, '9999-12-31T23:59:59-01:00']) await expectRefusal(field, text);
  });

  const urls = fields.filter(({ name }) => name.endsWith('_url'));
  test.each(urls.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    const bad = [
      '',
      '/success',
      'javascript:alert(1)',
      'data:text/html,x',
      'http://app.example/',
      'https://user:secret@app.example/',
      'https://app.example/a b',
      'https://app.example/\n',
      'https://\u0430pp.example/',
      'https://',
      `https://app.example/${'a'.repeat(2048)}`,
    ];
    for (const url of bad) await expectRefusal(field, url);
  });

  const emails = fields.filter(({ name }) => name === 'email');
  test.each(emails.map((field) => ({ at: label(field), field })))('$at', async ({ field }) => {
    for (const text of [
      '',
      'a',
      'a@b',
      'a@b.example\nbcc: x@y.example',
      `${'a'.repeat(250)}@b.example`,
    ]) {
      await expectRefusal(field, text);
    }
  });
});

describe('what a route does not know is refused and nothing runs', () => {
  test.each(allRoutes)('$name', async (route) => {
    const parts: readonly Part[] = route.hasBody ? ['query', 'body'] : ['query'];
    for (const part of parts) {
      for (const name of ['user', 'balance', 'status', 'credits']) {
        const { status, ran } = await send(route, part, name, '1');
        expect([part, name, status, ran]).toEqual([part, name, 400, 0]);
      }
    }
  });

  test.each([
    '{"amount":1,"description":"x","__proto__":{"amount":5}}',
    '{"amount":1,"description":"x","metadata":{"__proto__":1}}',
    '{"amount":1,"description":"x","metadata":{"\\u005f_proto\\u005F_":1}}',
  ])('even a name that JavaScript treats as special: %s', async (json) => {
    const { status, body, ran } = await sendBody(routes.addCredits, json);
    expect([status, ran]).toEqual([400, 0]);
    expect(body).toContain('"field":"__proto__"');
  });

  test('however deep it is nested', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const json of [deep, `{"amount":1,"description":"x","metadata":{"a\\u0062":${deep}}}`]) {
      const { status, ran } = await sendBody(routes.addCredits, json);
      expect([status, ran]).toEqual([400, 0]);
    }
  });
});

describe('whatever is sent, what gets through is sound', () => {
  test('an amount is a whole number from 1 to the maximum', () => {
    const anything = fc.oneof(fc.anything(), fc.double(), fc.integer(), fc.bigInt());
    fc.assert(
      fc.property(anything, (amount) => {
        const parsed = routes.deductCredits.body.safeParse({ amount, description: 'x' });
        if (!parsed.success) return;
        expect(Number.isSafeInteger(parsed.data.amount)).toBe(true);
        expect(parsed.data.amount).toBeGreaterThanOrEqual(1);
        expect(parsed.data.amount).toBeLessThanOrEqual(CREDITS_MAX);
      }),
    );
  });

  test('a user id can stand in a key', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\w#-]{0,70}$/));
    fc.assert(
      fc.property(text, (userId) => {
        const parsed = routes.getUserBalance.params.safeParse({ userId });
        expect(parsed.success).toBe(KEY_PART.test(userId));
      }),
    );
  });

  test('a period is two instants in UTC that compare as text', () => {
    const instants = fc.date({
      noInvalidDate: true,
      min: new Date(0),
      max: new Date('9998-12-31'),
    });
    fc.assert(
      fc.property(instants, (date) => {
        const day = date.toISOString().slice(0, 10);
        const { from, to } = routes.getUsage.query.parse({ from: day, to: day });
        expect(Date.parse(String(to)) - Date.parse(String(from))).toBe(86_400_000);
        expect(String(from) < String(to)).toBe(true);
      }),
    );
  });
});
