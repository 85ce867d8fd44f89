import type * as z from 'zod';
import type { HistoryStore } from '#lib/ports';
import type * as queries from '#lib/contract/queries';
import type * as wire from '#lib/contract/wire';
import { closeCountedPage, openCountedPage } from '#lib/http/counted-page';
import type { Call, Wire } from '#lib/http/endpoint';
import { toTransaction } from '#lib/http/wallet-resource';

/** A page of one wallet's history, newest first, by page number or cursor (DESIGN 5). */
export async function historyAnswer(
  history: HistoryStore,
  call: Call<unknown, z.output<typeof queries.historyQuery>, unknown>,
  userId: string,
): Promise<{ readonly status: 200; readonly body: Wire<typeof wire.history> }> {
  const { credit_type: creditType, type, from, to } = call.query;
  const place = openCountedPage(call);
  const { entries, total, asOfSeq } = await history.page({
    wallet: { userId, creditType },
    ...(type !== undefined && { type }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...place.window,
  });
  return {
    status: 200,
    body: {
      transactions: entries.map(toTransaction),
      pagination: closeCountedPage(place, total),
      as_of_seq: asOfSeq,
    },
  };
}
