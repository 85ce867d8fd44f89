import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

import { TemplateError } from '#infra/local/template/template-error';

const resourceSchema = z.looseObject({
  Type: z.string(),
  Condition: z.string().optional(),
  Metadata: z.record(z.string(), z.unknown()).optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});

const templateSchema = z.looseObject({
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z.record(z.string(), z.unknown()).default({}),
  Outputs: z
    .record(
      z.string(),
      z.looseObject({
        Export: z.looseObject({ Name: z.unknown() }).optional(),
        Value: z.unknown(),
      }),
    )
    .default({}),
  Parameters: z.record(z.string(), z.looseObject({ Default: z.unknown().optional() })).default({}),
  Resources: z.record(z.string(), resourceSchema).default({}),
});

export type Resource = z.infer<typeof resourceSchema>;

/** One stack's template as CDK wrote it, with the folder that its asset paths are relative to. */
export interface Template extends z.infer<typeof templateSchema> {
  readonly stackName: string;
  readonly directory: string;
}

const SUFFIX = '.template.json';

/** Reads every stack of a cloud assembly. Throws `TemplateError` when there is none or one is damaged. */
export function loadTemplates(directory: string): readonly Template[] {
  const files = readdirSync(directory)
    .filter((file) => file.endsWith(SUFFIX))
    .sort();
  if (files.length === 0) {
    throw new TemplateError(`There is no ${SUFFIX} file in ${directory}: run npm run synth first.`);
  }
  return files.map((file) =>
    parseTemplate({
      stackName: file.slice(0, -SUFFIX.length),
      directory,
      text: readFileSync(join(directory, file), 'utf8'),
    }),
  );
}

/** Reads one template's text; the stack's name stands in for CloudFormation's. */
export function parseTemplate(source: {
  readonly stackName: string;
  readonly directory: string;
  readonly text: string;
}): Template {
  const { stackName, directory, text } = source;
  const parsed = templateSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new TemplateError(
      `The template of ${stackName} is not one: ${z.prettifyError(parsed.error)}`,
    );
  }
  return { ...parsed.data, stackName, directory };
}
