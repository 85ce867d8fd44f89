import type { ApplicationDependencies } from '#functions/applications/dependencies';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { endpoint } from '#lib/http/endpoint';
import { historyAnswer } from '#lib/http/history-page';

/** GET /credits/refunds: the history of one type, under the name that apps know it by. */
export const listRefunds = endpoint(
  applicationRoutes.listRefunds,
  async (call, { history }: ApplicationDependencies) => {
    const query = { ...call.query, type: 'refund' as const };
    const { body } = await historyAnswer(history, { ...call, query }, call.caller.sub);
    const { transactions: refunds, ...rest } = body;
    return { status: 200, body: { refunds, ...rest } };
  },
);
