import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { buildApp } from '#infra/app';
import type { StageName } from '#infra/stage';
import { placeholderBundles } from '#tests/infra/placeholder-bundles';

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
      DependsOn: z.array(z.string()).default([]),
      Metadata: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

export interface Resource<P = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly type: string;
  readonly properties: P;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
  readonly dependsOn: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The resources of both stacks of a stage, as CloudFormation would get them. */
export function synthesized(stage: StageName = 'dev'): readonly Resource[] {
  const outdir = mkdtempSync(join(tmpdir(), 'synthesized-'));
  const bundles = placeholderBundles();
  const { stacks } = buildApp({ stage, outdir, bundles, checks: false }).synth();
  const resources = stacks.flatMap((stack) =>
    Object.entries(templateSchema.parse(stack.template).Resources).map(([id, resource]) => ({
      id,
      type: resource.Type,
      properties: resource.Properties,
      deletionPolicy: resource.DeletionPolicy,
      updateReplacePolicy: resource.UpdateReplacePolicy,
      dependsOn: resource.DependsOn,
      metadata: resource.Metadata,
    })),
  );
  rmSync(outdir, { recursive: true });
  rmSync(bundles, { recursive: true });
  return resources;
}

/** The resources of one type, their properties parsed: a template that lost a property fails here. */
export function ofType<S extends z.ZodType>(
  resources: readonly Resource[],
  type: string,
  schema: S,
): readonly Resource<z.output<S>>[] {
  return resources
    .filter((resource) => resource.type === type)
    .map((resource) => ({ ...resource, properties: schema.parse(resource.properties) }));
}

export const ref = z.object({ Ref: z.string() }).transform((value) => value.Ref);

export const getAtt = z
  .object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) })
  .transform((value) => value['Fn::GetAtt'][0]);

/** The resource that a `Ref` or an `Fn::GetAtt` names. */
export const target = z.union([ref, getAtt]);

/** What may be one value or a list of them. */
export function oneOrMany<S extends z.ZodType>(schema: S) {
  return z.union([schema.transform((value) => [value]), z.array(schema)]);
}
