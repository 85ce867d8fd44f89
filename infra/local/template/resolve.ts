import * as z from 'zod';

import type { Resource, Template } from '#infra/local/template/load-templates';
import { TemplateError } from '#infra/local/template/template-error';

/** What a resource is called once it exists: CloudFormation's Ref and Fn::GetAtt of it. */
export interface ResourceIdentity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One resource in its stack; `path` names it in error messages. */
export interface LocatedResource {
  readonly stackName: string;
  readonly logicalId: string;
  readonly path: string;
  readonly directory: string;
  readonly resource: Resource;
}

/** Gives a resource its names; `resolve` serves for the properties that decide them. */
export type Identify = (
  located: LocatedResource,
  resolve: (value: unknown) => unknown,
) => ResourceIdentity;

export interface Resolver {
  /** The resources that exist, that is, without those whose condition is false. */
  readonly resources: readonly LocatedResource[];
  /** A value of that stack's template without intrinsic functions. */
  resolve(stackName: string, value: unknown): unknown;
  identity(located: LocatedResource): ResourceIdentity;
}

export interface Place {
  readonly region: string;
  readonly accountId: string;
}

const NO_VALUE = Symbol('AWS::NoValue');
const recordSchema = z.record(z.string(), z.unknown());

/**
 * Evaluates what CloudFormation evaluates: references, joins, substitutions, conditions, and the
 * exports by which one stack reads another. Throws `TemplateError` for whatever it does not know,
 * because a guess here would hide a mistake that then shows on AWS.
 */
export function createResolver(options: {
  readonly templates: readonly Template[];
  readonly place: Place;
  readonly identify: Identify;
}): Resolver {
  const { place, identify } = options;
  const templates = new Map(options.templates.map((template) => [template.stackName, template]));
  const identities = new Map<string, ResourceIdentity | 'being made'>();
  const exports = collectExports(options.templates, (stackName, value) =>
    evaluate(stackName, value),
  );

  const evaluate = (stackName: string, value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map((item) => evaluate(stackName, item)).filter((item) => item !== NO_VALUE);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && isIntrinsic(...only)) {
      return evaluateIntrinsic({ ...context(stackName), name: only[0], argument: only[1] });
    }
    return Object.fromEntries(
      entries
        .map(([key, item]) => [key, evaluate(stackName, item)] as const)
        .filter(([, item]) => item !== NO_VALUE),
    );
  };

  const locate = (stackName: string, logicalId: string): LocatedResource | undefined => {
    const template = templates.get(stackName);
    const resource = template?.Resources[logicalId];
    if (template === undefined || resource === undefined) return undefined;
    const { directory } = template;
    return { stackName, logicalId, path: `${stackName}/${logicalId}`, directory, resource };
  };

  const identity = (located: LocatedResource): ResourceIdentity => {
    const known = identities.get(located.path);
    if (known === 'being made') {
      throw new TemplateError(`${located.path} needs its own name to make its name.`);
    }
    if (known !== undefined) return known;
    identities.set(located.path, 'being made');
    const made = identify(located, (value) => evaluate(located.stackName, value));
    identities.set(located.path, made);
    return made;
  };

  const context = (stackName: string): Context => ({
    stackName,
    place,
    template: templates.get(stackName),
    exports,
    evaluate: (value) => evaluate(stackName, value),
    identityOf: (logicalId) => {
      const located = locate(stackName, logicalId);
      return located === undefined ? undefined : identity(located);
    },
  });

  const resources = options.templates.flatMap((template) =>
    Object.keys(template.Resources)
      .map((logicalId) => locate(template.stackName, logicalId))
      .filter((located) => located !== undefined)
      .filter(
        ({ resource }) =>
          resource.Condition === undefined ||
          conditionHolds(context(template.stackName), resource.Condition),
      ),
  );
  return { resources, resolve: evaluate, identity };
}

interface Context {
  readonly stackName: string;
  readonly place: Place;
  readonly template: Template | undefined;
  readonly exports: ReadonlyMap<string, () => unknown>;
  evaluate(value: unknown): unknown;
  identityOf(logicalId: string): ResourceIdentity | undefined;
}

function isIntrinsic(key: string, argument: unknown): boolean {
  // A statement's Condition is an object; only the name of a condition is a function call.
  if (key === 'Condition') return typeof argument === 'string';
  return key === 'Ref' || key.startsWith('Fn::');
}

