import type { WalletDependencies } from '#functions/wallet/dependencies';
import { publicRoutes } from '#lib/contract/routes/public';
import { endpoint } from '#lib/http/endpoint';

/** GET /events.json: made from the contract when the function is built. */
export const getEventSchemas = endpoint(
  publicRoutes.getEventSchemas,
  async (_call, { eventSchemas }: WalletDependencies) => ({
    status: 200,
    body: await eventSchemas(),
  }),
);
