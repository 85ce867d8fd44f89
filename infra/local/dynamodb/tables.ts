import * as z from 'zod';
import { listAt, objectAt, textAt } from '#infra/local/dynamodb/json';
import { EngineError, type EngineClient } from '#infra/local/dynamodb/wire';
import { LocalStackError } from '#infra/local/local-stack-error';

const keySchema = z
  .array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }))
  .readonly();

const indexSchema = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).readonly().optional(),
  }),
});

/**
 * A table as a template describes it (AWS::DynamoDB::Table with its references resolved); the input of
 * CreateTable fits too. What has no meaning on one machine (encryption, tags) is left out.
 */
const tableTemplateSchema = z.object({
  TableName: z.string(),
  KeySchema: keySchema,
  AttributeDefinitions: z
    .array(z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }))
    .readonly(),
  GlobalSecondaryIndexes: z.array(indexSchema).readonly().optional(),
  StreamSpecification: z
    .object({
      StreamViewType: z.enum(['NEW_AND_OLD_IMAGES', 'NEW_IMAGE', 'OLD_IMAGE', 'KEYS_ONLY']),
    })
    .optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
  DeletionProtectionEnabled: z.boolean().optional(),
});

export type TableTemplate = z.input<typeof tableTemplateSchema>;

/**
 * Makes the table of a template, or brings the one from an earlier start up to it: indexes that are new
 * are added and filled. Throws LocalStackError when the template's keys are not those of the stored table.
 */
export async function ensureTable(engine: EngineClient, template: TableTemplate): Promise<void> {
  const table = tableTemplateSchema.parse(template);
  const existing = await describe(engine, table.TableName);
  if (existing === undefined) await create(engine, table);
  else await update(engine, { existing, table });
  await setTimeToLive(engine, table);
}

/** A call of its own, so an earlier start may have ended before it; asked twice it is refused. */
async function setTimeToLive(
  engine: EngineClient,
  table: z.output<typeof tableTemplateSchema>,
): Promise<void> {
  const ttl = table.TimeToLiveSpecification;
  if (ttl?.Enabled !== true) return;
  const { TableName } = table;
  const answer = await engine.ask('DescribeTimeToLive', { TableName });
  const stored = objectAt(answer, 'TimeToLiveDescription');
  if (textAt(stored, 'TimeToLiveStatus') === 'ENABLED') return;
  await engine.ask('UpdateTimeToLive', { TableName, TimeToLiveSpecification: ttl });
}

async function describe(engine: EngineClient, name: string): Promise<unknown> {
  try {
    return objectAt(await engine.ask('DescribeTable', { TableName: name }), 'Table');
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ResourceNotFoundException')
      return undefined;
    throw error;
  }
}

async function create(
  engine: EngineClient,
  table: z.output<typeof tableTemplateSchema>,
): Promise<void> {
  const stream = table.StreamSpecification;
  await engine.ask('CreateTable', {
    ...table,
    TimeToLiveSpecification: undefined,
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: stream && { StreamEnabled: true, ...stream },
  });
}

async function update(
  engine: EngineClient,
  change: { readonly existing: unknown; readonly table: z.output<typeof tableTemplateSchema> },
): Promise<void> {
  const { existing, table } = change;
  const stored = keySchema.parse(listAt(existing, 'KeySchema'));
  if (keyNames(stored) !== keyNames(table.KeySchema)) {
    throw new LocalStackError(
      `The stored table ${table.TableName} has the key ${keyNames(stored)}, the template wants ${keyNames(table.KeySchema)}: start with --reset, or choose another DATA_DIR.`,
    );
  }
  const present = listAt(existing, 'GlobalSecondaryIndexes').map((index) =>
    textAt(index, 'IndexName'),
  );
  for (const index of table.GlobalSecondaryIndexes ?? []) {
    if (present.includes(index.IndexName)) continue;
    await engine.ask('UpdateTable', {
      TableName: table.TableName,
      AttributeDefinitions: table.AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [{ Create: index }],
    });
  }
}

function keyNames(schema: z.output<typeof keySchema>): string {
  return schema.map((element) => element.AttributeName).join(', ');
}
