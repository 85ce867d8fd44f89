import * as z from 'zod';
import type { Answers, Route, Status } from '#lib/contract/route';
import { problemDocument } from '#lib/contract/wire';

export interface ClientOptions {
  /** Where the API is, without a slash at the end. */
  readonly url: string;
  /** The access token of each request; public routes need none. */
  readonly token?: () => string | Promise<string>;
  readonly fetch?: typeof fetch;
  /** Makes the Idempotency-Key of a call that names none. */
  readonly newKey?: () => string;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** What the API refused, as its problem document says it. `code` is stable; `details` has its numbers. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, details: Readonly<Record<string, unknown>>) {
    super(typeof details['detail'] === 'string' ? details['detail'] : `the API answered ${status}`);
    this.status = status;
    this.code = typeof details['code'] === 'string' ? details['code'] : 'UNKNOWN';
    this.details = details;
  }
}

/** Fields of a part of a request, as text or as what the text stands for. */
type Fields<S extends z.ZodType> = {
  readonly [K in keyof z.input<S>]:
    z.input<S>[K] | Extract<z.output<S>[K & keyof z.output<S>], number>;
};

/** A part may be left out where none of its fields is required. */
type Part<N extends string, T> =
  T extends Record<string, never>
    ? { readonly [K in N]?: T }
    : object extends T
      ? { readonly [K in N]?: T }
      : { readonly [K in N]: T };

export type CallInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = Part<
  'params',
  z.input<P>
> &
  Part<'query', Fields<Q>> &
  Part<'body', z.input<B>> & { readonly key?: string };

/** The body of whichever of the route's answers came. */
export type CallAnswer<A extends Answers> = z.output<A[keyof A & Status] & z.ZodType>;

/** Calls a route of the contract: `await call(routes.deductCredits, { params: { userId }, body: { ... } })`. */
export type Client = <
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends Answers,
>(
  route: Route<P, Q, B, A>,
  input: CallInput<P, Q, B>,
) => Promise<CallAnswer<A>>;

const TRIES_MAX = 5;
const RETRY_MS = 200;

/**
 * A typed client of the whole API, made of the same declarations that serve it (DESIGN 5). Each write carries an
 * Idempotency-Key, so that a lost answer and a 503 are tried again without ever doing anything twice; a route that
 * takes no key is tried once. Throws `ApiError` for what the API refuses.
 */
export function createClient(options: ClientOptions): Client {
  const { sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) } = options;
  return async (route, input) => {
    const send = await requestOf(route, input, options);
    const isRepeatable = route.method === 'GET' || route.idempotent;
    for (let attempt = 1; ; attempt += 1) {
      const isLast = !isRepeatable || attempt === TRIES_MAX;
      const response = await send().catch((error: unknown) => {
        if (isLast) throw error;
        return null;
      });
      if (response && (response.status !== 503 || isLast)) return answerOf(route, response);
      const seconds = Number(response?.headers.get('retry-after') ?? 0);
      await sleep(Math.max(seconds * 1_000, RETRY_MS * 2 ** (attempt - 1)));
    }
  };
}

/** The request, ready to be sent any number of times. */
async function requestOf(
  route: Route,
  input: {
    readonly params?: unknown;
    readonly query?: unknown;
    readonly body?: unknown;
    readonly key?: string;
  },
  options: ClientOptions,
): Promise<() => Promise<Response>> {
  const { url, token, newKey = () => crypto.randomUUID(), fetch: send = fetch } = options;
  const params = new Map(
    Object.entries(input.params ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params.get(name) ?? ''),
  );
  const query = new URLSearchParams(
    Object.entries(input.query ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const key = route.idempotent ? (input.key ?? newKey()) : undefined;
  const headers = {
    ...(token && { authorization: `Bearer ${await token()}` }),
    ...(key !== undefined && { 'idempotency-key': key }),
    ...(route.hasBody && { 'content-type': 'application/json' }),
  };
  const body = route.hasBody ? JSON.stringify(input.body ?? {}) : null;
  const { method } = route;
  return () => send(`${url}${path}${query === '' ? '' : `?${query}`}`, { method, headers, body });
}

async function answerOf<A extends Answers>(
  route: Pick<Route<z.ZodType, z.ZodType, z.ZodType, A>, 'answers'>,
  response: Response,
): Promise<CallAnswer<A>> {
  const text = await response.text();
  const content = response.headers.get('content-type')?.includes('json') ? json(text) : text;
  const { status } = response;
  const schema = isAnswer(route.answers, status) ? route.answers[status] : undefined;
  if (!isSchema(schema)) {
    const problem = problemDocument.safeParse(content);
    throw new ApiError(status, problem.success ? problem.data : {});
  }
  return z.parse(schema, content);
}

function isAnswer<A extends Answers>(answers: A, status: number): status is keyof A & Status {
  return Object.hasOwn(answers, status);
}

function isSchema<T>(schema: T): schema is T & z.ZodType {
  return schema instanceof z.ZodType;
}

function json(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  return parsed;
}
