import * as z from 'zod';
import type { HistoryStore } from '#lib/ports';
import type * as queries from '#lib/contract/queries';
import type * as wire from '#lib/contract/wire';
import type { Call, Wire } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { toTransaction } from '#lib/http/wallet-resource';

// A cursor names the entry that it goes on below: entries that come in meanwhile move no page.
const position = z.strictObject({ total: z.int().min(0), offset: z.int().min(0) });

/** A page of one wallet's history, newest first, by page number or cursor (DESIGN 5). */
export async function historyAnswer(
  history: HistoryStore,
  call: Call<unknown, z.output<typeof queries.historyQuery>, unknown>,
  userId: string,
): Promise<{ readonly status: 200; readonly body: Wire<typeof wire.history> }> {
  const { credit_type: creditType, type, from, to } = call.query;
  const page = openPage(call, position);
  const { entries, total, asOfSeq } = await history.page({
    wallet: { userId, creditType },
    ...(type !== undefined && { type }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(page.position
      ? { offset: page.position.offset, asOfTotal: page.position.total }
      : { offset: (page.page - 1) * page.limit }),
    limit: page.limit,
  });
  const counted = page.position?.total ?? total;
  const offset = (page.position?.offset ?? (page.page - 1) * page.limit) + page.limit;
  const next = offset < counted ? { total: counted, offset } : null;
  return {
    status: 200,
    body: {
      transactions: entries.map(toTransaction),
      pagination: closePage(page, { total, next }),
      as_of_seq: asOfSeq,
    },
  };
}
