import type { ServiceDependencies } from '#functions/service/dependencies';
import { serviceRoutes } from '#lib/contract/routes/service';
import { endpoint } from '#lib/http/endpoint';
import { historyAnswer } from '#lib/http/history-page';

/** GET /api/credits/{userId}/history */
export const listUserHistory = endpoint(
  serviceRoutes.listUserHistory,
  async (call, { history }: ServiceDependencies) =>
    historyAnswer(history, call, call.params.userId),
);
