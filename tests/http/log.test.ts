import { afterEach, describe, expect, test, vi } from 'vitest';
import { createLog, redact } from '#lib/http/log';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a function writes to its log stream while this runs. */
function logged(work: (log: ReturnType<typeof createLog>) => void): string {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  work(createLog());
  vi.restoreAllMocks();
  return written.join('');
}

const SECRETS = [
  'alice@example.com',
  'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
  'rk_live_4eC39HqLyjWDarjtT1zdp7dc',
  'whsec_Zm9vYmFyYmF6cXV4cXV1eA',
  'rzp_test_1DP5mmOlF5G5ag',
  'pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH',
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl',
  '4242 4242 4242 4242',
  '+49 170 1234567890',
];

test('a line has the fields that are allowed, and no other that a record brings along', () => {
  const record = { request_id: 'req-1', status: 500, email: 'alice@example.com', body: 'secret' };
  const line = logged((log) => log.error('request failed', record));
  expect(line).toContain('"request_id":"req-1"');
  expect(line).toContain('"status":500');
  expect(line).not.toMatch(/alice|secret/);
});

describe('secrets and people stay out of the log, wherever they hide', () => {
  test.each(SECRETS)('%s', (secret) => {
    const error = new Error(`the provider said ${secret}`, { cause: new TypeError(secret) });
    const line = logged((log) => {
      log.error('request failed', { error, reason: `because ${secret}` });
    });
    expect(line).toContain('"name":"TypeError"');
    expect(line).toContain('log.test.ts');
    for (const part of secret.split(/[\s@.]/).filter((piece) => piece.length > 7)) {
      expect(line).not.toContain(part);
    }
    expect(line).not.toContain(secret);
  });
});

test('what is no secret is kept, and long messages are cut', () => {
  const text = 'ConditionalCheckFailed on pur_01jnb2 at 2026-03-01T12:00:00.000Z after 3 tries';
  expect(redact(text)).toBe(text);
  expect(redact('x'.repeat(9_999))).toHaveLength(500);
});

test('something thrown that is no error is named by its type only', () => {
  const line = logged((log) => log.error('request failed', { error: 'alice@example.com' }));
  expect(line).toContain('"failure":{"name":"string"}');
});
