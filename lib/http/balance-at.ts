import { invalidField } from '#lib/contract/problem';
import type * as wire from '#lib/contract/wire';
import type { RequestInfo, Wire } from '#lib/http/endpoint';
import { toBalanceAt } from '#lib/http/wallet-resource';
import type { WalletRef } from '#lib/ledger/wallet';
import type { HistoryStore } from '#lib/ports';
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
