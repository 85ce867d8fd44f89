import { publicRoutes } from '#lib/contract/routes/public';
import { endpoint } from '#lib/http/endpoint';

/** GET /health */
export const getHealth = endpoint(publicRoutes.getHealth, async () => ({
  status: 200,
  body: { status: 'ok' },
}));
