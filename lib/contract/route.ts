import * as z from 'zod';
import type { ErrorCode } from '#lib/contract/errors';
import type { FileFormat } from '#lib/contract/file-formats';
import type { RateLimit } from '#lib/contract/rate-limits';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The Lambda functions that serve routes (DESIGN 8). */
export type FunctionName =
  'wallet' | 'service' | 'purchases' | 'applications' | 'subscriptions' | 'admin';

/** What a signed-in person may do; which groups have which is in `lib/identity/permissions.ts`. */
export type Permission =
  | 'credits.read'
  | 'credits.purchase'
  | 'credits.spend'
  | 'credits.redeem'
  | 'admin.read'
  | 'admin.adjust'
  | 'admin.refund'
  | 'admin.report'
  | 'admin.configure';

export type Scope = 'credits/read' | 'credits/write';

/** Who may call a route. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'user'; readonly permission: Permission }
  /** `ownUser`: what a person needs to use it too, for the user in the path who is that person. */
  | { readonly kind: 'service'; readonly scope: Scope; readonly ownUser?: Permission }
  | { readonly kind: 'admin'; readonly permission: Permission };

/** What a route answers when all is well: 201 where something was created, 202 where a job was. */
export type Status = 200 | 201 | 202;
export type Answers = Readonly<Partial<Record<Status, z.ZodType>>>;

interface Declaration<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  A extends Answers,
> {
  /**
   * Unique; also the operation id, and the name of the file that serves it, unless that serves two routes (`end-hold`,
   * `get-user`).
   */
  readonly name: string;
  readonly method: Method;
  readonly path: `/${string}`;
  readonly function: FunctionName;
  readonly access: Access;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Takes an Idempotency-Key (DESIGN 5). */
  readonly idempotent?: true;
  /** Answers with an ETag, and 304 to a matching If-None-Match. */
  readonly conditional?: true;
  readonly produces?: 'json' | 'html';
  /** Can answer 200 as a file of these formats (its endpoint decides); `only`: answers 200 in no other way. */
  readonly files?: Files;
  /** Takes more than the usual body, and CSV as well as JSON: its text arrives as `{ csv }`. */
  readonly upload?: { readonly bytesMax: number };
  /** How often one caller may use it; answers 429 with Retry-After beyond that (DESIGN 5, limits). */
  readonly limit?: RateLimit;
  readonly answers: A;
  /** The codes of this operation; those that every route can answer are added by `errorsOf`. */
  readonly errors: readonly ErrorCode[];
}

interface Files {
  readonly formats: readonly FileFormat[];
  readonly only: boolean;
}

/** One route as data: everything that gateway, validation, OpenAPI and client need to know. */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends Answers = Answers,
> {
  readonly name: string;
  readonly method: Method;
  readonly path: `/${string}`;
  readonly function: FunctionName;
  readonly access: Access;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly hasBody: boolean;
  readonly idempotent: boolean;
  readonly conditional: boolean;
  readonly produces: 'json' | 'html';
  readonly files: Files | null;
  readonly upload: { readonly bytesMax: number } | null;
  readonly limit: RateLimit | null;
  readonly answers: A;
  readonly errors: readonly ErrorCode[];
}

const noFields = z.strictObject({});
type NoFields = typeof noFields;

/** Declares a route; parts that are left out take nothing, and whatever a caller sends there is refused. */
export function route<
  A extends Answers,
  P extends z.ZodType = NoFields,
  Q extends z.ZodType = NoFields,
  B extends z.ZodType = NoFields,
>(declaration: Declaration<P, Q, B, A>): Route<P, Q, B, A>;
export function route(declaration: Declaration<z.ZodType, z.ZodType, z.ZodType, Answers>): Route {
  return {
    ...declaration,
    params: declaration.params ?? noFields,
    query: declaration.query ?? noFields,
    body: declaration.body ?? noFields,
    hasBody: declaration.body !== undefined,
    idempotent: declaration.idempotent ?? false,
    conditional: declaration.conditional ?? false,
    produces: declaration.produces ?? 'json',
    files: declaration.files ?? null,
    upload: declaration.upload ?? null,
    limit: declaration.limit ?? null,
  };
}

/** The gateway's name of a route, and what an event carries: `POST /api/credits/{userId}/deduct`. */
export function routeKey(route: Pick<Route, 'method' | 'path'>): string {
  return `${route.method} ${route.path}`;
}

/** Every code that a route can answer: its own, and those that follow from what it takes and who may call it. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const { access } = route;
  const ofAccess: ErrorCode[] =
    access.kind === 'public' ? [] : ['UNAUTHENTICATED', 'FORBIDDEN', 'IDENTITY_UNAVAILABLE'];
  const ofOwner: ErrorCode[] = access.kind === 'service' && access.ownUser ? ['NOT_FOUND'] : [];
  const ofBody: ErrorCode[] = route.hasBody
    ? ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']
    : [];
  const ofKey: ErrorCode[] = route.idempotent
    ? ['INVALID_IDEMPOTENCY_KEY', 'IDEMPOTENCY_KEY_REUSED']
    : [];
  const ofLimit: ErrorCode[] = route.limit === null ? [] : ['RATE_LIMITED'];
  if (route.limit !== null && route.method !== 'GET') ofLimit.push('RATE_LIMIT_UNAVAILABLE');
  const ofAll: ErrorCode[] = ['VALIDATION_FAILED', 'INTERNAL', 'TIMED_OUT'];
  const implied = [...ofAccess, ...ofOwner, ...ofBody, ...ofKey, ...ofLimit, ...ofAll];
  return [...new Set([...route.errors, ...implied])];
}
