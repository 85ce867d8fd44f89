import { expect, test } from 'vitest';

import { createClock } from '#infra/local/clock';
import {
  ensureSecrets,
  type StripeSettings,
  stripeWebhookSecrets,
} from '#infra/local/first-secrets';
import { createSecrets } from '#infra/local/services/secrets';
import { openState } from '#infra/local/state';
import type { SecretModel } from '#infra/local/template/model';

const secret = (name: string, value: SecretModel['value']): SecretModel => ({
  name,
  arn: name,
  value,
});
const models = [
  secret('app/stripe/api-key', { kind: 'generated', key: 'api_key', template: '{}', length: 40 }),
  secret('app/stripe/webhook', { kind: 'generated', key: 'current', template: '{}', length: 40 }),
  secret('app/other', { kind: 'generated', key: 'value', template: '{"user":"u"}', length: 12 }),
];

function startTwice() {
  const state = openState(':memory:');
  const secrets = createSecrets({ state, clock: createClock(state), log: () => undefined });
  return (stripe: StripeSettings = {}) => {
    ensureSecrets({ models, secrets, stripe });
    return models.map(({ name }) => secrets.current(name));
  };
}

test('secrets are made once and stay', () => {
  const start = startTwice();
  const first = start();
  expect(start()).toEqual(first);
  expect(first[0]).toMatch(/^\{"api_key":"sk_test_local_\w{48}"\}$/);
  expect(first[1]).toMatch(/^\{"current":"whsec_\w{48}"\}$/);
  expect(first[2]).toMatch(/^\{"user":"u","value":"[\w-]{12}"\}$/);
});

test('a real test key is used for as long as the environment has it', () => {
  const start = startTwice();
  start();
  expect(start({ apiKey: 'sk_test_real' })[0]).toBe('{"api_key":"sk_test_real"}');
  expect(start()[0]).toContain('sk_test_local_');
});

test('the webhook secret of `stripe listen` is the one that signs', () => {
  const state = openState(':memory:');
  const secrets = createSecrets({ state, clock: createClock(state), log: () => undefined });
  ensureSecrets({ models, secrets, stripe: { webhookSecret: 'whsec_cli' } });
  expect(stripeWebhookSecrets(models, secrets)).toEqual({ current: 'whsec_cli' });
});
