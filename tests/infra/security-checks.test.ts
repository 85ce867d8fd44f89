import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, expect, test } from 'vitest';
import { buildApp } from '#infra/app';
import { placeholderBundles } from '#tests/infra/placeholder-bundles';

const folder = mkdtempSync(join(tmpdir(), 'security-checks-'));
const bundles = placeholderBundles();
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(bundles, { recursive: true });
});

// All rules over the whole application: seconds of pure computing.
const SLOW_MS = 180_000;

test(
  'production passes the AWS Solutions checks, or says why not',
  () => {
    const app = buildApp({ stage: 'prod', outdir: join(folder, 'prod'), bundles });
    expect(() => app.synth()).not.toThrow();
  },
  SLOW_MS,
);

test('the checks stop a synthesis: a queue that takes plain HTTP does not get through', () => {
  const app = new App({ outdir: join(folder, 'careless'), builtinCloudFormationValidation: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new Queue(new Stack(app, 'Careless'), 'Plain');
  expect(() => app.synth()).toThrow('AwsSolutions-SQS4');
});