type Intrinsic = (context: Context, argument: unknown) => unknown;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (context, argument) => reference(context, z.string().parse(argument)),
  Condition: (context, argument) => conditionHolds(context, z.string().parse(argument)),
  'Fn::And': (context, argument) =>
    z
      .array(z.unknown())
      .parse(argument)
      .every((item) => context.evaluate(item)),
  'Fn::Base64': (context, argument) =>
    Buffer.from(z.string().parse(context.evaluate(argument))).toString('base64'),
  'Fn::Equals': (context, argument) => {
    const [left, right] = z.tuple([z.unknown(), z.unknown()]).parse(context.evaluate(argument));
    return left === right;
  },
  'Fn::FindInMap': findInMap,
  'Fn::GetAtt': (context, argument) => getAttribute(context, argument),
  'Fn::If': (context, argument) => {
    const [name, yes, no] = z.tuple([z.string(), z.unknown(), z.unknown()]).parse(argument);
    return context.evaluate(conditionHolds(context, name) ? yes : no);
  },
  'Fn::ImportValue': (context, argument) => {
    const name = z.string().parse(context.evaluate(argument));
    const value = context.exports.get(name);
    if (value === undefined) throw new TemplateError(`No stack exports "${name}".`);
    return value();
  },
  'Fn::Join': (context, argument) => {
    const [separator, parts] = z.tuple([z.string(), z.unknown()]).parse(argument);
    const texts = z.array(z.union([z.string(), z.number()])).parse(context.evaluate(parts));
    return texts.join(separator);
  },
  'Fn::Not': (context, argument) => !z.tuple([z.unknown()]).parse(context.evaluate(argument))[0],
  'Fn::Or': (context, argument) =>
    z
      .array(z.unknown())
      .parse(argument)
      .some((item) => context.evaluate(item)),
  'Fn::Select': (context, argument) => {
    const [index, list] = z.tuple([z.unknown(), z.unknown()]).parse(argument);
    const items = z.array(z.unknown()).parse(context.evaluate(list));
    const item = items[z.coerce.number().int().parse(context.evaluate(index))];
    if (item === undefined) throw new TemplateError('Fn::Select asks for an item that is missing.');
    return item;
  },
  'Fn::Split': (context, argument) => {
    const [separator, text] = z.tuple([z.string(), z.unknown()]).parse(argument);
    return z.string().parse(context.evaluate(text)).split(separator);
  },
  'Fn::Sub': substitute,
};

function evaluateIntrinsic(
  call: Context & { readonly name: string; readonly argument: unknown },
): unknown {
  const intrinsic = INTRINSICS[call.name];
  if (intrinsic === undefined) {
    throw new TemplateError(`${call.stackName} uses ${call.name}, which the local stack lacks.`);
  }
  try {
    return intrinsic(call, call.argument);
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    throw new TemplateError(
      `${call.stackName}: ${call.name} of ${JSON.stringify(call.argument)} cannot be evaluated.`,
      { cause: error },
    );
  }
}

function reference(context: Context, name: string): unknown {
  const { place, stackName, template } = context;
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': place.accountId,
    'AWS::NoValue': NO_VALUE,
    'AWS::NotificationARNs': [],
    'AWS::Partition': 'aws',
    'AWS::Region': place.region,
    'AWS::StackId': `arn:aws:cloudformation:${place.region}:${place.accountId}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  if (name in pseudo) return pseudo[name];
  const identity = context.identityOf(name);
  if (identity !== undefined) return identity.ref;
  const parameter = template?.Parameters[name];
  if (parameter?.Default !== undefined) return parameter.Default;
  throw new TemplateError(`${stackName} refers to "${name}", which it neither has nor defaults.`);
}

function getAttribute(context: Context, argument: unknown): string {
  const [logicalId, attribute] =
    typeof argument === 'string'
      ? splitOnce(argument)
      : z.tuple([z.string(), z.string()]).parse(context.evaluate(argument));
  const identity = context.identityOf(logicalId);
  if (identity === undefined) {
    throw new TemplateError(`${context.stackName} has no resource "${logicalId}".`);
  }
  const value = identity.attributes[attribute];
  if (value === undefined) {
    throw new TemplateError(
      `${context.stackName}/${logicalId} has no attribute "${attribute}" on the local stack.`,
    );
  }
  return value;
}

function splitOnce(text: string): readonly [string, string] {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}

function substitute(context: Context, argument: unknown): string {
  const [text, given] =
    typeof argument === 'string'
      ? [argument, {}]
      : z.tuple([z.string(), recordSchema]).parse(argument);
  return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    const value =
      name in given
        ? context.evaluate(given[name])
        : name.includes('.')
          ? getAttribute(context, name)
          : reference(context, name);
    return String(z.union([z.string(), z.number(), z.boolean()]).parse(value));
  });
}

function findInMap(context: Context, argument: unknown): unknown {
  const path = z.array(z.string()).length(3).parse(context.evaluate(argument));
  return path.reduce<unknown>(
    (level, key) => recordSchema.parse(level)[key],
    context.template?.Mappings,
  );
}

function conditionHolds(context: Context, name: string): boolean {
  const condition = context.template?.Conditions[name];
  if (condition === undefined) {
    throw new TemplateError(`${context.stackName} has no condition "${name}".`);
  }
  return z.boolean().parse(context.evaluate(condition));
}

function collectExports(
  templates: readonly Template[],
  evaluate: (stackName: string, value: unknown) => unknown,
): ReadonlyMap<string, () => unknown> {
  const exports = new Map<string, () => unknown>();
  for (const { Outputs, stackName } of templates) {
    for (const output of Object.values(Outputs)) {
      const name = output.Export?.Name;
      // CDK writes the names of its exports as plain text.
      if (typeof name === 'string') exports.set(name, () => evaluate(stackName, output.Value));
    }
  }
  return exports;
}
