import { join } from 'node:path';
import { expect, test } from 'vitest';

import { buildModel } from '#infra/local/template/build-model';
import type { Naming } from '#infra/local/template/identity';
import { LOCAL_PLACE } from '#infra/local/template/identity';
import { parseTemplate, type Template } from '#infra/local/template/load-templates';
import { temporaryFolder, writeBundle } from '#tests/infra/local/fixture-function';

const naming: Naming = {
  ...LOCAL_PLACE,
  apiUrl: 'http://localhost:3000',
  userPoolId: 'us-east-1_LocalDev1',
  queueUrl: (name) => `http://127.0.0.1:9324/000000000000/${name}`,
};

const directory = temporaryFolder();
for (const name of ['wallet', 'webhooks-stripe']) {
  writeBundle(join(directory, name), 'export const handler = async () => 1;');
}

function template(stackName: string, resources: object, rest: object = {}): Template {
  return parseTemplate({
    stackName,
    directory,
    text: JSON.stringify({ Resources: resources, ...rest }),
  });
}

function lambda(name: string, properties: object = {}): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Code: {},
      Role: 'r',
      ...properties,
    },
    Metadata: { 'aws:asset:path': name },
  };
}

test('references, joins and exports of another stack become plain values in an environment', () => {
  const tables = template(
    'Tables',
    {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'g', AttributeType: 'S' },
          ],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          GlobalSecondaryIndexes: [
            {
              IndexName: 'gsi1',
              KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
          StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
          TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
          Tags: [],
        },
      },
    },
    { Outputs: { Name: { Value: { Ref: 'Table' }, Export: { Name: 'Tables:Name' } } } },
  );
  const service = template(
    'Service',
    {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'mail' } },
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'facts' } },
      Role: { Type: 'AWS::IAM::Role', Properties: { Anything: { 'Fn::Unheard': 1 } } },
      Wallet: lambda('wallet', {
        Timeout: 10,
        MemorySize: 512,
        Environment: {
          Variables: {
            TABLE: { 'Fn::ImportValue': 'Tables:Name' },
            QUEUE: { Ref: 'Queue' },
            QUEUE_ARN: { 'Fn::GetAtt': ['Queue', 'Arn'] },
            JOINED: { 'Fn::Join': ['-', ['a', { Ref: 'Bus' }, { Ref: 'AWS::Region' }]] },
            SUB: { 'Fn::Sub': ['${Bus.Arn}/${!kept}/${given}', { given: 'x' }] },
            PART: { 'Fn::Select': [1, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Queue', 'Arn'] }] }] },
            GONE: { Ref: 'AWS::NoValue' },
            CHOSEN: { 'Fn::If': ['Never', 'yes', 'no'] },
          },
        },
      }),
    },
    { Conditions: { Never: { 'Fn::Equals': ['a', { Ref: 'AWS::Partition' }] } } },
  );

  const model = buildModel([tables, service], naming);

  expect(model.functions).toEqual([
    {
      name: 'wallet',
      directory: join(directory, 'wallet'),
      handler: 'handler',
      timeoutMs: 10_000,
      memoryMb: 512,
      environment: {
        TABLE: 'Table',
        QUEUE: 'http://127.0.0.1:9324/000000000000/mail',
        QUEUE_ARN: 'arn:aws:sqs:us-east-1:000000000000:mail',
        JOINED: 'a-facts-us-east-1',
        SUB: 'arn:aws:events:us-east-1:000000000000:event-bus/facts/${kept}/x',
        PART: 'aws',
        CHOSEN: 'no',
      },
    },
  ]);
  expect(model.tables).toEqual([
    {
      name: 'Table',
      template: {
        TableName: 'Table',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'g', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'gsi1',
            KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      },
    },
  ]);
});

test('routes carry their function, authorizer, scopes and throttle', () => {
  const model = buildModel(
    [
      template('Api', {
        Wallet: lambda('wallet'),
        Api: {
          Type: 'AWS::ApiGatewayV2::Api',
          Properties: {
            Name: 'x',
            ProtocolType: 'HTTP',
            CorsConfiguration: { AllowOrigins: ['https://a.example'] },
          },
        },
        Stage: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: {
            ApiId: { Ref: 'Api' },
            StageName: '$default',
            DefaultRouteSettings: { ThrottlingBurstLimit: 10, ThrottlingRateLimit: 5 },
            RouteSettings: { 'POST /redeem': { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 1 } },
          },
        },
        Authorizer: {
          Type: 'AWS::ApiGatewayV2::Authorizer',
          Properties: {
            ApiId: { Ref: 'Api' },
            AuthorizerType: 'JWT',
            IdentitySource: ['$request.header.Authorization'],
            JwtConfiguration: {
              Audience: ['app'],
              Issuer: { 'Fn::GetAtt': ['Pool', 'ProviderURL'] },
            },
          },
        },
        Pool: { Type: 'AWS::Cognito::UserPool', Properties: {} },
        Integration: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: {
            ApiId: { Ref: 'Api' },
            IntegrationType: 'AWS_PROXY',
            IntegrationUri: { 'Fn::GetAtt': ['Wallet', 'Arn'] },
            PayloadFormatVersion: '2.0',
          },
        },
        Redeem: {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: { Ref: 'Api' },
            RouteKey: 'POST /redeem',
            AuthorizationType: 'JWT',
            AuthorizerId: { Ref: 'Authorizer' },
            AuthorizationScopes: ['credits/write'],
            Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
          },
        },
      }),
    ],
    naming,
  );

  expect(model.apis[0]).toMatchObject({
    throttle: { burst: 10, ratePerSecond: 5 },
    cors: { allowOrigins: ['https://a.example'] },
    routes: [
      {
        routeKey: 'POST /redeem',
        functionName: 'wallet',
        timeoutMs: 29_000,
        scopes: ['credits/write'],
        throttle: { burst: 2, ratePerSecond: 1 },
        authorizer: {
          issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_LocalDev1',
          audience: ['app'],
          header: 'authorization',
        },
      },
    ],
  });
});

