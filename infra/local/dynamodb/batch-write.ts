import type { InFlight } from '#infra/local/dynamodb/in-flight';
import { keysOf, type KeySchemas } from '#infra/local/dynamodb/item-keys';
import { listAt, objectAt, type Json } from '#infra/local/dynamodb/json';
import {
  answerWith,
  contentOf,
  withContent,
  type Answer,
  type Call,
  type EngineClient,
} from '#infra/local/dynamodb/wire';

interface Write {
  readonly table: string;
  readonly key: string;
  readonly request: unknown;
}

/** BatchWriteItem: the items that a running transaction holds come back as UnprocessedItems, the others are written. */
export async function writeBatch(
  call: Call,
  request: Json,
  parts: {
    readonly engine: EngineClient;
    readonly inFlight: InFlight;
    readonly schemas: KeySchemas;
  },
): Promise<Answer> {
  const { engine, inFlight, schemas } = parts;
  const writes = await writesOf(request, schemas);
  if (writes === undefined) return engine.send(call);
  const busy = inFlight.inTransaction(writes.map((write) => write.key));
  const free = writes.filter((_write, index) => busy[index] !== true);
  const held = writes.filter((_write, index) => busy[index] === true);
  const leave = inFlight.enter(
    'write',
    free.map((write) => write.key),
  );
  try {
    if (held.length === 0) return await engine.send(call);
    if (free.length === 0) return answerWith(200, { UnprocessedItems: byTable(held) });
    const rest = { ...request, RequestItems: byTable(free) };
    const answer = await engine.send({ ...call, body: Buffer.from(JSON.stringify(rest)) });
    const content = contentOf(answer);
    return content === undefined
      ? answer
      : withContent(answer, { ...content, UnprocessedItems: byTable(held) });
  } finally {
    leave();
  }
}

async function writesOf(request: Json, schemas: KeySchemas): Promise<readonly Write[] | undefined> {
  const writes: Write[] = [];
  for (const [table, requests] of Object.entries(objectAt(request, 'RequestItems') ?? {})) {
    for (const each of listAt({ requests }, 'requests')) {
      const attributes =
        objectAt(objectAt(each, 'PutRequest'), 'Item') ??
        objectAt(objectAt(each, 'DeleteRequest'), 'Key');
      const key = attributes && (await keysOf([{ table, attributes }], schemas))?.[0];
      if (key === undefined) return undefined;
      writes.push({ table, key, request: each });
    }
  }
  return writes;
}

function byTable(writes: readonly Write[]): Json {
  const tables = Object.groupBy(writes, (write) => write.table);
  return Object.fromEntries(
    Object.entries(tables).map(([table, group]) => [table, group?.map((write) => write.request)]),
  );
}
