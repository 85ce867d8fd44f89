import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { functionDefinitions, functionNames } from '#infra/functions';
import { getAtt, ofType, ref, synthesized, target } from '#tests/infra/synthesized';

const resources = synthesized('prod');
const functions = ofType(
  resources,
  'AWS::Lambda::Function',
  z.object({
    FunctionName: z.string(),
    Runtime: z.string(),
    Architectures: z.array(z.string()),
    MemorySize: z.number(),
    Timeout: z.number(),
    TracingConfig: z.object({ Mode: z.string() }),
    LoggingConfig: z.object({ LogFormat: z.string(), LogGroup: ref }),
    Role: getAtt,
    ReservedConcurrentExecutions: z.number().optional(),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  }),
);

function named(name: string) {
  const found = functions.find(
    ({ properties }) => properties.FunctionName === `credit-ledger-prod-${name}`,
  );
  expect(found, name).toBeDefined();
  return found;
}

test('every function of the table is in the template, and no other', () => {
  const names = functionNames().map((name) => `credit-ledger-prod-${name}`);
  expect(functions.map(({ properties }) => properties.FunctionName).sort()).toEqual(names.sort());
});

test('every function of the table has its folder', () => {
  const missing = functionNames().filter((name) => {
    const folders = [name, name.replace('-', '/')];
    return !folders.some((folder) => existsSync(join('functions', folder, 'handler.ts')));
  });
  expect(missing).toEqual([]);
});

test('every function runs on Node 24 on arm64, traced, with explicit memory and time', () => {
  for (const { properties } of functions) {
    expect(properties, properties.FunctionName).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON' },
    });
  }
});

test('every function logs to a group of its own that forgets', () => {
  const groups = new Map(
    ofType(resources, 'AWS::Logs::LogGroup', z.object({ RetentionInDays: z.number() })).map(
      (group) => [group.id, group.properties.RetentionInDays],
    ),
  );
  const used = functions.map(({ properties }) => properties.LoggingConfig.LogGroup);
  expect(new Set(used).size).toBe(functions.length);
  expect(used.map((group) => groups.get(group))).toEqual(functions.map(() => 365));
});

test('what people wait for ends before the gateway gives up, and sign-up before Cognito does', () => {
  const waitedFor = [
    'wallet',
    'service',
    'purchases',
    'applications',
    'subscriptions',
    'admin',
  ] as const;
  for (const name of waitedFor) {
    expect(functionDefinitions[name].timeoutSeconds, name).toBeLessThan(29);
  }
  expect(functionDefinitions.registration.timeoutSeconds).toBeLessThanOrEqual(5);
});

test('public receivers have their concurrency set aside and bounded', () => {
  const urls = ofType(
    resources,
    'AWS::Lambda::Url',
    z.object({ AuthType: z.string(), TargetFunctionArn: getAtt }),
  );
  expect(urls).toHaveLength(2);
  for (const { properties } of urls) {
    const receiver = functions.find(({ id }) => id === properties.TargetFunctionArn);
    expect(receiver?.properties.ReservedConcurrentExecutions).toBeGreaterThan(0);
  }
});

test('a public function URL can really be called: it has both permissions', () => {
  const permissions = ofType(
    resources,
    'AWS::Lambda::Permission',
    z.object({
      Action: z.string(),
      FunctionName: target,
      Principal: z.string(),
      FunctionUrlAuthType: z.string().optional(),
      InvokedViaFunctionUrl: z.boolean().optional(),
    }),
  )
    .map(({ properties }) => properties)
    .filter(({ Principal }) => Principal === '*');
  const receivers = [named('webhooks-stripe')?.id, named('webhooks-razorpay')?.id];
  const expected = receivers.flatMap((FunctionName) => [
    {
      Action: 'lambda:InvokeFunctionUrl',
      FunctionName,
      Principal: '*',
      FunctionUrlAuthType: 'NONE',
    },
    {
      Action: 'lambda:InvokeFunction',
      FunctionName,
      Principal: '*',
      InvokedViaFunctionUrl: true,
    },
  ]);
  expect(permissions).toHaveLength(expected.length);
  expect(permissions).toEqual(expect.arrayContaining(expected));
});

test('no secret stands in an environment: only ARNs of secrets do', () => {
  for (const { properties } of functions) {
    const names = Object.keys(properties.Environment.Variables);
    const suspicious = names.filter(
      (name) => /SECRET|PASSWORD|TOKEN|API_?KEY/.test(name) && !name.endsWith('_ARN'),
    );
    expect(suspicious, properties.FunctionName).toEqual([]);
  }
  expect(JSON.stringify(resources)).not.toContain('resolve:secretsmanager');
  expect(JSON.stringify(resources)).not.toMatch(/"SecretString"/);
});

test('every function knows its stage, its log level and its names in logs and metrics', () => {
  for (const { properties } of functions) {
    expect(properties.Environment.Variables).toMatchObject({
      STAGE: 'prod',
      LOG_LEVEL: 'INFO',
      POWERTOOLS_SERVICE_NAME: 'credit-ledger',
      POWERTOOLS_METRICS_NAMESPACE: 'CreditLedger/prod',
    });
  }
});

test('defaults are written at deployment, and again when their code changes', () => {
  const [seed] = ofType(
    resources,
    'AWS::CloudFormation::CustomResource',
    z.object({ ServiceToken: getAtt, ServiceTimeout: z.number(), Revision: z.string().min(8) }),
  );
  expect(seed?.properties.ServiceToken).toBe(named('seed')?.id);
});
