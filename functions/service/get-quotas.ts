import type { ServiceDependencies } from '#functions/service/dependencies';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { endpoint } from '#lib/http/endpoint';
import { toQuotas } from '#lib/http/quota-resource';
import { readQuotas } from '#lib/subscriptions/read-quotas';

/** GET /api/subscriptions/{userId}/quotas */
export const getQuotas = endpoint(
  subscriptionRoutes.getQuotas,
  async (
    { params: { userId }, request: { now } },
    { ledger, quotas }: Pick<ServiceDependencies, 'ledger' | 'quotas'>,
  ) => ({ status: 200, body: toQuotas(await readQuotas({ ledger, quotas }, { userId, now })) }),
);
