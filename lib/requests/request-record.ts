import { hash } from 'node:crypto';
import * as z from 'zod';
import type { Reader, RecordRef, RecordWrite } from '#lib/ports';

/**
 * What stands for an Idempotency-Key where the cause of what it does is something else: a code, an application. It is
 * written in the transaction of the command, so that the key belongs to that request for ever.
 */
export const requestSchema = z.object({ fingerprint: z.string(), at: z.string() });
export type RequestRecord = Readonly<z.infer<typeof requestSchema>>;

/** A request as its endpoint knows it; `fingerprint` is null where the caller named no key. */
export interface KeyedRequest {
  readonly cause: string;
  readonly fingerprint: string | null;
}

/**
 * The request as one about a user: a key belongs to its caller, route and user, so that the same key in the path of
 * another user is another request (DESIGN 5). Entries need none of this, because their ids follow from their user.
 */
export function requestAbout(userId: string, { cause, fingerprint }: KeyedRequest): KeyedRequest {
  const digest = hash('sha256', `${cause}\n${userId}`, 'hex');
  return { cause: `request:${digest.slice(0, 32)}`, fingerprint };
}

/** What a command reads to know whether its request was here before. */
export function requestRefs(request: KeyedRequest): readonly RecordRef<'request'>[] {
  return request.fingerprint === null ? [] : [refOf(request)];
}

/** The request that holds this key, or null: it may be this very one, or another. */
export function requestOf(
  read: Reader,
  request: KeyedRequest,
): (RequestRecord & { readonly isSame: boolean }) | null {
  if (request.fingerprint === null) return null;
  const { record, id } = refOf(request);
  const found = read(record, id);
  return found && { ...found.value, isSame: found.value.fingerprint === request.fingerprint };
}

/** Binds the key to the request, in the transaction that does what it asks for. */
export function requestWrites(
  request: KeyedRequest,
  at: string,
): readonly RecordWrite<'request'>[] {
  const { fingerprint } = request;
  if (fingerprint === null) return [];
  return [{ ...refOf(request), value: { fingerprint, at }, version: null }];
}

function refOf(request: KeyedRequest) {
  return { record: 'request', id: { cause: request.cause } } as const;
}
