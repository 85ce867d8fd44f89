import * as z from 'zod';
import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import { closePage, openPage, type Page } from '#lib/http/pagination';

// A cursor names the place that it goes on below: what comes in meanwhile moves no page.
const position = z.strictObject({ total: z.int().min(0), offset: z.int().min(0) });

/** A page of a list whose members are numbered, newest first. */
export interface CountedPage {
  readonly page: Page<z.output<typeof position>>;
  readonly window: {
    readonly offset: number;
    readonly limit: number;
    /** How many members there were when the cursor began. */
    readonly asOfTotal?: number;
  };
}

export function openCountedPage(call: Parameters<typeof openPage>[0]): CountedPage {
  const page = openPage(call, position);
  const { limit } = page;
  const window = page.position
    ? { offset: page.position.offset, asOfTotal: page.position.total, limit }
    : { offset: (page.page - 1) * limit, limit };
  return { page, window };
}

/** The pagination of an answer, when `total` members match now. */
export function closeCountedPage(
  { page, window }: CountedPage,
  total: number,
): Wire<typeof wire.pagination> {
  const counted = window.asOfTotal ?? total;
  const offset = window.offset + window.limit;
  return closePage(page, {
    total,
    next: offset < counted ? { total: counted, offset } : null,
  });
}
