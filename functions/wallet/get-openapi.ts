import type { WalletDependencies } from '#functions/wallet/dependencies';
import { publicRoutes } from '#lib/contract/routes/public';
import { endpoint } from '#lib/http/endpoint';

/** GET /openapi.json: made from the contract when the function is built. */
export const getOpenapi = endpoint(
  publicRoutes.getOpenapi,
  async (_call, { openapi }: WalletDependencies) => ({ status: 200, body: await openapi() }),
);
