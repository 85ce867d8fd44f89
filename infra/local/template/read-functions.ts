import { existsSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import * as z from 'zod';

import {
  assetPath,
  functionName,
  functionUrlPath,
  nameInArn,
} from '#infra/local/template/identity';
import type { DeployCall, FunctionModel, FunctionUrlModel } from '#infra/local/template/model';
import { readAll, wholeNumber } from '#infra/local/template/read-properties';
import type { LocatedResource, Resolver } from '#infra/local/template/resolve';
import { TemplateError } from '#infra/local/template/template-error';

const functionSchema = z.strictObject({
  Environment: z
    .strictObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
    .optional(),
  Handler: z.string().regex(/^index\.[A-Za-z]+$/),
  MemorySize: wholeNumber.default(128),
  PackageType: z.literal('Zip').optional(),
  ReservedConcurrentExecutions: wholeNumber.optional(),
  Runtime: z.string().startsWith('nodejs'),
  Timeout: wholeNumber.default(3),
});

const FUNCTION_IGNORES = [
  'Architectures',
  'Code',
  'DeadLetterConfig',
  'Description',
  'EphemeralStorage',
  'FunctionName',
  'KmsKeyArn',
  'LoggingConfig',
  'RecursiveLoop',
  'Role',
  'RuntimeManagementConfig',
  'SnapStart',
  'Tags',
  'TracingConfig',
];

/** The functions of the app. CDK's own helpers, which run only while deploying, are not among them. */
export function readFunctions(resolver: Resolver): readonly FunctionModel[] {
  const own: Resolver = {
    ...resolver,
    resources: resolver.resources.filter((located) => !isDeploymentHelper(located)),
  };
  const functions = readAll(own, {
    types: ['AWS::Lambda::Function'],
    schema: functionSchema,
    ignore: FUNCTION_IGNORES,
  }).map(({ located, properties }) => {
    const directory = resolvePath(located.directory, assetPath(located));
    if (!existsSync(join(directory, 'index.js'))) {
      throw new TemplateError(
        `${located.path} has no bundle at ${directory}/index.js: run npm run build.`,
      );
    }
    const { ReservedConcurrentExecutions: reservedConcurrency } = properties;
    return {
      name: functionName(located),
      directory,
      handler: properties.Handler.slice('index.'.length),
      environment: properties.Environment?.Variables ?? {},
      timeoutMs: properties.Timeout * 1000,
      memoryMb: properties.MemorySize,
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    };
  });
  const names = functions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TemplateError(`Two functions share the bundle "${twice}".`);
  return functions;
}

function isDeploymentHelper({ logicalId, resource }: LocatedResource): boolean {
  return resource.Type === 'AWS::Lambda::Function' && /CustomResourceProvider/.test(logicalId);
}

/** Function URLs with the local path that stands in for their host name. */
export function readFunctionUrls(resolver: Resolver): readonly FunctionUrlModel[] {
  return readAll(resolver, {
    types: ['AWS::Lambda::Url'],
    schema: z.strictObject({
      AuthType: z.literal('NONE'),
      InvokeMode: z.literal('BUFFERED').optional(),
      TargetFunctionArn: z.string(),
    }),
  }).map(({ properties }) => {
    const name = nameInArn(properties.TargetFunctionArn);
    return { functionName: name, path: functionUrlPath(name) };
  });
}

/** Functions that CloudFormation invokes while deploying, with the custom resource they stand for. */
export function readDeployCalls(resolver: Resolver): readonly DeployCall[] {
  return readAll(resolver, {
    types: ['AWS::CloudFormation::CustomResource'],
    schema: z.looseObject({ ServiceToken: z.string() }),
    ignore: ['ServiceTimeout'],
  }).map(({ located, properties }) => ({
    functionName: nameInArn(properties.ServiceToken),
    logicalId: located.logicalId,
    stackName: located.stackName,
    properties,
  }));
}
