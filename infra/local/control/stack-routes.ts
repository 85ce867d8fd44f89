import type { Route } from '#infra/local/control/route';
import { LocalStackError } from '#infra/local/local-stack-error';
import { razorpayWebhookSecrets, stripeWebhookSecrets } from '#infra/local/first-secrets';
import type { Parts } from '#infra/local/stack';
import { API_VERSION } from '#infra/local/stripe/api-version';

/** What runs, what is stored, what waits; and the wait until nothing is under way. */
export function stackRoutes(parts: Parts): readonly Route[] {
  const { info, invoker, services, settle, sources } = parts;
  return [
    { method: 'GET', path: '/local/info', run: () => ({ json: describeStack(parts) }) },
    {
      method: 'GET',
      path: '/local/dump',
      run: async ({ query }) => {
        const wanted = query.get('table') ?? info.model.tables[0]?.name;
        const table = info.model.tables.find(({ name }) => name === wanted)?.name;
        if (table === undefined) throw new LocalStackError('There is no such table.');
        return { json: { table, items: await services.dynamo.dump(table) } };
      },
    },
    {
      method: 'GET',
      path: '/local/queues',
      run: () => ({ json: { queues: services.queues.list() } }),
    },
    {
      method: 'POST',
      path: '/local/queues/{name}/redrive',
      run: ({ parameters }) => {
        const name = fullName(
          services.queues.list().map((queue) => queue.name),
          parameters['name'],
        );
        return { json: { queue: name, moved: services.queues.redrive(name) } };
      },
    },
    {
      method: 'POST',
      path: '/local/settle',
      run: async () => {
        await settle();
        // What waits for its next try is no work now, but whoever waits should know of it.
        const waiting = services.queues
          .list()
          .filter((queue) => !queue.is_dead_letter_queue && queue.in_flight > 0)
          .map(({ in_flight, name, next_visible_at }) => ({ name, in_flight, next_visible_at }));
        return { json: { settled: true, waiting } };
      },
    },
    {
      method: 'GET',
      path: '/local/schedules',
      run: () => ({ json: { schedules: sources.schedules.list() } }),
    },
    {
      method: 'POST',
      path: '/local/schedules/{name}/run',
      run: async ({ parameters }) => {
        const known = sources.schedules.list().map((schedule) => schedule.name);
        const run = await sources.schedules.run(fullName(known, parameters['name']));
        return { status: run.ok ? 200 : 502, json: run };
      },
    },
    {
      method: 'GET',
      path: '/local/events',
      run: () => ({ json: { events: services.events.list() } }),
    },
    {
      method: 'POST',
      path: '/local/functions/{name}/invoke',
      run: async ({ body, parameters }) => ({
        json: await invoker.invoke(parameters['name'] ?? '', body),
      }),
    },
  ];
}

/** Names may be given without the stage's prefix: `expiry` for `credit-ledger-local-expiry`. */
function fullName(known: readonly string[], given = ''): string {
  return known.includes(given)
    ? given
    : (known.find((name) => name.endsWith(`-${given}`)) ?? given);
}

function describeStack({ clock, info, services, sources }: Parts): object {
  const { model, url } = info;
  const [pool] = model.userPools;
  return {
    now: clock.now().toISOString(),
    url,
    urls: {
      api: url,
      emails: `${url}/local/emails`,
      webhooks: Object.fromEntries(
        model.functionUrls.map(({ path }) => [path.slice('/webhooks/'.length), `${url}${path}`]),
      ),
    },
    webhook_secrets: {
      stripe: stripeWebhookSecrets(model.secrets, services.secrets)?.current,
      razorpay: razorpayWebhookSecrets(model.secrets, services.secrets)?.current,
    },
    client_ids: Object.fromEntries((pool?.clients ?? []).map(({ id, name }) => [name, id])),
    user_pool_id: services.cognito.poolId,
    issuer: services.cognito.issuer,
    stripe: info.stripe,
    razorpay: info.razorpay,
    data_dir: info.dataDir,
    tables: model.tables.map(({ name }) => name),
    functions: model.functions.map(({ name }) => name),
    schedules: sources.schedules.list(),
    endpoints: services.environment,
    versions: { node: process.version, stripe_api: API_VERSION },
  };
}
