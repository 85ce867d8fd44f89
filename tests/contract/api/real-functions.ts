import { vi } from 'vitest';
import * as z from 'zod';
import { allRoutes } from '#lib/contract/routes';
import type { Route } from '#lib/contract/route';
import type { ApiHandler } from '#lib/http/api-handler';
import type { Caller } from '#lib/identity/caller';
import type { ObservedCall } from '#infra/local/dynamodb/front';
import { context, httpEvent } from '#tests/http/events';
import { openTestLedger } from '#tests/support/ledger';

/*
 * Every function that serves routes, from its own `handler.ts`, over a real table: only who calls is said by the test,
 * and there is no queue, no file and no payment provider.
 */

const NOWHERE = 'http://127.0.0.1:1';
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_ENDPOINT_URL_SQS: NOWHERE,
  AWS_ENDPOINT_URL_S3: NOWHERE,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: NOWHERE,
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  LAMBDA_TASK_ROOT: '/nowhere',
  APP_NAME: 'Acme',
  REDIRECT_ORIGINS: 'https://app.example',
  JOBS_QUEUE_URL: `${NOWHERE}/jobs`,
  EXPORTS_BUCKET: 'exports',
  STRIPE_LIVEMODE: 'false',
  RAZORPAY_LIVEMODE: 'false',
  STRIPE_SECRET_ARN: 'arn:stripe',
  RAZORPAY_SECRET_ARN: 'arn:razorpay',
};

const handlers = z.object({
  handler: z.custom<ApiHandler>((value) => typeof value === 'function'),
});

export interface Answered {
  readonly status: number;
  readonly code: string | null;
  /** Items written, other than records of refusals and the buckets of limits. */
  readonly writes: number;
}

export type Request = NonNullable<Parameters<typeof httpEvent>[1]> & { readonly body?: string };

export async function openRealFunctions() {
  const test = await openTestLedger();
  for (const [name, value] of Object.entries(ENVIRONMENT)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', test.dynamo.url);
  vi.stubEnv('TABLE_NAME', test.tableName);
  let caller: Caller | null = null;
  vi.doMock('#lib/http/token-verifier', () => ({
    tokenVerifier: () => async () => ({ kind: 'verified', caller }),
  }));
  const loaded = new Map<string, ApiHandler>();
  for (const name of new Set(allRoutes.map((route) => route.function))) {
    const { handler } = handlers.parse(await import(`#functions/${name}/handler`));
    loaded.set(name, handler);
  }
  let writes = 0;
  test.dynamo.onCall((call) => (writes += writesOf(call)));
  let requests = 0;
  return {
    test,
    /** Sends a request as somebody who may, unless it is said who, and counts what it writes. */
    async send(route: Route, request: Request, as?: Caller): Promise<Answered> {
      requests += 1;
      caller = as ?? callerOf(route, `user-${requests}`);
      const handler = loaded.get(route.function);
      if (!handler) throw new Error(`nobody serves ${route.name}`);
      writes = 0;
      const event = httpEvent(route, { token: 'any', requestId: `req-${requests}`, ...request });
      const { statusCode = 0, body = '' } = await handler(event, context(60_000));
      const code = /"code":"(\w+)"/.exec(body)?.[1] ?? null;
      return { status: statusCode, code, writes };
    },
    async close() {
      vi.doUnmock('#lib/http/token-verifier');
      vi.unstubAllEnvs();
      await test.close();
    },
  };
}

/** Somebody who may use the route: an admin, the app's backend, or a new user each time. */
function callerOf(route: Route, sub: string): Caller {
  const kind = { public: 'anonymous', user: 'user', service: 'service', admin: 'admin' } as const;
  return {
    kind: kind[route.access.kind],
    sub: route.access.kind === 'user' ? sub : 'backend',
    clientId: 'any',
    groups: new Set(route.access.kind === 'admin' ? ['admin'] : []),
    scopes: new Set(['credits/write']),
  };
}

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems', 'BatchWriteItem'];

function writesOf({ operation, request, status }: ObservedCall): number {
  if (!WRITES.includes(operation) || status !== 200) return 0;
  // The partition of every written item stands in the request by its name.
  const written = [...JSON.stringify(request).matchAll(/"pk":\{"S":"(\w+)/g)];
  return written.filter(([, kind]) => kind !== 'RATE' && kind !== 'AUDIT').length;
}
