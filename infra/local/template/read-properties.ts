import * as z from 'zod';

import type { LocatedResource, Resolver } from '#infra/local/template/resolve';
import { TemplateError } from '#infra/local/template/template-error';

/** One resource with its properties resolved and checked. */
export interface Read<T> {
  readonly located: LocatedResource;
  readonly properties: T;
}

/**
 * Reads all resources of some types. Schemas are strict and `ignore` names what changes nothing on
 * this machine (tags, roles, encryption), so that any other property stops the start with the
 * resource's name instead of being left out silently.
 */
export function readAll<T>(
  resolver: Resolver,
  request: {
    readonly types: readonly string[];
    readonly schema: z.ZodType<T>;
    readonly ignore?: readonly string[];
  },
): readonly Read<T>[] {
  const { types, schema, ignore = [] } = request;
  return resolver.resources
    .filter(({ resource }) => types.includes(resource.Type))
    .map((located) => {
      const followed = Object.entries(located.resource.Properties).filter(
        ([name]) => !ignore.includes(name),
      );
      const resolved = resolver.resolve(located.stackName, Object.fromEntries(followed));
      const parsed = schema.safeParse(resolved);
      if (parsed.success) return { located, properties: parsed.data };
      throw new TemplateError(
        `The local stack cannot run ${located.path} (${located.resource.Type}) as it is written: ${z.prettifyError(parsed.error)}`,
      );
    });
}

/** CloudFormation takes numbers and booleans as text too. */
export const wholeNumber = z.coerce.number().int();
export const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((text) => text === 'true'),
]);
