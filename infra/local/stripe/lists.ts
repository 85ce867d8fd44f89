import { invalidRequest } from '#infra/local/stripe/errors';
import type { TimeRange } from '#infra/local/stripe/parameters';

interface Page {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
}

/**
 * One page of a Stripe list, newest first; `records` come oldest first, as they are stored.
 * Throws `StripeApiError` for a cursor that is not in the list.
 */
export function renderList<Item extends { readonly id: string }>(
  records: readonly Item[],
  options: { readonly page: Page; readonly url: string; readonly render: (item: Item) => object },
): object {
  const { page, url, render } = options;
  const newest = records.toReversed();
  const place = (id: string, param: string): number => {
    const index = newest.findIndex((item) => item.id === id);
    if (index < 0) throw invalidRequest(`No such object: '${id}'`, { param });
    return index;
  };
  let from = 0;
  let to = newest.length;
  if (page.starting_after !== undefined) from = place(page.starting_after, 'starting_after') + 1;
  if (page.ending_before !== undefined) to = place(page.ending_before, 'ending_before');
  // Going back, the page lies right before its cursor.
  if (page.ending_before !== undefined) from = Math.max(from, to - page.limit);
  const hasMore = page.ending_before === undefined ? to - from > page.limit : from > 0;
  return {
    object: 'list',
    data: newest.slice(from, Math.min(to, from + page.limit)).map(render),
    has_more: hasMore,
    url,
  };
}

/** Whether a time (Unix seconds) lies within the bounds asked for. */
export function isWithin(time: number, range: TimeRange | undefined): boolean {
  if (range === undefined) return true;
  return (
    (!('gt' in range) || range.gt === undefined || time > range.gt) &&
    (range.gte === undefined || time >= range.gte) &&
    (!('lt' in range) || range.lt === undefined || time < range.lt) &&
    (range.lte === undefined || time <= range.lte)
  );
}
