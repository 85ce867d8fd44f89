import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leaksIn } from '#tests/support/log-scan';
import { openDataDirectory } from '#tests/support/stack';

/* The scan of every e2e suite's logs (`openDataDirectory`) is worth what it finds: each leak is planted here. */

const lineWith = (text: string): string =>
  JSON.stringify({ level: 'INFO', message: 'request refused', request_id: 'req-1', reason: text });

describe('a leak is found, in a field or in a body within one:', () => {
  test.each([
    ['a provider’s key', 'sk_test_4eC39HqLyjWDarjtT1zdp7dc'],
    ['a provider’s key', 'rk_live_4eC39HqLyjWDarjtT1zdp7dc'],
    ['a provider’s key', 'rzp_test_1DP5mmOlF5G5ag'],
    ['a webhook’s secret', 'whsec_Zm9vYmFyYmF6cXV4cXV1eA'],
    ['an authorization', 'Bearer abc.def.ghi'],
    ['an authorization', '{"Authorization":"x"}'],
    ['an authorization', 'Basic cnpwX3Rlc3Q6c2VjcmV0'],
    ['a signature', '{"stripe-signature":"x"}'],
    [
      'a signature',
      't=1795000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd',
    ],
    ['a signature', 'x-razorpay-signature'],
    ['a token', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln'],
    ['a client secret', 'pi_3MtwBwLkdIwHu7ix_secret_YrKJUKribcBjcG8HVhfZ'],
    ['a client secret', '{"client_secret":null}'],
    ['an e-mail address', 'alice@example.com'],
    ['an e-mail address', 'alice%40example.com'],
    ['a telephone number', '+49 170 1234567'],
    ['a card', '4242 4242 4242 4242'],
    ['a card', '{"last4":"4242","name":"Alice"}'],
    ['a body', '{"id":"evt_1","object":"event"}'],
    ['a body', '{"entity":"event","account_id":"acc_1"}'],
    ['a body', '{"description":"Enrich lead 42","amount":30}'],
  ])('%s: %s', (kind, text) => {
    for (const line of [lineWith(text), text]) {
      expect(leaksIn(`{"level":"INFO"}\n${line}\n`).map((leak) => leak.kind)).toContain(kind);
    }
  });
});

test.each([
  '{"level":"INFO","message":"event credited","timestamp":"2026-11-20T12:00:00.000Z","service":"fulfillment","message_id":"0b1f","provider":"stripe","event_id":"evt_1TestK","event_type":"checkout.session.completed","purchase_id":"pur_c541af9575402d8ca018408c13425937"}',
  '{"_aws":{"Timestamp":1795821624897,"CloudWatchMetrics":[{"Namespace":"CreditLedger","Dimensions":[["service"]],"Metrics":[{"Name":"ConflictRetries","Unit":"Count"}]}]},"service":"service","ConflictRetries":1}',
  '{"level":"ERROR","message":"request failed","failure":{"name":"TypeError","message":"x is not a function","frames":["at run (/var/task/index.js:1:2)","at node_modules/@aws-sdk/core/dist.js:10:5"]}}',
  '{"level":"INFO","message":"mail sent","about":"pur_1","message_id":"0100018c-4242-4242-4242-424242424242"}',
])('an ordinary line is none: %s', (line) => {
  expect(leaksIn(line)).toEqual([]);
});

test('a data directory with a leak in a log fails its suite, and is removed all the same', () => {
  const data = openDataDirectory();
  mkdirSync(join(data.path, 'logs'));
  writeFileSync(join(data.path, 'logs', 'wallet.log'), lineWith('alice@example.com'));
  expect(() => data.close()).toThrow('wallet.log has an e-mail address');
  expect(existsSync(data.path)).toBe(false);
});

test('every end-to-end suite keeps its data where closing them scans the logs', () => {
  const suites = readdirSync('tests/e2e').filter((name) => name.endsWith('.test.ts'));
  const without = suites.filter((name) => {
    const source = readFileSync(join('tests/e2e', name), 'utf8');
    return !/\b(?:openTestStack|openDataDirectory)\(\)/.test(source) || /\bmkdtemp/.test(source);
  });
  expect(suites.length).toBeGreaterThan(10);
  expect(without).toEqual([]);
});
