import { expect, test } from 'vitest';
import * as z from 'zod';
import { getAtt, ofType, synthesized } from '#tests/infra/synthesized';

const resources = synthesized();
const [pool] = ofType(
  resources,
  'AWS::Cognito::UserPool',
  z.object({
    DeletionProtection: z.string(),
    MfaConfiguration: z.string(),
    EnabledMfas: z.array(z.string()),
    Policies: z.object({ PasswordPolicy: z.record(z.string(), z.unknown()) }),
    LambdaConfig: z.object({ PostConfirmation: getAtt }),
  }),
);
const clients = new Map(
  ofType(
    resources,
    'AWS::Cognito::UserPoolClient',
    z.object({ ClientName: z.string() }).catchall(z.unknown()),
  ).map(({ properties }) => [properties.ClientName, properties]),
);

test('users cannot be lost with the stack', () => {
  expect(pool?.deletionPolicy).toBe('Retain');
  expect(pool?.properties.DeletionProtection).toBe('ACTIVE');
});

test('passwords are long and mixed, and a second factor is an authenticator', () => {
  expect(pool?.properties.Policies.PasswordPolicy).toMatchObject({
    MinimumLength: 12,
    RequireLowercase: true,
    RequireUppercase: true,
    RequireNumbers: true,
    RequireSymbols: true,
  });
  expect(pool?.properties.EnabledMfas).toEqual(['SOFTWARE_TOKEN_MFA']);
});

test('a confirmed user gets an account', () => {
  const lambda = resources.find(({ id }) => id === pool?.properties.LambdaConfig.PostConfirmation);
  expect(lambda?.properties['FunctionName']).toBe('credit-ledger-dev-registration');
});

test('the app client has no secret to lose, and tells nobody who has an account', () => {
  expect(clients.get('app')).toMatchObject({
    GenerateSecret: false,
    PreventUserExistenceErrors: 'ENABLED',
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
});

test('the admin client needs its secret even to sign up, and its tokens are short-lived', () => {
  expect(clients.get('admin')).toMatchObject({
    GenerateSecret: true,
    PreventUserExistenceErrors: 'ENABLED',
    AccessTokenValidity: 15,
    AllowedOAuthFlows: ['code'],
  });
});

test('the machine client gets tokens for the two scopes, and only for itself', () => {
  expect(clients.get('service')).toMatchObject({
    GenerateSecret: true,
    AllowedOAuthFlows: ['client_credentials'],
    AllowedOAuthScopes: ['credits/read', 'credits/write'],
  });
});

test('the groups that permissions speak of exist', () => {
  const groups = ofType(
    resources,
    'AWS::Cognito::UserPoolGroup',
    z.object({ GroupName: z.string() }),
  ).map(({ properties }) => properties.GroupName);
  expect(groups.sort()).toEqual(['admin', 'finance', 'support', 'suspended']);
});
