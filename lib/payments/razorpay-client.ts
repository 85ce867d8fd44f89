import http from 'node:http';
import https from 'node:https';
import * as z from 'zod';
import { ATTEMPTS_MAX, withinCallTime } from '#lib/payments/call-time';

/*
 * Why not the SDK (razorpay 2.9.8), for any call: it has no timeout, so that a hung connection lasts as long as the
 * function; it throws a TypeError for every lost connection, which hides that the outcome is open; it drops the header
 * that makes refunds repeatable; and it compares signatures with ===. What we send has its shapes all the same, and
 * the SDK is what the local stand-in is tested with.
 */

export interface RazorpayCredentials {
  readonly keyId: string;
  readonly keySecret: string;
}

export interface RazorpayAccount {
  /** The API key; asked again with `fresh` when Razorpay does not know it, because it may have been exchanged. */
  readonly credentials: (options?: { readonly fresh: boolean }) => Promise<RazorpayCredentials>;
  /** Of one attempt, from the first byte sent to the last byte read; `callMaxMs` is the whole call's. */
  readonly timeoutMs: number;
  /** Where Razorpay answers, when not at its own address. */
  readonly server?: {
    readonly protocol: 'http' | 'https';
    readonly host: string;
    readonly port: number;
  };
}

/** Every request can be repeated without doing its work twice: it reads, or carries its own key (see each call). */
export interface RazorpayRequest<S extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  /** With its query, below `/v1`. */
  readonly path: `/${string}`;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the answer has to be: anything else leaves the outcome open. */
  readonly answer: S;
}

/** `refused`: Razorpay has not done it, and says why. `unknown`: it may have been done. */
export type RazorpayAnswer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  | { readonly kind: 'unknown'; readonly detail: string };

export interface RazorpayClient {
  readonly ask: <S extends z.ZodType>(
    request: RazorpayRequest<S>,
  ) => Promise<RazorpayAnswer<z.output<S>>>;
}

const API_HOST = 'api.razorpay.com';
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** Too many at once, another request of the same key is under way, too slow: none of them says that it was not done. */
const OPEN_STATUSES = new Set([408, 409, 425, 429]);

/** Razorpay's REST API with timeouts and typed outcomes (razorpay.com/docs/api). Never throws for what it answers. */
export function createRazorpayClient(account: RazorpayAccount): RazorpayClient {
  return {
    ask: (request) =>
      withinCallTime(account, async () => {
        const first = await attempts(account, request, await account.credentials());
        if (first.kind !== 'refused' || first.status !== 401) return first;
        return attempts(account, request, await account.credentials({ fresh: true }));
      }),
  };
}

/** In Razorpay's words an id that it does not know is a bad request, and so is anything else that it will not do. */
export function isMissing({ detail }: { readonly detail: string }): boolean {
  return /does not exist|not a valid id/.test(detail);
}

async function attempts<S extends z.ZodType>(
  account: RazorpayAccount,
  request: RazorpayRequest<S>,
  credentials: RazorpayCredentials,
): Promise<RazorpayAnswer<z.output<S>>> {
  for (let attempt = 1; ; attempt += 1) {
    const sent = await send(account, request, credentials);
    const answer = 'error' in sent ? lost(sent.error) : read(sent, request.answer);
    // Who is asked too much is not asked again at once.
    const isWorthAnother = answer.kind === 'unknown' && !('status' in sent && sent.status === 429);
    if (!isWorthAnother || attempt === ATTEMPTS_MAX) return answer;
  }
}

interface Response {
  readonly status: number;
  readonly text: string;
}

function send(
  account: RazorpayAccount,
  request: Omit<RazorpayRequest<z.ZodType>, 'answer'>,
  { keyId, keySecret }: RazorpayCredentials,
): Promise<Response | { readonly error: Error }> {
  const { protocol, host, port } = account.server ?? {
    protocol: 'https',
    host: API_HOST,
    port: 443,
  };
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ error });
    const outgoing = (protocol === 'https' ? https : http).request(
      {
        host,
        port,
        method: request.method,
        path: `/v1${request.path}`,
        signal: AbortSignal.timeout(account.timeoutMs),
        headers: {
          accept: 'application/json',
          authorization: `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString('base64')}`,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
          ...request.headers,
        },
      },
      (response) => {
        const chunks: Uint8Array[] = [];
        let bytes = 0;
        response.on('data', (chunk: Uint8Array) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too long'));
        });
        response.on('error', fail);
        response.on('close', () => {
          if (!response.complete) fail(new Error('the answer ended too early'));
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

const refusalSchema = z.object({ error: z.object({ code: z.string(), description: z.string() }) });

/** A 4xx is a refusal only in Razorpay's own words: what stands in between us may answer one, too. */
function read<S extends z.ZodType>(
  { status, text }: Response,
  schema: S,
): RazorpayAnswer<z.output<S>> {
  const json = parseJson(text);
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(json);
    if (parsed.success) return { kind: 'answered', value: parsed.data };
    return { kind: 'unknown', detail: `the answer is not what was asked for (${status})` };
  }
  const refusal = refusalSchema.safeParse(json);
  if (status >= 400 && status < 500 && !OPEN_STATUSES.has(status) && refusal.success) {
    const { code, description } = refusal.data.error;
    return { kind: 'refused', status, detail: `${code}: ${description}` };
  }
  return { kind: 'unknown', detail: `answered ${status}` };
}

function lost(error: Error): { readonly kind: 'unknown'; readonly detail: string } {
  const isLate = error.name === 'AbortError' || error.name === 'TimeoutError';
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return { kind: 'unknown', detail: isLate ? 'no answer in time' : `connection lost${code}` };
}

/** Undefined where it is not JSON, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
