import type { WalletDependencies } from '#functions/wallet/dependencies';
import { walletRoutes } from '#lib/contract/routes/wallet';
import { endpoint } from '#lib/http/endpoint';
import { historyAnswer } from '#lib/http/history-page';

/** GET /credits/history */
export const listHistory = endpoint(
  walletRoutes.listHistory,
  async (call, { history }: WalletDependencies) => historyAnswer(history, call, call.caller.sub),
);
