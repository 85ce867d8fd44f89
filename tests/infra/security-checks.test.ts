import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { buildApp } from '#infra/app';
import { placeholderBundles } from '#tests/infra/placeholder-bundles';

const outdir = () => mkdtempSync(join(tmpdir(), 'security-checks-'));

test('production passes the AWS Solutions checks, or says why not', () => {
  const app = buildApp({ stage: 'prod', outdir: outdir(), bundles: placeholderBundles() });
  expect(() => app.synth()).not.toThrow();
});

test('the checks stop a synthesis: a queue that takes plain HTTP does not get through', () => {
  const app = new App({ outdir: outdir(), builtinCloudFormationValidation: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new Queue(new Stack(app, 'Careless'), 'Plain');
  expect(() => app.synth()).toThrow('AwsSolutions-SQS4');
});
