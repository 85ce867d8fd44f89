import * as z from 'zod';
import type { AdminDependencies } from '#functions/admin/dependencies';
import { invalidField } from '#lib/contract/problem';
import { adminReportRoutes } from '#lib/contract/routes/admin-reports';
import { CREDIT_TYPES } from '#lib/contract/credit-types';
import { endpoint } from '#lib/http/endpoint';
import { closePage, openPage } from '#lib/http/pagination';
import { toTransaction } from '#lib/http/wallet-resource';
import { dayPlaceSchema } from '#lib/reports/days-back';
import {
  listTransactions as listAll,
  listUserTransactions,
  type TransactionPage,
} from '#lib/reports/list-transactions';

const number = z.int().min(0);
/** Of one user's: how far each of the wallets has been read. */
const walletPlaces = z
  .array(z.strictObject({ creditType: z.enum(CREDIT_TYPES), offset: number, total: number }))
  .max(CREDIT_TYPES.length);

/** GET /admin/credits/transactions */
export const listTransactions = endpoint(
  adminReportRoutes.listTransactions,
  async (call, { days, history, ledger: store }: AdminDependencies) => {
    const { user_id: userId, type, credit_type: creditType, from, to, actor } = call.query;
    if (from !== undefined && to !== undefined && from >= to) {
      throw invalidField('to', 'must be later than from');
    }
    const filter = { type, creditType, from, to, actor };
    if (userId === undefined) {
      const page = openPage(call, dayPlaceSchema);
      const { position: place, limit } = page;
      const { now } = call.request;
      const found = await listAll({ days, store }, { ...filter, now, place, limit });
      return answer(found, closePage(page, { total: null, next: found.next }));
    }
    const page = openPage(call, walletPlaces);
    const { position: places, limit } = page;
    const found = await listUserTransactions(
      { history, store },
      { ...filter, userId, places, limit },
    );
    return answer(found, closePage(page, { total: null, next: found.next }));
  },
);

function answer<P>({ entries }: TransactionPage<P>, pagination: ReturnType<typeof closePage>) {
  return { status: 200, body: { transactions: entries.map(toTransaction), pagination } } as const;
}
