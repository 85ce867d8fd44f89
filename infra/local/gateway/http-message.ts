import type { IncomingMessage } from 'node:http';

/** A request as the gateway reads it: header names in lower case, repeated headers joined. */
export interface HttpRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly sourceIp: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/** Reads everything but the body. */
export function readRequest(request: IncomingMessage): HttpRequest {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const { cookie = [], ...distinct } = request.headersDistinct;
  const headers = Object.fromEntries(
    Object.entries(distinct).map(([name, values]) => [name, (values ?? []).join(',')]),
  );
  return {
    method: request.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers,
    cookies: cookie.flatMap((line) => line.split(/;\s*/)).filter((item) => item !== ''),
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
  };
}

/**
 * The body, or undefined as soon as it is larger than `bytesMax`; the rest is read and dropped, so
 * that the client finishes sending and then sees the answer.
 */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    request.resume();
    return undefined;
  }
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else done(undefined);
    });
    request.once('end', () => {
      done(Buffer.concat(chunks));
    });
    request.once('error', fail);
    // A client that hangs up ends nothing.
    request.once('close', () => {
      fail(new Error('The client hung up.'));
    });
  });
}

/** An answer of the gateway itself, in its own words: never an error's message or stack. */
export function message(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message: text })),
  };
}
