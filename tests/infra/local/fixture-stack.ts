import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryFolder, writeBundle } from '#tests/infra/local/fixture-function';

const TABLE = `
  import { DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
  const table = new DynamoDBClient({});
  const put = (pk, more = {}) => table.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk }, ...more } }));
  const count = (pk) => table.send(new UpdateItemCommand({
    TableName: process.env.TABLE, Key: { pk: { S: pk } },
    UpdateExpression: 'ADD times :one', ExpressionAttributeValues: { ':one': { N: '1' } },
    ReturnValues: 'ALL_NEW',
  })).then((answer) => Number(answer.Attributes.times.N));
`;

/** Small functions that say in the table what happened to them. */
const FUNCTIONS = {
  api: `${TABLE}
    import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
    const queue = new SQSClient({});
    export const handler = async (event) => {
      const body = event.body ? JSON.parse(event.body) : {};
      if (event.routeKey === 'POST /items') for (const id of body.ids) await put('ITEM#' + id);
      if (event.routeKey === 'POST /messages')
        for (const text of body.messages) await queue.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: text }));
      return { now: new Date().toISOString(), user: event.requestContext.authorizer?.jwt.claims.sub };
    };`,
  consumer: `${TABLE}
    export const handler = async (event) => {
      const batchItemFailures = [];
      for (const record of event.Records) {
        await count('MESSAGE#' + record.body);
        if (record.body.startsWith('bad')) batchItemFailures.push({ itemIdentifier: record.messageId });
      }
      return { batchItemFailures };
    };`,
  stream: `${TABLE}
    export const handler = async (event) => {
      for (const record of event.Records) {
        const pk = record.dynamodb.Keys.pk.S;
        if (pk.startsWith('ITEM#poison')) throw new Error('cannot handle ' + pk);
        // The first time it never ends, so that a test can kill the stack in the middle.
        if (pk.startsWith('ITEM#slow') && (await count('BEGUN#' + pk)) === 1) await new Promise((done) => setTimeout(done, 3_600_000));
        await count('SEEN#' + pk);
      }
    };`,
  registration: `${TABLE}
    export const handler = async (event) => {
      await count('USER#' + event.request.userAttributes.email);
      return event;
    };`,
  seed: `${TABLE}
    export const handler = async (event) => {
      await put('DEFAULTS');
      const { RequestId, StackId, LogicalResourceId } = event;
      await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'x', RequestId, StackId, LogicalResourceId }) });
    };`,
  tick: `${TABLE}
    export const handler = async (event) => {
      await put('TICK#' + event.time, { clock: { S: new Date().toISOString() } });
    };`,
  'webhooks-echo': `export const handler = async (event) => ({ statusCode: 202, body: event.body });`,
};

/** Synthesized templates of a small stack that has one of everything; its folder. */
export function writeFixtureTemplates(): string {
  const directory = temporaryFolder();
  for (const [name, source] of Object.entries(FUNCTIONS)) {
    writeBundle(join(directory, 'functions', name), source);
  }
  const outdir = join(directory, 'cdk.out');
  mkdirSync(outdir);
  const template = { Resources: { ...functions(), ...http(), ...sources(), ...rest() } };
  writeFileSync(join(outdir, 'fixture.template.json'), JSON.stringify(template));
  return outdir;
}

const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const functionId = (name: string) => `Fn${name.replace('-', '')}`;

function functions(): object {
  return Object.fromEntries(
    Object.keys(FUNCTIONS).map((name) => [
      functionId(name),
      {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Handler: 'index.handler',
          Runtime: 'nodejs24.x',
          // Generous: a test machine may be busy with other things.
          Timeout: 30,
          MemorySize: 256,
          Environment: { Variables: { TABLE: { Ref: 'Table' }, QUEUE_URL: { Ref: 'Queue' } } },
        },
        Metadata: { 'aws:asset:path': `../functions/${name}` },
      },
    ]),
  );
}

function http(): object {
  const ApiId = { Ref: 'Api' };
  const route = (RouteKey: string, more: object = {}) => ({
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: { ApiId, RouteKey, Target: { 'Fn::Sub': 'integrations/${Integration}' }, ...more },
  });
  return {
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
    Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId, StageName: '$default' } },
    Authorizer: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId,
        AuthorizerType: 'JWT',
        JwtConfiguration: {
          Audience: [{ Ref: 'AppClient' }],
          Issuer: { 'Fn::GetAtt': ['Pool', 'ProviderURL'] },
        },
      },
    },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId,
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arn('Fnapi'),
        PayloadFormatVersion: '2.0',
      },
    },
    Now: route('GET /now'),
    Me: route('GET /me', { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Authorizer' } }),
    Items: route('POST /items'),
    Messages: route('POST /messages'),
    Url: {
      Type: 'AWS::Lambda::Url',
      Properties: { AuthType: 'NONE', TargetFunctionArn: arn('Fnwebhooksecho') },
    },
  };
}

function sources(): object {
  return {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: 'messages',
        VisibilityTimeout: 30,
        RedrivePolicy: { deadLetterTargetArn: arn('Dead'), maxReceiveCount: 2 },
      },
    },
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'messages-dead' } },
    StreamFailures: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'stream-failures' } },
    OnMessage: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: arn('Queue'),
        FunctionName: { Ref: 'Fnconsumer' },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
    OnChange: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
        FunctionName: { Ref: 'Fnstream' },
        StartingPosition: 'TRIM_HORIZON',
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure: { Destination: arn('StreamFailures') } },
        FilterCriteria: {
          Filters: [{ Pattern: '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ITEM#"}]}}}}' }],
        },
      },
    },
    Hourly: {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(1 hour)',
        Targets: [{ Arn: arn('Fntick'), Id: 'T' }],
      },
    },
  };
}

function rest(): object {
  return {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'fixture',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    },
    Pool: {
      Type: 'AWS::Cognito::UserPool',
      Properties: { LambdaConfig: { PostConfirmation: arn('Fnregistration') } },
    },
    AppClient: {
      Type: 'AWS::Cognito::UserPoolClient',
      Properties: { UserPoolId: { Ref: 'Pool' }, ClientName: 'app' },
    },
    Defaults: {
      Type: 'AWS::CloudFormation::CustomResource',
      Properties: { ServiceToken: arn('Fnseed') },
    },
  };
}
