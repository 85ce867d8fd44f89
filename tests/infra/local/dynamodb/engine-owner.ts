// Starts a table on the file it is given and stays until it is killed: the stack of the engine's tests.
import { createClock } from '#infra/local/clock';
import { startDynamoDb } from '#infra/local/dynamodb/start-dynamo-db';
import { openState } from '#infra/local/state';
import { testTableTemplate } from '#tests/support/table';

const clock = createClock(openState(':memory:'));
const dynamo = await startDynamoDb({ file: process.argv[2] ?? '', clock });
await dynamo.createTable(testTableTemplate('ledger'));
process.stdout.write(`${dynamo.url}\n`);
