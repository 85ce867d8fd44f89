import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';

import { AwsError } from '#infra/local/services/aws-error';
import type { Faults } from '#infra/local/services/faults';

/** No request of these services may be larger: SQS and EventBridge end at 1 MiB, SES below 10 MiB. */
const REQUEST_BYTES_MAX = 11 * 1024 * 1024;

/** One operation of a service. `signal` ends when the caller hangs up. */
export type Operation = (input: unknown, signal: AbortSignal) => unknown;

export interface JsonService {
  readonly contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  /** By the name after the dot of `X-Amz-Target`. */
  readonly operations: Readonly<Record<string, Operation>>;
  readonly faults: Faults;
  /** Told about what is our own mistake; the caller only sees `InternalFailure`. */
  readonly log: (message: string) => void;
}

/** The AWS JSON protocol (1.0 and 1.1) over a table of operations. */
export function jsonListener(service: JsonService): RequestListener {
  return (request, response) => {
    void answer(
      { request, response, log: service.log, render: renderJson(service.contentType) },
      (body, signal) => {
        const name =
          String(request.headers['x-amz-target'] ?? '')
            .split('.')
            .at(-1) ?? '';
        const operation = service.operations[name];
        if (operation === undefined || !Object.hasOwn(service.operations, name)) {
          throw new AwsError(
            'UnknownOperationException',
            `The local stack has no operation "${name}".`,
          );
        }
        return runWithFaults({
          faults: service.faults,
          name,
          run: () => operation(parseJson(body), signal),
        });
      },
    );
  };
}

/** Reads a request's input; what does not fit is the caller's mistake. */
export function parseInput<T>(
  schema: z.ZodType<T>,
  input: unknown,
  code = 'InvalidParameterValue',
): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AwsError(
    code,
    `Invalid request: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  );
}

export interface Rendering {
  readonly contentType: string;
  readonly success: (result: unknown, requestId: string) => string;
  readonly failure: (error: AwsError, requestId: string) => string;
}

/** Marks an answer that must not reach the caller although the work is done. */
const LOST = Symbol('lost reply');
const UNANSWERED = Symbol('never answered');

/** Reads one request, runs it, and writes the result or the error in the protocol's own shape. */
export async function answer(
  exchange: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly log: (message: string) => void;
    readonly render: Rendering;
  },
  run: (body: Buffer, signal: AbortSignal) => unknown,
): Promise<void> {
  const { request, response, log, render } = exchange;
  const requestId = randomUUID();
  const gone = new AbortController();
  response.on('close', () => {
    gone.abort();
  });
  let status = 200;
  let text: string;
  let queryError: string | undefined;
  try {
    const result = await run(await readBody(request), gone.signal);
    if (result === UNANSWERED) return;
    if (result === LOST) {
      request.socket.destroy();
      return;
    }
    text = render.success(result, requestId);
  } catch (cause) {
    if (gone.signal.aborted) return;
    const error = toAwsError(cause, log);
    status = error.status;
    queryError = error.queryCode === undefined ? undefined : `${error.queryCode};Sender`;
    text = render.failure(error, requestId);
  }
  response.writeHead(status, {
    'content-type': render.contentType,
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': requestId,
    ...(queryError === undefined ? {} : { 'x-amzn-query-error': queryError }),
  });
  response.end(text);
}

/** Lets a planned fault happen before the work, after it, or instead of it. */
export async function runWithFaults(work: {
  readonly faults: Faults;
  readonly name: string;
  readonly address?: string | undefined;
  readonly run: () => unknown;
}): Promise<unknown> {
  const fault = work.faults.take({ operation: work.name, address: work.address });
  switch (fault?.kind) {
    case undefined:
      return work.run();
    case 'throttle':
      throw new AwsError('ThrottlingException', 'Rate exceeded', { queryCode: 'RequestThrottled' });
    case 'unavailable':
      throw new AwsError('ServiceUnavailable', 'The service is unavailable.', { status: 503 });
    case 'reject':
      throw new AwsError('MessageRejected', 'Address blacklisted.');
    case 'paused':
      throw new AwsError(
        'AccountSendingPausedException',
        'Email sending is disabled for your entire Amazon SES account.',
      );
    case 'lost_reply':
      await work.run();
      return LOST;
    case 'timeout':
      await work.run();
      return UNANSWERED;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = z.instanceof(Buffer).parse(chunk);
    size += bytes.length;
    if (size > REQUEST_BYTES_MAX) {
      throw new AwsError('RequestEntityTooLarge', 'The request is too large.', { status: 413 });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AwsError('SerializationException', 'The request body is not JSON.', { cause });
  }
}

function toAwsError(cause: unknown, log: (message: string) => void): AwsError {
  if (cause instanceof AwsError) return cause;
  log(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  return new AwsError('InternalFailure', 'The local stand-in failed; see its log.', {
    status: 500,
  });
}

function renderJson(contentType: string): Rendering {
  return {
    contentType,
    success: (result) => JSON.stringify(result ?? {}),
    failure: (error) => JSON.stringify({ __type: error.code, message: error.message }),
  };
}
