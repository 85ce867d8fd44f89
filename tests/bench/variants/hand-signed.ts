import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'node:https';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import * as z from 'zod/mini';
import {
  at,
  FULFILLMENT_PUTS,
  keyOf,
  sampleOf,
  setting,
  SIGNED_WALLET,
  textAt,
} from '#tests/bench/variants/sample';

/*
 * The floor: a handler that verifies the token, checks its input and answers, with the two smallest libraries that do
 * that well, its own signature over `node:https` in the place of the SDK, and one round trip. It knows no replays, no
 * grants, no numbers and no hashes. What the service costs is told in multiples of it.
 */

const TableName = setting('TABLE_NAME');
const endpoint = new URL(setting('AWS_ENDPOINT_URL_DYNAMODB'));
const region = setting('AWS_REGION');
const verifier = CognitoJwtVerifier.create({
  userPoolId: setting('USER_POOL_ID'),
  tokenUse: 'access',
  clientId: [setting('APP_CLIENT_ID'), setting('SERVICE_CLIENT_ID')],
});
const bodySchema = z.strictObject({
  amount: z.int().check(z.minimum(1), z.maximum(1_000_000_000)),
  description: z.string().check(z.minLength(1), z.maxLength(200)),
});
const head = sampleOf('BENCH_HEAD');
const entry = sampleOf('BENCH_ENTRY');
const Key = { pk: head['pk'], sk: head['sk'] };
const agent = new Agent({ keepAlive: true });
let calls = 0;

export async function spend(event: unknown) {
  await authorize(event);
  const body = bodySchema.safeParse(parse(textAt(event, 'body')));
  if (!body.success) return refuse();
  const { amount, description } = body.data;
  await callTable('TransactWriteItems', {
    TransactItems: [
      newPut(nextKey()),
      {
        Update: {
          TableName,
          Key: { ...Key, pk: { S: SIGNED_WALLET } },
          UpdateExpression: 'SET balance = balance - :amount, version = version + :one',
          ConditionExpression: 'balance >= :amount',
          ExpressionAttributeValues: { ':amount': { N: String(amount) }, ':one': { N: '1' } },
        },
      },
    ],
  });
  return answer(201, { success: true, amount: -amount, description });
}

export async function balance(event: unknown) {
  await authorize(event);
  const found = await callTable('GetItem', { TableName, Key, ConsistentRead: true });
  const number = (name: string) => Number(textAt(found, 'Item', name, 'N'));
  return answer(200, { balance: number('balance'), version: number('version') });
}

export async function history(event: unknown) {
  await authorize(event);
  const found = await callTable('Query', {
    TableName,
    IndexName: 'gsi1',
    KeyConditionExpression: 'gsi1pk = :wallet',
    ExpressionAttributeValues: { ':wallet': entry['gsi1pk'] },
    ScanIndexForward: false,
    Limit: 20,
  });
  return answer(200, { transactions: at(found, 'Items') });
}

export async function fulfill(event: unknown) {
  const delivery = parse(textAt(event, 'Records', 0, 'body'));
  const session = at(parse(textAt(delivery, 'body')), 'data', 'object');
  if (at(session, 'payment_status') !== 'paid') return refuse();
  const TransactItems = Array.from({ length: FULFILLMENT_PUTS }, () => newPut(nextKey()));
  await callTable('TransactWriteItems', { TransactItems });
  return { batchItemFailures: [] };
}

function newPut(key: object) {
  const Item = { ...entry, ...key };
  return { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
}

function nextKey() {
  calls += 1;
  return keyOf('signed', `${process.pid}-${calls}`);
}

function answer(statusCode: number, body: object) {
  const headers = { 'content-type': 'application/json' };
  return { statusCode, headers, body: JSON.stringify(body) };
}

function refuse() {
  return answer(400, { code: 'INVALID_REQUEST' });
}

async function authorize(event: unknown): Promise<void> {
  await verifier.verify(textAt(event, 'headers', 'authorization').slice('Bearer '.length));
}

async function callTable(operation: string, input: object): Promise<unknown> {
  const body = JSON.stringify(input);
  const { status, text } = await new Promise<{ status: number; text: string }>(
    (resolve, reject) => {
      const sent = request(
        endpoint,
        { method: 'POST', agent, headers: sign(`DynamoDB_20120810.${operation}`, body) },
        (response) => {
          const status = response.statusCode ?? 0;
          read(response).then((text) => {
            resolve({ status, text });
          }, reject);
        },
      );
      sent.once('error', reject);
      sent.end(body);
    },
  );
  if (status !== 200) throw new Error(`${operation}: ${status} ${text}`);
  return parse(text);
}

async function read(response: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  return text;
}

/** AWS Signature Version 4 (IAM user guide, Create a signed request). */
function sign(target: string, body: string) {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/dynamodb/aws4_request`;
  const names = 'host;x-amz-date;x-amz-target';
  const lines = [`host:${endpoint.host}`, `x-amz-date:${time}`, `x-amz-target:${target}`];
  const canonical = ['POST', '/', '', ...lines, '', names, hash(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const key = [time.slice(0, 8), region, 'dynamodb', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${setting('AWS_SECRET_ACCESS_KEY')}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-date': time,
    'x-amz-target': target,
    authorization: `AWS4-HMAC-SHA256 Credential=${setting('AWS_ACCESS_KEY_ID')}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parse(text: string): unknown {
  return JSON.parse(text);
}
