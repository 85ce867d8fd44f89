import { expect, test } from 'vitest';
import * as z from 'zod';
import { functionDefinitions } from '#infra/functions';
import { allRoutes } from '#lib/contract/routes';
import { getAtt, oneOrMany, ofType, ref, synthesized } from '#tests/infra/synthesized';

const resources = synthesized();
const roles = ofType(
  resources,
  'AWS::IAM::Role',
  z.object({ ManagedPolicyArns: z.array(z.unknown()).default([]), Policies: z.never().optional() }),
);
const policies = ofType(
  resources,
  'AWS::IAM::Policy',
  z.object({
    Roles: z.tuple([ref]),
    PolicyDocument: z.object({
      Statement: z.array(
        z.object({
          Effect: z.literal('Allow'),
          Action: oneOrMany(z.string()),
          Resource: oneOrMany(z.unknown()),
        }),
      ),
    }),
  }),
);
const functions = ofType(
  resources,
  'AWS::Lambda::Function',
  z.object({ FunctionName: z.string(), Role: getAtt }),
);
const statements = policies.flatMap(({ properties }) =>
  properties.PolicyDocument.Statement.map((statement) => ({
    role: properties.Roles[0],
    actions: statement.Action,
    resources: statement.Resource.map((resource) => JSON.stringify(resource)),
  })),
);

function actionsOf(name: string): string[] {
  const lambda = functions.find(({ properties }) => properties.FunctionName.endsWith(`-${name}`));
  return statements
    .filter(({ role }) => role === lambda?.properties.Role)
    .flatMap(({ actions }) => actions)
    .sort();
}

test('every function has a role of its own, without managed policies', () => {
  expect(new Set(functions.map(({ properties }) => properties.Role)).size).toBe(functions.length);
  expect(roles).toHaveLength(functions.length);
  expect(roles.flatMap(({ properties }) => properties.ManagedPolicyArns)).toEqual([]);
});

test('every action is named', () => {
  const wide = statements.flatMap(({ actions }) =>
    actions.filter((action) => !/^[a-z0-9-]+:[A-Za-z]+$/.test(action)),
  );
  expect(wide).toEqual([]);
});

test('every resource is named, but for traces, the list of one table’s streams, and the files of exports', () => {
  const wide = statements
    .filter(({ resources: named }) => named.some((resource) => resource.includes('*')))
    .flatMap(({ actions }) => actions);
  expect([...new Set(wide)].sort()).toEqual([
    'dynamodb:ListStreams',
    's3:GetObject',
    's3:PutObject',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
});

test('nobody may scan, delete, or write without a condition', () => {
  const used = new Set(statements.flatMap(({ actions }) => actions));
  for (const action of used) {
    expect(action).not.toMatch(/dynamodb:(Scan|DeleteItem|BatchWriteItem|PartiQL\w*|DeleteTable)/);
  }
  expect(used).toContain('dynamodb:PutItem');
});

test('a function may write to the table exactly when one of its routes changes something', () => {
  const serving = new Set(allRoutes.map((route) => route.function));
  const changing = new Set(
    allRoutes.filter(({ method }) => method !== 'GET').map((route) => route.function),
  );
  for (const name of serving) {
    expect(actionsOf(name).includes('dynamodb:PutItem'), name).toBe(changing.has(name));
  }
});

test('the receiver may only read its secret and fill its queue', () => {
  expect(actionsOf('webhooks-stripe')).toEqual([
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'secretsmanager:GetSecretValue',
    'sqs:SendMessage',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
});

test('only the stream function publishes facts', () => {
  const publishers = Object.keys(functionDefinitions).filter((name) =>
    actionsOf(name).includes('events:PutEvents'),
  );
  expect(publishers).toEqual(['stream']);
});

test('e-mail goes out as one address only', () => {
  const sending = resources
    .filter(({ type }) => type === 'AWS::IAM::Policy')
    .map(({ properties }) => JSON.stringify(properties))
    .filter((policy) => policy.includes('ses:'));
  expect(sending).toHaveLength(1);
  expect(sending[0]).toContain('"Condition":{"StringEquals":{"ses:FromAddress":');
});
