import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import * as z from 'zod';

import type { LocatedResource, Place, ResourceIdentity } from '#infra/local/template/resolve';
import { IGNORED_TYPES } from '#infra/local/template/resource-types';
import { TemplateError } from '#infra/local/template/template-error';

/** What names on this machine depend on. */
export interface Naming extends Place {
  /** Where the gateway listens, without a slash at its end. */
  readonly apiUrl: string;
  readonly userPoolId: string;
  queueUrl(queueName: string): string;
}

/** The account that AWS's own examples use; it makes an accidental call to real AWS fail. */
export const LOCAL_PLACE: Place = { region: 'us-east-1', accountId: '000000000000' };

interface Request {
  readonly located: LocatedResource;
  readonly naming: Naming;
  readonly resolve: (value: unknown) => unknown;
  readonly arn: (service: string, resource: string) => string;
}

type Namer = (request: Request) => ResourceIdentity;

/** The Ref and the attributes of a resource on this machine. */
export function identify(
  naming: Naming,
  located: LocatedResource,
  resolve: (value: unknown) => unknown,
): ResourceIdentity {
  const arn = (service: string, resource: string): string =>
    `arn:aws:${service}:${naming.region}:${naming.accountId}:${resource}`;
  const namer = NAMERS[located.resource.Type] ?? nameIgnored;
  return namer({ located, naming, resolve, arn });
}

/** The function's name on this machine: that of its bundle's folder, e.g. `webhooks-stripe`. */
export function functionName(located: LocatedResource): string {
  return basename(assetPath(located));
}

/** Where CDK says that the function's code is, as the template has it. */
export function assetPath(located: LocatedResource): string {
  const path = located.resource.Metadata?.['aws:asset:path'];
  if (typeof path === 'string') return path;
  throw new TemplateError(`${located.path} does not say where its bundle is (aws:asset:path).`);
}

/** The path under which a function URL is reached on the gateway: `/webhooks/stripe`. */
export function functionUrlPath(name: string): string {
  return `/${name.replaceAll('-', '/')}`;
}

/** The name at the end of a function's, queue's, table's or bus's ARN (versions and streams left out). */
export function nameInArn(arn: string): string {
  const [, , service, , , ...rest] = arn.split(':');
  const resource = rest.join(':');
  switch (service) {
    case 'sqs':
      return resource;
    case 'lambda':
      return resource.split(':')[1] ?? resource;
    default:
      return resource.split('/')[1] ?? resource;
  }
}

const NAMERS: Readonly<Record<string, Namer>> = {
  'AWS::ApiGatewayV2::Api': ({ located, naming }) => {
    const id = shortId(located.path, 10);
    return { ref: id, attributes: { ApiId: id, ApiEndpoint: naming.apiUrl } };
  },
  'AWS::Cognito::UserPool': ({ naming, arn }) => {
    const id = naming.userPoolId;
    const provider = `cognito-idp.${naming.region}.amazonaws.com/${id}`;
    return {
      ref: id,
      attributes: {
        Arn: arn('cognito-idp', `userpool/${id}`),
        ProviderName: provider,
        ProviderURL: `https://${provider}`,
        UserPoolId: id,
      },
    };
  },
  'AWS::Cognito::UserPoolClient': ({ located }) => {
    const id = shortId(located.path, 26);
    return {
      ref: id,
      attributes: { ClientId: id, ClientSecret: shortId(`${located.path} secret`, 51) },
    };
  },
  'AWS::DynamoDB::GlobalTable': nameTable,
  'AWS::DynamoDB::Table': nameTable,
  'AWS::Events::EventBus': (request) => {
    const name = givenName(request, 'Name');
    const bus = request.arn('events', `event-bus/${name}`);
    return { ref: name, attributes: { Arn: bus, Name: name } };
  },
  'AWS::Events::Rule': (request) => {
    const name = constructName(request, 'Name');
    return { ref: name, attributes: { Arn: request.arn('events', `rule/${name}`) } };
  },
  'AWS::Lambda::Alias': nameVersion,
  'AWS::Lambda::Function': ({ located, arn }) => {
    const name = functionName(located);
    return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
  },
  'AWS::Lambda::Url': ({ located, naming, resolve }) => {
    const target = z.string().parse(resolve(located.resource.Properties['TargetFunctionArn']));
    const name = target.startsWith('arn:') ? nameInArn(target) : target;
    const url = `${naming.apiUrl}${functionUrlPath(name)}`;
    return { ref: target, attributes: { FunctionArn: target, FunctionUrl: url } };
  },
  'AWS::Lambda::Version': nameVersion,
  'AWS::S3::Bucket': (request) => {
    const name = givenName(request, 'BucketName').toLowerCase();
    // Names of buckets are the world's, so their ARNs have neither region nor account.
    return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
  },
  'AWS::SES::EmailIdentity': (request) => {
    return { ref: givenName(request, 'EmailIdentity'), attributes: {} };
  },
  'AWS::SQS::Queue': (request) => {
    const name = givenName(request, 'QueueName');
    const url = request.naming.queueUrl(name);
    return {
      ref: url,
      attributes: { Arn: request.arn('sqs', name), QueueName: name, QueueUrl: url },
    };
  },
  'AWS::Scheduler::Schedule': (request) => {
    const name = constructName(request, 'Name');
    return { ref: name, attributes: { Arn: request.arn('scheduler', `schedule/default/${name}`) } };
  },
  'AWS::SecretsManager::Secret': (request) => {
    const name = givenName(request, 'Name');
    // Secrets Manager adds six random characters, and takes an ARN without them.
    const secret = request.arn('secretsmanager', `secret:${name}`);
    return { ref: secret, attributes: { Id: secret } };
  },
};

function nameTable(request: Request): ResourceIdentity {
  const name = givenName(request, 'TableName');
  const table = request.arn('dynamodb', `table/${name}`);
  return {
    ref: name,
    attributes: { Arn: table, StreamArn: `${table}/stream/local`, TableId: name },
  };
}

function nameVersion({ located, resolve }: Request): ResourceIdentity {
  const name = z.string().parse(resolve(located.resource.Properties['FunctionName']));
  return { ref: name, attributes: { FunctionArn: name, Version: '1' } };
}

function nameIgnored({ located, arn }: Request): ResourceIdentity {
  const { logicalId, resource } = located;
  if (!IGNORED_TYPES.has(resource.Type)) return { ref: logicalId, attributes: {} };
  const service = resource.Type.split('::')[1]?.toLowerCase() ?? 'unknown';
  return { ref: logicalId, attributes: { Arn: arn(service, logicalId) } };
}

/** The name that the template gives, else the logical id without the hash that CDK adds. */
function givenName(request: Request, property: string): string {
  const { located, resolve } = request;
  const given = resolve(located.resource.Properties[property]);
  return typeof given === 'string' ? given : located.logicalId.replace(/[0-9A-F]{8}$/, '');
}

/** The name that the template gives, else that of the construct in the code: `expiry-sweep`. */
function constructName(request: Request, property: string): string {
  const { resource } = request.located;
  const path = resource.Metadata?.['aws:cdk:path'];
  const given = request.resolve(resource.Properties[property]);
  if (typeof given === 'string' || typeof path !== 'string') return givenName(request, property);
  return path.split('/').at(-2) ?? givenName(request, property);
}

function shortId(text: string, length: number): string {
  // Letters and digits only, as the ids that Cognito and API Gateway make.
  const digest = createHash('sha512').update(text).digest('hex');
  return digest.slice(0, length).toLowerCase();
}
