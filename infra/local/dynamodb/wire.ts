import {
  Agent,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { crc32 } from 'node:zlib';
import { isObject, parseObject, textAt, type Json } from '#infra/local/dynamodb/json';

/** One request of an SDK, and the answer it gets: bytes and headers, nothing interpreted. */
export interface Call {
  /** As in `X-Amz-Target`: `DynamoDB_20120810.PutItem`. */
  readonly target: string;
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** The connection to the engine. */
export interface EngineClient {
  /** Passes a call on as it is. */
  send(call: Call): Promise<Answer>;
  /** A call of our own. Throws EngineError when the engine refuses it. */
  ask(operation: string, input: Json, service?: 'DynamoDB' | 'DynamoDBStreams'): Promise<Json>;
  close(): void;
}

/** The engine's refusal of a call of our own; `code` is DynamoDB's exception name. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

const apiVersion = '20120810';
const contentType = 'application/x-amz-json-1.0';
// The engine wants a signature to be there, as DynamoDB does, and does not verify it.
const signed = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
  'x-amz-date': '20260101T000000Z',
  'content-type': contentType,
};

export function connectEngine(port: number): EngineClient {
  const agent = new Agent({ keepAlive: true });
  const send = (call: Call): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          method: 'POST',
          path: '/',
          agent,
          headers: {
            'x-amz-target': call.target,
            'content-type': call.headers['content-type'] ?? contentType,
            authorization: call.headers.authorization,
            'x-amz-date': call.headers['x-amz-date'],
            'content-length': call.body.length,
          },
        },
        (incoming) => {
          const status = incoming.statusCode ?? 500;
          const headers = passedOn(incoming.headers);
          readBody(incoming).then((body) => resolve({ status, headers, body }), reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(call.body);
    });
  return {
    send,
    async ask(operation, input, service = 'DynamoDB') {
      const body = Buffer.from(JSON.stringify(input));
      const target = `${service}_${apiVersion}.${operation}`;
      const answer = await send({ target, operation, headers: signed, body });
      const parsed = parseObject(answer.body) ?? {};
      if (answer.status === 200) return parsed;
      throw new EngineError(errorCode(parsed), textAt(parsed, 'message') ?? '');
    },
    close: () => agent.destroy(),
  };
}

/** All bytes of a message. Rejects when it breaks off. */
export function readBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('error', reject);
    message.on('end', () => resolve(Buffer.concat(chunks)));
  });
}

function passedOn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return {
    'content-type': headers['content-type'],
    'x-amzn-requestid': headers['x-amzn-requestid'],
    'x-amz-crc32': headers['x-amz-crc32'],
  };
}

/** `ValidationException` of `com.amazon.coral.validate#ValidationException`. */
function errorCode(body: unknown): string {
  return textAt(body, '__type')?.split('#').at(-1) ?? 'InternalServerError';
}

let answered = 0;

/** An answer that the front writes itself. */
export function answerWith(status: number, content: Json): Answer {
  const body = Buffer.from(JSON.stringify(content));
  answered += 1;
  return {
    status,
    headers: {
      'content-type': contentType,
      'x-amzn-requestid': `FRONT${answered.toString().padStart(47, '0')}`,
      'x-amz-crc32': crc32(body),
    },
    body,
  };
}

/** The same answer with other content, its checksum made new. */
export function withContent(answer: Answer, content: Json): Answer {
  const body = Buffer.from(JSON.stringify(content));
  return { ...answer, headers: { ...answer.headers, 'x-amz-crc32': crc32(body) }, body };
}

/** A DynamoDB exception on the wire; `extra` carries the members that some of them have. */
export function exception(code: string, message: string, extra: Json = {}): Answer {
  const status = code === 'InternalServerError' ? 500 : 400;
  const namespace = 'com.amazonaws.dynamodb.v20120810';
  return answerWith(status, { __type: `${namespace}#${code}`, message, ...extra });
}

export interface CancellationReason {
  readonly Code: 'None' | 'TransactionConflict' | 'ThrottlingError';
  readonly Message?: string;
}

/** TransactionCanceledException with one reason per action, in the order of the request. */
export function transactionCanceled(reasons: readonly CancellationReason[]): Answer {
  const codes = reasons.map((reason) => reason.Code).join(', ');
  return exception(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

/** The parsed content of a successful answer. */
export function contentOf(answer: Answer): Json | undefined {
  const parsed = answer.status === 200 ? parseObject(answer.body) : undefined;
  return isObject(parsed) ? parsed : undefined;
}
