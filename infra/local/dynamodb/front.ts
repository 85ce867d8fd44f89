import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { createBackups } from '#infra/local/dynamodb/backups';
import {
  consumedBy,
  withCapacityAs,
  withCapacityAsked,
} from '#infra/local/dynamodb/consumed-capacity';
import {
  faultAnswer,
  transactionConflict,
  writeConflict,
  type FaultSource,
} from '#infra/local/dynamodb/faults';
import { createInFlight } from '#infra/local/dynamodb/in-flight';
import { createKeySchemas, keysOf, targetsOf } from '#infra/local/dynamodb/item-keys';
import { listAt, parseObject, textAt, type Json } from '#infra/local/dynamodb/json';
import { writeBatch } from '#infra/local/dynamodb/batch-write';
import type { StreamLog } from '#infra/local/dynamodb/stream-log';
import { asStreamRecords, withOpenShard } from '#infra/local/dynamodb/stream-view';
import { createTokens } from '#infra/local/dynamodb/tokens';
import {
  exception,
  readBody,
  type Answer,
  type Call,
  type EngineClient,
} from '#infra/local/dynamodb/wire';

/** One call as a listener sees it, after its answer. */
export interface ObservedCall {
  /** `TransactWriteItems`, `GetRecords`, ... */
  readonly operation: string;
  readonly request: Json;
  /** HTTP status of the answer. */
  readonly status: number;
  /** What it consumed, with every index, whether the caller asked for it or not. */
  readonly consumed: readonly ConsumedCapacity[];
}

export type CallListener = (call: ObservedCall) => void;

interface FrontOptions {
  readonly engine: EngineClient;
  readonly streamLog: StreamLog;
  readonly faults: FaultSource;
  readonly listeners: ReadonlySet<CallListener>;
  readonly log: (line: string) => void;
}

/** The HTTP server every SDK call goes through; it adds to the engine what DynamoDB does and the engine does not. */
export function createFront(options: FrontOptions): Server {
  const handle = createHandler(options);
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    readCall(request)
      .then(handle)
      .then((answer) => respond({ request, response, answer }))
      .catch((error: unknown) => {
        options.log(`DynamoDB front: ${error instanceof Error ? error.message : String(error)}`);
        const answer = exception('InternalServerError', 'The table engine did not answer.');
        respond({ request, response, answer });
      });
  });
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const header = request.headers['x-amz-target'];
  const target = typeof header === 'string' ? header : '';
  return {
    target,
    operation: target.slice(target.indexOf('.') + 1),
    headers: request.headers,
    body: await readBody(request),
  };
}

/** What the caller gets: an answer, or a connection that breaks. */
type Outcome = Answer | 'reset';

function respond(reply: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Outcome;
}): void {
  const { request, response, answer } = reply;
  if (answer === 'reset') {
    request.socket.destroy();
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
  response.end(answer.body);
}

type Route = (call: Call, request: Json) => Promise<Answer>;

function createHandler(options: FrontOptions): (call: Call) => Promise<Outcome> {
  const { engine, faults, listeners, streamLog } = options;
  const routes = createRoutes(options);

  const run = async (call: Call): Promise<Answer> => {
    const route = routes.get(call.operation);
    if (route === undefined && listeners.size === 0) return engine.send(call);
    const request = parseObject(call.body);
    if (request === undefined) return engine.send(call);
    if (listeners.size === 0) return route === undefined ? engine.send(call) : route(call, request);
    const measured = withCapacityAsked(call, request);
    const answer = await (route === undefined ? engine.send(measured) : route(measured, request));
    const { operation } = call;
    const consumed = consumedBy(answer);
    for (const listener of listeners)
      listener({ operation, request, status: answer.status, consumed });
    return measured === call ? answer : withCapacityAs(answer, request);
  };

  return async (call) => {
    streamLog.followClock();
    const fault = faults.take(call.operation);
    if (fault === undefined) return run(call);
    const actions = listAt(parseObject(call.body), 'TransactItems').length;
    if (fault === 'error_after' || fault === 'reset_after') await run(call);
    return fault === 'reset_before' || fault === 'reset_after'
      ? 'reset'
      : faultAnswer(fault, { operation: call.operation, actions });
  };
}

function createRoutes({ engine, faults, streamLog }: FrontOptions): ReadonlyMap<string, Route> {
  const schemas = createKeySchemas(engine);
  const inFlight = createInFlight();
  const tokens = createTokens();
  const answerBackups = createBackups(engine);
  const backups: Route = (_call, request) => answerBackups(request);

  const keys = async (call: Call, request: Json) => {
    const targets = targetsOf(call.operation, request);
    return targets === undefined ? undefined : keysOf(targets, schemas);
  };

  const writeItem: Route = async (call, request) => {
    const key = await keys(call, request);
    if (key === undefined) return engine.send(call);
    if (inFlight.inTransaction(key).includes(true)) return writeConflict();
    return during(inFlight.enter('write', key), () => engine.send(call));
  };

  const readTransaction: Route = async (call, request) => {
    const busy = inFlight.inAnyWrite((await keys(call, request)) ?? []);
    return busy.includes(true) ? transactionConflict(busy) : engine.send(call);
  };

  const writeTransaction: Route = async (call, request) => {
    const token = textAt(request, 'ClientRequestToken');
    // A token that is done is answered from memory, and no longer meets anything in flight.
    if (token !== undefined && tokens.isDone(token)) return engine.send(call);
    const items = await keys(call, request);
    if (token !== undefined && tokens.isRunning(token)) return transactionInProgress();
    const busy = inFlight.inTransaction(items ?? []);
    if (busy.includes(true)) return transactionConflict(busy);
    const leave = inFlight.enter('transaction', items ?? []);
    return tokens.run(token, () =>
      during(leave, async () => {
        await faults.hold();
        return engine.send(call);
      }),
    );
  };

  const changeTable: Route = async (call, request) => {
    const answer = await engine.send(call);
    schemas.forget(textAt(request, 'TableName') ?? '');
    return answer;
  };

  return new Map<string, Route>([
    ['PutItem', writeItem],
    ['UpdateItem', writeItem],
    ['DeleteItem', writeItem],
    ['BatchWriteItem', (call, request) => writeBatch(call, request, { engine, inFlight, schemas })],
    ['TransactGetItems', readTransaction],
    ['TransactWriteItems', writeTransaction],
    ['CreateTable', changeTable],
    ['DeleteTable', changeTable],
    ['UpdateContinuousBackups', backups],
    ['DescribeContinuousBackups', backups],
    ['GetRecords', async (call) => asStreamRecords(await engine.send(call), call)],
    [
      'DescribeStream',
      async (call) => withOpenShard(await engine.send(call), (table) => streamLog.oldest(table)),
    ],
  ]);
}

async function during<R>(leave: () => void, run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } finally {
    leave();
  }
}

function transactionInProgress(): Answer {
  return exception(
    'TransactionInProgressException',
    'Transaction is in progress for the given client request token',
  );
}
