import { hash } from 'node:crypto';
import type * as z from 'zod';
import type { FileFormat } from '#lib/contract/file-formats';
import type { Answers, Route, Status } from '#lib/contract/route';
import {
  type HttpEvent,
  parse,
  readBody,
  readIdempotencyKey,
  readMaxAge,
  readQuery,
} from '#lib/http/parse-request';
import { actorOf, type Caller } from '#lib/identity/caller';
import { canonicalJson, requestCause } from '#lib/ledger/entry';

/** What a request is, apart from what it asks for. */
export interface RequestInfo {
  /** The gateway's id: it stands in access log, answer and problem document alike. */
  readonly id: string;
  /** The one instant at which everything in this request is decided: ISO 8601 UTC with milliseconds. */
  readonly now: string;
  readonly sourceIp: string;
  /** As the caller sent it, or null. */
  readonly idempotencyKey: string | null;
  /** What entries of this request name as their cause: one per caller, route and key, or this request alone. */
  readonly cause: string;
  /** Hash of what is asked for, where there is a key: tells a replay from a reused key. */
  readonly fingerprint: string | null;
  /** How entries of this request name who made them. */
  readonly actor: string;
  /** How old a cached answer the caller takes, in seconds; 0 asks for a strongly consistent one. */
  readonly maxAgeSeconds: number;
}

/** Everything that an endpoint knows of a call; each part is parsed by the route's own schema. */
export interface Call<P, Q, B> {
  readonly route: string;
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: RequestInfo;
}

/** A shape of the contract as code makes it: anything that is not written to may be readonly. */
export type Wire<S extends z.ZodType> = Immutable<z.input<S>>;

type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T;

/** One of the route's answers; TypeScript checks the body against the schema of its status. */
export type Answer<A extends Answers> = {
  readonly [S in keyof A & Status]: {
    readonly status: S;
    readonly body: Wire<Extract<A[S], z.ZodType>>;
    readonly headers?: Readonly<Record<string, string>>;
    /** The first answer to this Idempotency-Key, given again. */
    readonly replayed?: boolean;
  };
}[keyof A & Status];

/** A file, from a route that can answer one of its format. */
export interface FileAnswer {
  readonly status: 200;
  readonly file: AnsweredFile;
}

export interface AnsweredFile {
  readonly format: FileFormat;
  readonly text: string;
  /** What a browser saves it as: letters, digits, `-`, `_` and `.` only. */
  readonly name: string;
}

/** An answer of any route, as it is rendered. */
export interface AnyAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly file?: AnsweredFile;
  readonly headers?: Readonly<Record<string, string>>;
  readonly replayed?: boolean;
}

/** A request whose caller may use the route. */
export interface Arrival {
  readonly event: HttpEvent;
  readonly caller: Caller;
  readonly now: Date;
  /** Called once the request is understood and before anything is done; throws when the caller asks too often. */
  readonly admit: () => Promise<void>;
}

/** A route with the code that answers it. `D` is what the code needs; a function's dependencies must offer it. */
export interface Endpoint<D> {
  readonly route: Route;
  readonly handle: (arrival: Arrival, dependencies: D) => Promise<AnyAnswer>;
}

/**
 * Binds a route of the contract to the code that answers it (DESIGN 5). `run` gets parsed input and an authorized
 * caller, and answers or throws `problem(code, ...)`.
 */
export function endpoint<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends Answers,
  D,
  // Inferred as written, so that a literal such as `'ok'` stays one.
  const T extends Answer<A> | FileAnswer,
>(
  route: Route<P, Q, B, A>,
  run: (call: Call<z.output<P>, z.output<Q>, z.output<B>>, dependencies: D) => Promise<T>,
): Endpoint<D> {
  return {
    route,
    async handle({ event, caller, now, admit }, dependencies) {
      const input = {
        params: parse(route.params, event.pathParameters ?? {}),
        query: parse(route.query, readQuery(event)),
        body: parse(route.body, readBody(event, route)),
      };
      const request = requestInfo({ event, route, caller, now, input });
      await admit();
      return run({ route: route.name, caller, ...input, request }, dependencies);
    },
  };
}

function requestInfo(call: {
  readonly event: HttpEvent;
  readonly route: Route;
  readonly caller: Caller;
  readonly now: Date;
  readonly input: unknown;
}): RequestInfo {
  const { event, route, caller, now, input } = call;
  const { requestId, http } = event.requestContext;
  const idempotencyKey = readIdempotencyKey(event, route);
  const actor = actorOf(caller);
  return {
    id: requestId,
    now: now.toISOString(),
    sourceIp: http.sourceIp,
    idempotencyKey,
    // A key has printable characters only, so no caller can send the key of a request without one.
    cause: requestCause({
      caller: actor,
      route: route.name,
      key: idempotencyKey ?? `\n${requestId}`,
    }),
    fingerprint: idempotencyKey === null ? null : fingerprintOf(input),
    actor,
    maxAgeSeconds: readMaxAge(event),
  };
}

/** Taken after parsing, so that a default that is spelled out and one that is left out ask for the same. */
export function fingerprintOf(input: unknown): string {
  return hash('sha256', canonicalJson(input), 'base64url');
}
