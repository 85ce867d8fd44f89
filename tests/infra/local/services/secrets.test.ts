import { createServer } from 'node:http';

import {
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { createClock } from '#infra/local/clock';
import { listen, stopListening } from '#infra/local/listen';
import { createSecrets, type Secrets } from '#infra/local/services/secrets';
import { openState, type StateStore } from '#infra/local/state';

let state: StateStore;
let secrets: Secrets;
let client: SecretsManagerClient;
let stop: () => Promise<void>;

const log = (message: string): void => {
  throw new Error(`The stand-in failed: ${message}`);
};
const get = (request: GetSecretValueCommandInput) =>
  client.send(new GetSecretValueCommand(request));

beforeEach(async () => {
  state = openState(':memory:');
  secrets = createSecrets({ state, clock: createClock(state), log });
  const server = createServer(secrets.listener);
  stop = () => stopListening(server);
  client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await stop();
  state.close();
});

it('a secret is found by its name, its ARN, and its ARN without the random end', async () => {
  const arn = secrets.ensure({ name: 'credits/stripe', value: 'whsec_one' });
  expect(arn).toMatch(
    /^arn:aws:secretsmanager:us-east-1:000000000000:secret:credits\/stripe-\w{6}$/,
  );
  for (const SecretId of ['credits/stripe', arn, arn.slice(0, -7)]) {
    expect(await get({ SecretId })).toMatchObject({
      ARN: arn,
      Name: 'credits/stripe',
      SecretString: 'whsec_one',
      VersionStages: ['AWSCURRENT'],
    });
  }
});

it('a rotation keeps the value before it, and a restart keeps the rotation', async () => {
  const SecretId = 'credits/stripe';
  const arn = secrets.ensure({ name: SecretId, value: 'whsec_one' });
  await expect(get({ SecretId, VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  const first = await get({ SecretId });
  secrets.put(arn, 'whsec_two');
  await client.send(new PutSecretValueCommand({ SecretId, SecretString: 'whsec_three' }));
  secrets.ensure({ name: SecretId, value: 'whsec_one' });

  expect((await get({ SecretId })).SecretString).toBe('whsec_three');
  const previous = await get({ SecretId, VersionStage: 'AWSPREVIOUS' });
  expect(previous).toMatchObject({ SecretString: 'whsec_two', VersionStages: ['AWSPREVIOUS'] });
  expect((await get({ SecretId, VersionId: previous.VersionId })).SecretString).toBe('whsec_two');
  await expect(get({ SecretId, VersionId: first.VersionId })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

it('a secret that is not there is refused under the real name', async () => {
  await expect(get({ SecretId: 'absent' })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret.",
  });
});
