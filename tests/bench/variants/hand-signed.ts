import { createHash, createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { Agent, get, request } from 'node:https';
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
 * The floor: a handler that verifies the token, checks its input and answers, with its own signature over `node:https` in
 * the place of every library, and one round trip. It knows no replays, no grants, no numbers and no hashes; nobody would
 * want to maintain it. What the service costs is told in multiples of it.
 */

const TableName = setting('TABLE_NAME');
const endpoint = new URL(setting('AWS_ENDPOINT_URL_DYNAMODB'));
const region = setting('AWS_REGION');
const issuer = `https://cognito-idp.${region}.amazonaws.com/${setting('USER_POOL_ID')}`;
const clients = [setting('APP_CLIENT_ID'), setting('SERVICE_CLIENT_ID')];
const head = sampleOf('BENCH_HEAD');
const entry = sampleOf('BENCH_ENTRY');
const Key = { pk: head['pk'], sk: head['sk'] };
const agent = new Agent({ keepAlive: true });
let calls = 0;

export async function spend(event: unknown) {
  await authorize(event);
  const body = parse(textAt(event, 'body'));
  const amount = at(body, 'amount');
  const description = at(body, 'description');
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 1) return refuse();
  if (typeof description !== 'string' || description.length > 200) return refuse();
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

let keys: Promise<ReadonlyMap<string, KeyObject>> | undefined;

async function authorize(event: unknown): Promise<void> {
  const token = textAt(event, 'headers', 'authorization').slice('Bearer '.length);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const decode = (part: string) => parse(Buffer.from(part, 'base64url').toString());
  keys ??= fetchKeys();
  const key = (await keys).get(textAt(decode(header), 'kid'));
  const claims = decode(payload);
  const signed = Buffer.from(`${header}.${payload}`);
  const isGood =
    key !== undefined &&
    verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url')) &&
    at(claims, 'iss') === issuer &&
    at(claims, 'token_use') === 'access' &&
    clients.includes(textAt(claims, 'client_id')) &&
    Number(at(claims, 'exp')) * 1000 > Date.now();
  if (!isGood) throw new Error('the token is not good');
}

async function fetchKeys(): Promise<ReadonlyMap<string, KeyObject>> {
  const text = await new Promise<string>((resolve, reject) => {
    get(`${issuer}/.well-known/jwks.json`, (response) => {
      read(response).then(resolve, reject);
    }).once('error', reject);
  });
  const published = at(parse(text), 'keys');
  const jwks: readonly unknown[] = Array.isArray(published) ? published : [];
  return new Map(
    jwks.map((jwk) => {
      const key = { kty: 'RSA', n: textAt(jwk, 'n'), e: textAt(jwk, 'e') };
      return [textAt(jwk, 'kid'), createPublicKey({ key, format: 'jwk' })];
    }),
  );
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
