import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';

import type { Clock } from '#infra/local/clock';
import { AwsError } from '#infra/local/services/aws-error';
import {
  type ObjectFiles,
  type ObjectHeaders,
  openObjectFiles,
  type StoredObject,
} from '#infra/local/services/s3-objects';
import { checkPresigned } from '#infra/local/services/s3-signature';
import type { StateStore } from '#infra/local/state';

/** One part or object of ours is some MB; S3 takes 5 GB at once. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Every part but the last (S3, multipart upload limits). */
const PART_BYTES_MIN = 5 * 1024 * 1024;
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

interface Call {
  readonly bucket: string;
  /** `bucket/key`. */
  readonly object: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * S3 as far as files for people need it: objects, multipart uploads, and links that are signed and expire. Objects lie
 * in the data directory. Path-style addresses, as the SDK uses with an endpoint that is an IP address.
 */
export function createObjectStore(options: {
  readonly folder: string;
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly buckets: readonly string[];
  /** Of the functions' role: what links are signed with. */
  readonly secretAccessKey: string;
  readonly log: (message: string) => void;
}): { readonly listener: RequestListener } {
  const { buckets, clock, log, secretAccessKey } = options;
  const now = (): Date => clock.now();
  const files = openObjectFiles({ folder: options.folder, state: options.state, now });

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const url = new URL(request.url ?? '/', 'http://s3.local');
    const [bucket = '', ...key] = decodeURIComponent(url.pathname).slice(1).split('/');
    const { headers, method = '' } = request;
    if (url.searchParams.has('X-Amz-Signature')) {
      const signed = { method, path: url.pathname, query: url.searchParams, headers };
      checkPresigned(signed, { secretAccessKey, now: now() });
    } else if (!headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) {
      throw new AwsError('AccessDenied', 'Access Denied', { status: 403 });
    }
    if (!buckets.includes(bucket)) {
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', { status: 404 });
    }
    const body = await readBody(request);
    const object = [bucket, ...key].join('/');
    return operationOf(method, url.searchParams)(files, {
      bucket,
      object,
      query: url.searchParams,
      headers,
      body,
    });
  };
  return {
    listener: (request, response) => {
      // The SDK corrects its clock by this header, and the stack's clock is the one that counts.
      response.sendDate = false;
      response.setHeader('date', now().toUTCString());
      answer(request).then(
        (result) => {
          send(response, result, request.method);
        },
        (error: unknown) => {
          send(response, failure(error, log), request.method);
        },
      );
    },
  };
}

type ObjectOperation = (files: ObjectFiles, call: Call) => Answer;

function operationOf(method: string, query: URLSearchParams): ObjectOperation {
  if (method === 'GET' || method === 'HEAD') return getObject;
  if (method === 'PUT') return query.has('uploadId') ? uploadPart : putObject;
  if (method === 'POST' && query.has('uploads')) return createUpload;
  if (method === 'POST' && query.has('uploadId')) return completeUpload;
  throw new AwsError('NotImplemented', `The local stack has no such S3 operation: ${method}.`, {
    status: 501,
  });
}

const getObject: ObjectOperation = (files, { object }) => {
  const stored = files.get(object);
  if (!stored) {
    throw new AwsError('NoSuchKey', 'The specified key does not exist.', { status: 404 });
  }
  return { status: 200, headers: headersOf(stored), body: files.read(stored) };
};

const putObject: ObjectOperation = (files, call) => {
  const stored = files.put(call.object, headersFrom(call), call.body);
  return { status: 200, headers: { etag: `"${stored.etag}"` } };
};

const createUpload: ObjectOperation = (files, call) => {
  const id = randomUUID();
  files.begin(id, call.object, headersFrom(call));
  return xml('InitiateMultipartUploadResult', { UploadId: id });
};

const uploadPart: ObjectOperation = (files, call) => {
  const number = z.coerce.number().int().min(1).max(10_000).parse(call.query.get('partNumber'));
  return {
    status: 200,
    headers: { etag: `"${files.putPart(uploadOf(files, call), number, call.body)}"` },
  };
};

const completeUpload: ObjectOperation = (files, call) => {
  const upload = uploadOf(files, call);
  const named = [...call.body.toString('utf8').matchAll(/<Part>(.*?)<\/Part>/gs)].map(
    ([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
      etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? '').replace(/&quot;|"/g, ''),
    }),
  );
  named.forEach(({ etag, number }, index) => {
    const part = upload.parts.find((each) => each.number === number && each.etag === etag);
    if (!part) throw new AwsError('InvalidPart', 'A part could not be found.');
    if (number <= (named[index - 1]?.number ?? 0)) {
      throw new AwsError('InvalidPartOrder', 'The parts are not in ascending order.');
    }
    if (index < named.length - 1 && part.bytes < PART_BYTES_MIN) {
      throw new AwsError('EntityTooSmall', 'A part that is not the last is below 5 MiB.');
    }
  });
  const stored = files.finish(
    upload,
    named.map(({ number }) => number),
  );
  return xml('CompleteMultipartUploadResult', { ETag: `"${stored.etag}"` });
};

function uploadOf(files: ObjectFiles, { object, query }: Call) {
  const upload = files.upload(query.get('uploadId') ?? '');
  if (upload?.object === object) return upload;
  throw new AwsError('NoSuchUpload', 'The specified upload does not exist.', { status: 404 });
}

function headersFrom({ headers }: Call): ObjectHeaders {
  return {
    content_type: headers['content-type'] ?? 'application/octet-stream',
    content_disposition: headers['content-disposition'] ?? null,
  };
}

function headersOf(stored: StoredObject): Record<string, string> {
  return {
    'content-type': stored.content_type,
    ...(stored.content_disposition !== null && {
      'content-disposition': stored.content_disposition,
    }),
    'last-modified': new Date(stored.modified_at).toUTCString(),
    etag: `"${stored.etag}"`,
  };
}

function xml(root: string, fields: Readonly<Record<string, string>>): Answer {
  const inner = Object.entries(fields).map(
    ([name, value]) => `<${name}>${escape(value)}</${name}>`,
  );
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${inner.join('')}</${root}>`,
  };
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function failure(cause: unknown, log: (message: string) => void): Answer {
  const error =
    cause instanceof AwsError
      ? cause
      : new AwsError('InternalError', 'The local stand-in failed; see its log.', { status: 500 });
  if (error !== cause) log(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${escape(error.message)}</Message></Error>`,
  };
}

function send(response: ServerResponse, answer: Answer, method: string | undefined): void {
  const body = answer.body ?? '';
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': Buffer.byteLength(body),
    'x-amz-request-id': randomUUID(),
  });
  response.end(method === 'HEAD' ? '' : body);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = z.instanceof(Buffer).parse(chunk);
    size += bytes.length;
    if (size > BODY_BYTES_MAX) {
      throw new AwsError('EntityTooLarge', 'The body is too large.');
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
