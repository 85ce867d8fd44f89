import { isObject, listAt, objectAt, textAt, type Json } from '#infra/local/dynamodb/json';
import { EngineError, type EngineClient } from '#infra/local/dynamodb/wire';

/** The key attributes of each table, asked for once. */
export interface KeySchemas {
  /** Undefined when there is no such table: the engine then refuses the call itself. */
  of(table: string): Promise<readonly string[] | undefined>;
  forget(table: string): void;
}

export function createKeySchemas(engine: EngineClient): KeySchemas {
  const known = new Map<string, readonly string[]>();
  return {
    async of(table) {
      const cached = known.get(table);
      if (cached !== undefined) return cached;
      try {
        const described = await engine.ask('DescribeTable', { TableName: table });
        const schema = listAt(objectAt(described, 'Table'), 'KeySchema');
        const names = schema.flatMap((element) => textAt(element, 'AttributeName') ?? []);
        known.set(table, names);
        return names;
      } catch (error) {
        if (error instanceof EngineError) return undefined;
        throw error;
      }
    },
    forget: (table) => void known.delete(table),
  };
}

interface Target {
  readonly table: string;
  /** The attributes that hold the key: an `Item` or a `Key`. */
  readonly attributes: Json;
}

/** The items that a request names, one per action; undefined when it is malformed and the engine should say so. */
export function targetsOf(operation: string, request: Json): readonly Target[] | undefined {
  switch (operation) {
    case 'PutItem':
      return all([target(request, 'Item')]);
    case 'UpdateItem':
    case 'DeleteItem':
      return all([target(request, 'Key')]);
    case 'TransactGetItems':
      return all(
        listAt(request, 'TransactItems').map((action) => target(objectAt(action, 'Get'), 'Key')),
      );
    case 'TransactWriteItems':
      return all(listAt(request, 'TransactItems').map(transactTarget));
    default:
      return undefined;
  }
}

function transactTarget(action: unknown): Target | undefined {
  const put = objectAt(action, 'Put');
  if (put !== undefined) return target(put, 'Item');
  const other =
    objectAt(action, 'Update') ?? objectAt(action, 'Delete') ?? objectAt(action, 'ConditionCheck');
  return target(other, 'Key');
}

function target(action: Json | undefined, member: 'Item' | 'Key'): Target | undefined {
  const table = textAt(action, 'TableName');
  const attributes = objectAt(action, member);
  return table === undefined || attributes === undefined ? undefined : { table, attributes };
}

function all(targets: readonly (Target | undefined)[]): readonly Target[] | undefined {
  const complete = targets.filter((each) => each !== undefined);
  return complete.length === targets.length && targets.length > 0 ? complete : undefined;
}

/** One string per item, equal for equal keys; undefined when a key attribute is missing. */
export async function keysOf(
  targets: readonly Target[],
  schemas: KeySchemas,
): Promise<readonly string[] | undefined> {
  const keys: string[] = [];
  for (const { table, attributes } of targets) {
    const schema = await schemas.of(table);
    if (schema === undefined) return undefined;
    const values = schema.map((name) => attributes[name]);
    if (!values.every(isObject)) return undefined;
    keys.push(JSON.stringify([table, ...values]));
  }
  return keys;
}
