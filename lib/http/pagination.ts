import { hash } from 'node:crypto';
import * as z from 'zod';
import { problem } from '#lib/contract/problem';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '#lib/contract/queries';
import type { pagination } from '#lib/contract/wire';
import { invalidField } from '#lib/contract/problem';
import type { Call } from '#lib/http/endpoint';
import { canonicalJson } from '#lib/ledger/entry';

interface PageQuery {
  readonly page?: number | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The page that a call asks for. `P` is where a list goes on: a number to skip, or a sort key within its partition. */
export interface Page<P> {
  readonly page: number;
  readonly limit: number;
  /** Where the cursor says to go on, or null: then it is page number `page` from the start. */
  readonly position: P | null;
  /** What the cursor of the next page will be bound to. */
  readonly binding: string;
}

/**
 * Reads `page` and `limit`, or `cursor` (DESIGN 5). A cursor is base64url JSON with a position and a hash of caller,
 * route and filters, so that it is refused when any of them differs. It needs no secret: the partition always comes
 * from the authorized call and never from the cursor, and `position` is parsed, so that a forged one only skips to
 * another place of a list that the caller may read anyway.
 */
export function openPage<P>(
  call: Call<unknown, PageQuery, unknown>,
  position: z.ZodType<P>,
): Page<P> {
  const { page, limit, cursor, ...filters } = call.query;
  const binding = hash(
    'sha256',
    canonicalJson([call.route, call.request.actor, call.params, filters]),
    'base64url',
  ).slice(0, BINDING_LENGTH);
  if (cursor === undefined) {
    return { page: page ?? 1, limit: limit ?? PAGE_LIMIT_DEFAULT, position: null, binding };
  }
  if (page !== undefined) throw invalidField('page', 'cannot be combined with cursor');
  const decoded = cursorOf(position).safeParse(decode(cursor));
  if (!decoded.success || decoded.data.b !== binding) throw problem('INVALID_CURSOR');
  const { n, l, p } = decoded.data;
  return { page: n, limit: limit ?? l, position: p, binding };
}

const BINDING_LENGTH = 22;

function cursorOf<P>(position: z.ZodType<P>) {
  return z.strictObject({
    n: z.int().min(1),
    l: z.int().min(1).max(PAGE_LIMIT_MAX),
    p: position,
    b: z.string(),
  });
}

function decode(cursor: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return parsed;
  } catch {
    return null;
  }
}

/** The pagination of an answer. `next` is where the next page starts, null on the last; `total` null if unknown. */
export function closePage<P>(
  page: Page<P>,
  result: { readonly total: number | null; readonly next: P | null },
): z.input<typeof pagination> {
  const { total, next } = result;
  const cursor = { n: page.page + 1, l: page.limit, p: next, b: page.binding };
  return {
    page: page.page,
    limit: page.limit,
    total,
    total_pages: total === null ? null : Math.ceil(total / page.limit),
    next_cursor: next === null ? null : Buffer.from(JSON.stringify(cursor)).toString('base64url'),
  };
}