test('queues, streams, function URLs, schedules, rules and triggers name the functions they call', () => {
  const wallet = { 'Fn::GetAtt': ['Wallet', 'Arn'] };
  const model = buildModel(
    [
      template('Triggers', {
        Wallet: lambda('wallet', { ReservedConcurrentExecutions: 5 }),
        Stripe: lambda('webhooks-stripe'),
        Mail: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            VisibilityTimeout: 180,
            RedrivePolicy: {
              deadLetterTargetArn: { 'Fn::GetAtt': ['MailDead', 'Arn'] },
              maxReceiveCount: 5,
            },
          },
        },
        MailDead: { Type: 'AWS::SQS::Queue', Properties: {} },
        OnMail: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: { 'Fn::GetAtt': ['Mail', 'Arn'] },
            FunctionName: { Ref: 'Wallet' },
            FunctionResponseTypes: ['ReportBatchItemFailures'],
            ScalingConfig: { MaximumConcurrency: 3 },
          },
        },
        Url: {
          Type: 'AWS::Lambda::Url',
          Properties: { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': ['Stripe', 'Arn'] } },
        },
        Hourly: {
          Type: 'AWS::Events::Rule',
          Properties: {
            ScheduleExpression: 'rate(1 hour)',
            State: 'ENABLED',
            Targets: [{ Arn: wallet, Id: 'T' }],
          },
        },
        Nightly: {
          Type: 'AWS::Scheduler::Schedule',
          Properties: {
            FlexibleTimeWindow: { Mode: 'OFF' },
            ScheduleExpression: 'cron(0 3 * * ? *)',
            ScheduleExpressionTimezone: 'Europe/Berlin',
            Target: { Arn: wallet, RoleArn: 'r', Input: '{"job":"verify"}' },
          },
        },
        OnFact: {
          Type: 'AWS::Events::Rule',
          Properties: {
            EventPattern: { source: ['credits'] },
            Targets: [{ Arn: { 'Fn::GetAtt': ['Mail', 'Arn'] }, Id: 'T' }],
          },
        },
        Pool: {
          Type: 'AWS::Cognito::UserPool',
          Properties: { LambdaConfig: { PostConfirmation: wallet } },
        },
        Defaults: {
          Type: 'AWS::CloudFormation::CustomResource',
          Properties: { ServiceToken: wallet, ServiceTimeout: '120', Revision: 'r1' },
        },
      }),
    ],
    naming,
  );

  expect(model.queues.map((queue) => queue.name)).toEqual(['MailDead', 'Mail']);
  expect(model.queues[1]).toMatchObject({
    deadLetterQueue: 'MailDead',
    visibilityTimeoutMs: 180_000,
    attributes: { VisibilityTimeout: '180' },
  });
  expect(model.eventSources).toEqual([
    {
      kind: 'queue',
      queueName: 'Mail',
      functionName: 'wallet',
      batchSize: 10,
      maximumConcurrency: 3,
      reportBatchItemFailures: true,
      filters: [],
    },
  ]);
  expect(model.functionUrls).toEqual([
    { functionName: 'webhooks-stripe', path: '/webhooks/stripe' },
  ]);
  expect(model.schedules).toMatchObject([
    { name: 'Hourly', expression: 'rate(1 hour)', timeZone: 'UTC', source: 'rule' },
    {
      name: 'Nightly',
      timeZone: 'Europe/Berlin',
      source: 'scheduler',
      targets: [{ input: '{"job":"verify"}' }],
    },
  ]);
  expect(model.rules).toMatchObject([
    { name: 'OnFact', bus: 'default', targets: [{ to: { kind: 'queue', name: 'Mail' } }] },
  ]);
  expect(model.userPools).toMatchObject([{ postConfirmation: 'wallet' }]);
  expect(model.deployCalls).toMatchObject([
    { functionName: 'wallet', logicalId: 'Defaults', properties: { Revision: 'r1' } },
  ]);
});

test.each([
  [
    'a type that nobody decided about',
    { Fleet: { Type: 'AWS::EC2::Fleet' } },
    /Service\/Fleet \(AWS::EC2::Fleet\)/,
  ],
  [
    'a property that would change behaviour',
    { Q: { Type: 'AWS::SQS::Queue', Properties: { Surprise: 1 } } },
    /Service\/Q .*Surprise/s,
  ],
  [
    'a reference to nothing',
    { Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: { Ref: 'Missing' } } } },
    /"Missing"/,
  ],
  [
    'an unknown intrinsic function',
    { Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: { 'Fn::Magic': 1 } } } },
    /Fn::Magic/,
  ],
  ['a function without its bundle', { F: lambda('nowhere') }, /Service\/F has no bundle/],
  [
    'a trigger of Cognito that is not run',
    {
      Pool: { Type: 'AWS::Cognito::UserPool', Properties: { LambdaConfig: { PreSignUp: 'arn' } } },
    },
    /Service\/Pool .*PreSignUp/s,
  ],
])('%s stops the start with the name of its resource', (_, resources, message) => {
  expect(() => buildModel([template('Service', resources)], naming)).toThrow(message);
});
