import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClock, type Clock } from '#infra/local/clock';
import { pauseAfter, startDynamoDb, type DynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import { openStreamLog } from '#infra/local/dynamodb/stream-log';
import { createTokens } from '#infra/local/dynamodb/tokens';
import { LocalStackError } from '#infra/local/local-stack-error';
import { openState } from '#infra/local/state';
import { testClientConfig, testTableTemplate } from '#tests/support/table';

let folder: string;
let file: string;
let clock: Clock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-dynamo-'));
  file = join(folder, 'table.db');
  clock = createClock(openState(':memory:'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function withDynamo<R>(use: (dynamo: DynamoDb, client: DynamoDBClient) => Promise<R>) {
  const dynamo = await startDynamoDb({ file, clock });
  const client = new DynamoDBClient(testClientConfig(dynamo.url));
  try {
    return await use(dynamo, client);
  } finally {
    client.destroy();
    await dynamo.close();
  }
}

const template = testTableTemplate('ledger');
const put = (client: DynamoDBClient, item: Record<string, string>) =>
  client.send(
    new PutItemCommand({
      TableName: 'ledger',
      Item: Object.fromEntries(Object.entries(item).map(([name, S]) => [name, { S }])),
    }),
  );

test('the data are there after a restart, and creating the table again changes nothing', async () => {
  await withDynamo(async (dynamo, client) => {
    await dynamo.createTable(template);
    await put(client, { pk: 'a', sk: 'b' });
  });
  await withDynamo(async (dynamo) => {
    await dynamo.createTable(template);
    expect(await dynamo.dump('ledger')).toEqual([{ pk: { S: 'a' }, sk: { S: 'b' } }]);
  });
});

test('an index that is new in the template is added to the stored table and filled', async () => {
  await withDynamo(async (dynamo, client) => {
    const [gsi1] = template.GlobalSecondaryIndexes ?? [];
    const few = ['pk', 'sk', 'gsi1pk', 'gsi1sk'];
    await dynamo.createTable({
      ...template,
      AttributeDefinitions: template.AttributeDefinitions.filter(({ AttributeName: name }) =>
        few.includes(name),
      ),
      GlobalSecondaryIndexes: gsi1 === undefined ? [] : [gsi1],
    });
    await put(client, { pk: 'a', sk: 'b', gsi3pk: 'type', gsi3sk: '1' });
    await dynamo.createTable(template);
    const found = await client.send(
      new QueryCommand({
        TableName: 'ledger',
        IndexName: 'gsi3',
        KeyConditionExpression: 'gsi3pk = :t',
        ExpressionAttributeValues: { ':t': { S: 'type' } },
      }),
    );
    expect(found.Count).toBe(1);
  });
});

test('a template with other keys than the stored table is refused with what to do', async () => {
  await withDynamo(async (dynamo) => {
    await dynamo.createTable(template);
    const other = dynamo.createTable({
      TableName: 'ledger',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    });
    await expect(other).rejects.toThrow(LocalStackError);
    await expect(other).rejects.toThrow(/has the key pk, sk, the template wants id.*--reset/);
  });
});

test('two tables with the same content dump the same text, whatever the order of writing', async () => {
  await withDynamo(async (dynamo, client) => {
    const names = ['one', 'two'];
    for (const name of names) await dynamo.createTable({ ...template, TableName: name });
    const items = [
      { pk: { S: 'a' }, sk: { S: '2' }, set: { SS: ['x', 'y'] }, map: { M: { a: { N: '1' } } } },
      { pk: { S: 'a' }, sk: { S: '10' } },
      { pk: { S: 'B' }, sk: { S: '1' } },
    ];
    const turned = items
      .toReversed()
      .map((item) => Object.fromEntries(Object.entries(item).toReversed()));
    for (const Item of items) await client.send(new PutItemCommand({ TableName: 'one', Item }));
    for (const Item of turned) await client.send(new PutItemCommand({ TableName: 'two', Item }));
    const [one, two] = await Promise.all(names.map((name) => dynamo.dump(name)));
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
    expect(one?.map((item) => [item['pk']?.S, item['sk']?.S])).toEqual([
      ['B', '1'],
      ['a', '10'],
      ['a', '2'],
    ]);
  });
});

test('stream records older than a day go, but never what came since the last look, nor the newest', async () => {
  await withDynamo(async (dynamo, client) => {
    await dynamo.createTable(template);
    const log = openStreamLog({ file, clock, log: () => undefined });
    const database = new DatabaseSync(file, { readOnly: true });
    const kept = () =>
      database
        .prepare('SELECT sequence_number FROM _stream_records ORDER BY id')
        .all()
        .map((row) => row['sequence_number']);
    for (const sk of ['1', '2', '3']) await put(client, { pk: 'a', sk });
    clock.advance(25 * 60 * 60 * 1000);
    log.trim();
    expect(kept()).toEqual(['1', '2', '3']);
    await put(client, { pk: 'a', sk: '4' });
    log.trim();
    expect(kept()).toEqual(['4']);
    clock.advance(25 * 60 * 60 * 1000);
    log.trim();
    expect(kept()).toEqual(['4']);
    expect(log.oldest('ledger')).toBe('4');
    await put(client, { pk: 'a', sk: '5' });
    expect(kept()).toEqual(['4', '5']);
    database.close();
    log.close();
  });
});

test('a stream index keeps the newest number from being searched in the whole log', async () => {
  await withDynamo(async (dynamo) => {
    await dynamo.createTable(template);
    const database = new DatabaseSync(file, { readOnly: true });
    const plan = database
      .prepare(
        `EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
         FROM _stream_records WHERE table_name = 'ledger'`,
      )
      .all()
      .map((row) => row['detail']);
    database.close();
    expect(plan.join()).toContain('USING COVERING INDEX local_stream_sequence');
  });
});

test('an engine with other private tables is told of once and works on without them', async () => {
  const lines: string[] = [];
  new DatabaseSync(file).close();
  const log = openStreamLog({ file, clock, log: (line) => lines.push(line) });
  log.followClock();
  log.trim();
  expect(await log.asExpiry([], async () => 7)).toBe(7);
  log.close();
  expect(lines).toEqual([expect.stringContaining('no such table: main._stream_records')]);
});

test('a client request token is forgotten after ten minutes', async () => {
  let nowMs = 0;
  const tokens = createTokens(() => nowMs);
  const succeed = async () => ({ status: 200 });
  await tokens.run('first', succeed);
  nowMs = 10 * 60 * 1000 - 1;
  await tokens.run('second', succeed);
  expect(tokens.isDone('first')).toBe(true);
  nowMs += 1;
  await tokens.run('third', succeed);
  expect([tokens.isDone('first'), tokens.isDone('second')]).toEqual([false, true]);
});

test('what has expired is looked for each minute, and in a big table a twentieth of the time at most', () => {
  expect([0, 100, 3_000].map(pauseAfter)).toEqual([60_000, 60_000, 60_000]);
  expect(pauseAfter(110_000)).toBe(20 * 110_000);
});
