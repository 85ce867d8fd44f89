import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, stopListening } from '#infra/local/listen';
import { invariant } from '#lib/invariant';

/** What becomes of one outgoing call of a function. */
export type Act =
  | { readonly kind: 'pass' }
  /** The connection breaks before anything is sent. */
  | { readonly kind: 'refuse' }
  /** The work is done, and the connection breaks before the answer arrives. */
  | { readonly kind: 'lose' }
  /** The function ends here, before the work is done or after it, and never learns which. */
  | { readonly kind: 'die'; readonly moment: 'before' | 'after' }
  /** Nothing is done, and that is answered. */
  | { readonly kind: 'answer'; readonly answer: (body: string) => CannedAnswer }
  /** Something else happens first; the call goes on when that is over. */
  | { readonly kind: 'late'; readonly first: () => Promise<void> };

export interface CannedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A call as it left the function. */
export interface Outgoing {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly act: Act;
  /** The function has ended. */
  readonly died: () => void;
}

/** Stands between a function and the services for the calls to which something happens. */
export interface Relay {
  readonly port: number;
  /** The path under which the relay knows what to do with a request that is sent there instead. */
  readonly expect: (call: Outgoing) => string;
  /** Resolves when every call that came so far was dealt with, whoever still waits for its answer. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const PREFIX = '/relay/';

export async function startRelay(): Promise<Relay> {
  const expected = new Map<string, Outgoing>();
  const underWay = new Set<Promise<void>>();
  let calls = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const call = expected.get(path);
    expected.delete(path);
    invariant(call, 'only calls that were announced are sent here');
    const handled = handle(call, request, response)
      .catch(() => void response.destroy())
      .finally(() => underWay.delete(handled));
    underWay.add(handled);
  });
  const port = await listen(server);
  return {
    port,
    expect: (call) => {
      calls += 1;
      const path = `${PREFIX}${calls}`;
      expected.set(path, call);
      return path;
    },
    settle: async () => {
      await Promise.all(underWay);
    },
    close: async () => {
      server.closeAllConnections();
      await stopListening(server);
    },
  };
}

async function handle(
  call: Outgoing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { act } = call;
  const body = await textOf(request);
  switch (act.kind) {
    case 'refuse':
      response.destroy();
      return;
    case 'lose':
      await forward(call, request, body);
      response.destroy();
      return;
    case 'die':
      if (act.moment === 'after') await forward(call, request, body);
      // No answer, ever: the connection ends with the relay.
      call.died();
      return;
    case 'answer': {
      const { status, headers, body: text } = act.answer(body.toString());
      response.writeHead(status, headers).end(text);
      return;
    }
    case 'late':
      await act.first();
      await relayAnswer(call, request, { body, response });
      return;
    case 'pass':
      await relayAnswer(call, request, { body, response });
  }
}

async function relayAnswer(
  call: Outgoing,
  request: IncomingMessage,
  rest: { readonly body: Buffer; readonly response: ServerResponse },
): Promise<void> {
  const answer = await forward(call, request, rest.body);
  rest.response.writeHead(answer.status, answer.headers).end(answer.body);
}

/** Sends the request on to the service it is for, whole, and waits for the whole answer. */
function forward(call: Outgoing, request: IncomingMessage, body: Buffer) {
  const { port, method, path } = call;
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly status: number;
    readonly headers: http.IncomingHttpHeaders;
    readonly body: Buffer;
  }>();
  const onward = http.request(
    {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: request.headers,
      setHost: false,
    },
    (answer) => {
      textOf(answer).then((text) => {
        const headers = { ...answer.headers };
        delete headers['transfer-encoding'];
        resolve({ status: answer.statusCode ?? 0, headers, body: text });
      }, reject);
    },
  );
  onward.on('error', reject);
  onward.end(body);
  return promise;
}

async function textOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
