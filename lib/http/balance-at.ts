import type * as z from 'zod';
import { invalidField } from '#lib/contract/problem';
import type { balanceQuery } from '#lib/contract/queries';
import type * as wire from '#lib/contract/wire';
import type { RequestInfo, Wire } from '#lib/http/endpoint';
import { toBalance, toBalanceAt, toUserBalance } from '#lib/http/wallet-resource';
import type { WalletRef } from '#lib/ledger/wallet';
import type { HistoryStore, LedgerStore } from '#lib/ports';
import { readBalanceAt } from '#lib/wallets/read-balance-at';

/** The balance at a past instant; an instant to come is refused, because no one knows it yet. */
export async function balanceAt(
  history: HistoryStore,
  asked: { readonly wallet: WalletRef; readonly at: string; readonly request: RequestInfo },
): Promise<Wire<typeof wire.balance>> {
  const { wallet, at, request } = asked;
  const head = await readBalanceAt(history, { wallet, at, now: request.now });
  if (!head) throw invalidField('at', 'must not lie in the future');
  return toBalanceAt(head, at);
}

/** Anybody's balance as services and admins ask for it: now, or at a past instant. */
export async function userBalance(
  { history, ledger }: { readonly history: HistoryStore; readonly ledger: LedgerStore },
  asked: {
    readonly userId: string;
    readonly query: z.output<typeof balanceQuery>;
    readonly request: RequestInfo;
  },
): Promise<Wire<typeof wire.userBalance>> {
  const { query, request, userId } = asked;
  const wallet = { userId, creditType: query.credit_type };
  const balance =
    query.at === undefined
      ? toBalance(await ledger.loadHead(wallet), request.now)
      : await balanceAt(history, { wallet, at: query.at, request });
  return toUserBalance(userId, balance);
}
