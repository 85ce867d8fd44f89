import { identify, type Naming } from '#infra/local/template/identity';
import type { Template } from '#infra/local/template/load-templates';
import type { StackModel } from '#infra/local/template/model';
import { readQueues, readSecrets, readTables } from '#infra/local/template/read-data';
import {
  readDeployCalls,
  readFunctions,
  readFunctionUrls,
} from '#infra/local/template/read-functions';
import { readHttpApis } from '#infra/local/template/read-http-apis';
import { readEmailIdentities, readUserPools } from '#infra/local/template/read-identity';
import { readEventSources, readRules, readSchedules } from '#infra/local/template/read-triggers';
import { createResolver, type Resolver } from '#infra/local/template/resolve';
import { IGNORED_TYPES, RUN_TYPES } from '#infra/local/template/resource-types';
import { TemplateError } from '#infra/local/template/template-error';

/**
 * Turns the synthesized templates into what the stack has to run, on names of this machine.
 *
 * Throws `TemplateError`, which names the resource, for a type or a property that would change
 * behaviour and that the stack does not know, and for references to functions that do not exist.
 */
export function buildModel(templates: readonly Template[], naming: Naming): StackModel {
  const resolver = createResolver({
    templates,
    place: naming,
    identify: (located, resolve) => identify(naming, located, resolve),
  });
  refuseUnknownTypes(resolver);
  const model: StackModel = {
    functions: readFunctions(resolver),
    apis: readHttpApis(resolver),
    functionUrls: readFunctionUrls(resolver),
    tables: readTables(resolver),
    queues: readQueues(resolver),
    buckets: resolver.resources
      .filter(({ resource }) => resource.Type === 'AWS::S3::Bucket')
      .map((located) => resolver.identity(located).ref),
    eventSources: readEventSources(resolver),
    eventBuses: resolver.resources
      .filter(({ resource }) => resource.Type === 'AWS::Events::EventBus')
      .map((located) => resolver.identity(located).ref),
    rules: readRules(resolver),
    schedules: readSchedules(resolver),
    userPools: readUserPools(resolver),
    secrets: readSecrets(resolver),
    emailIdentities: readEmailIdentities(resolver),
    deployCalls: readDeployCalls(resolver),
  };
  refuseUnknownFunctions(model);
  return model;
}

function refuseUnknownTypes(resolver: Resolver): void {
  const unknown = resolver.resources.filter(
    ({ resource }) => !RUN_TYPES.has(resource.Type) && !IGNORED_TYPES.has(resource.Type),
  );
  if (unknown.length === 0) return;
  const names = unknown.map(({ path, resource }) => `${path} (${resource.Type})`);
  throw new TemplateError(
    `The local stack does not know ${names.join(', ')}: teach it to run the type, or list it as ignored in infra/local/template/resource-types.ts.`,
  );
}

function refuseUnknownFunctions(model: StackModel): void {
  const known = new Set(model.functions.map(({ name }) => name));
  const called = [
    ...model.apis.flatMap((api) => api.routes.map((route) => route.functionName)),
    ...model.functionUrls.map((url) => url.functionName),
    ...model.eventSources.map((source) => source.functionName),
    ...[...model.rules, ...model.schedules]
      .flatMap((rule) => rule.targets)
      .flatMap(({ to }) => (to.kind === 'function' ? [to.name] : [])),
    ...model.userPools.flatMap((pool) => pool.postConfirmation ?? []),
    ...model.deployCalls.map((call) => call.functionName),
  ];
  const missing = called.find((name) => !known.has(name));
  if (missing === undefined) return;
  throw new TemplateError(`The template calls a function "${missing}" that it does not have.`);
}
