import { expect } from 'vitest';
import type { ServiceDependencies } from '#functions/service/dependencies';
import { getSubscription } from '#functions/service/get-subscription';
import { cancelSubscription } from '#functions/subscriptions/cancel-subscription';
import type { SubscriptionDependencies } from '#functions/subscriptions/dependencies';
import { downgradeSubscription } from '#functions/subscriptions/downgrade-subscription';
import { resumeSubscription } from '#functions/subscriptions/resume-subscription';
import { upgradeSubscription } from '#functions/subscriptions/upgrade-subscription';
import { subscription as contract } from '#lib/contract/subscriptions';
import type { Route } from '#lib/contract/route';
import {
  subscriptionChangeRoutes as routes,
  subscriptionPage,
} from '#lib/contract/routes/subscription-changes';
import { subscriptionRoutes } from '#lib/contract/routes/subscriptions';
import { problemDocument } from '#lib/contract/wire';
import { apiHandler } from '#lib/http/api-handler';
import type { Endpoint } from '#lib/http/endpoint';
import type { StripeAccount } from '#lib/payments/stripe-client';
import { createStripeSubscriptions } from '#lib/payments/stripe-subscriptions';
import { createQuotaStore } from '#lib/store/quota-store';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { openStripeQueue } from '#tests/functions/fulfillment/stripe-queue';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import { startStripe } from '#tests/infra/local/stripe/stand-in';
import type { TestLedger } from '#tests/support/ledger';

const ORIGIN = 'https://app.example';
export const URLS = { success_url: `${ORIGIN}/thanks`, cancel_url: `${ORIGIN}/plans` };

interface Asked {
  readonly body?: Readonly<Record<string, unknown>>;
  /** The Idempotency-Key. */
  readonly key?: string;
}

/**
 * The functions that show and change subscriptions, over a real table and a Stripe of their own. Nothing that Stripe
 * tells arrives by itself: `deliver` brings what has come since the last time.
 */
export async function openPlanDesk(test: TestLedger, start = '2027-01-31T10:00:00.000Z') {
  const running = await startStripe();
  running.clock.set(new Date(start));
  const { hostname, port } = new URL(running.apiUrl);
  const account: StripeAccount = {
    apiKey: async () => 'sk_test_local',
    livemode: false,
    timeoutMs: 1_000,
    server: { host: hostname, port: Number(port), protocol: 'http' },
  };
  const runtime = { ...testRuntime(), now: () => running.clock.now() };
  const endpoints: readonly Endpoint<ServiceDependencies & SubscriptionDependencies>[] = [
    getSubscription,
    upgradeSubscription,
    downgradeSubscription,
    cancelSubscription,
    resumeSubscription,
  ];
  const handle = apiHandler(
    endpoints,
    () => ({
      verifyToken: async (sub) => ({
        kind: 'verified' as const,
        caller: {
          kind: 'user' as const,
          sub,
          clientId: 'app',
          groups: new Set<string>(),
          scopes: new Set<string>(),
        },
      }),
      rateLimits: createRateLimitStore(test.table),
      ledger: test.ledger,
      history: test.history,
      quotas: createQuotaStore(test.table),
      provider: createStripeSubscriptions(account, { askingMs: 1_000, chargingMs: 1_000 }),
      redirectOrigins: new Set([ORIGIN]),
      log: runtime.log,
    }),
    runtime,
  );
  let requests = 0;
  let delivered = 0;
  const send = async (route: Route, userId: string, { body, key }: Asked = {}) => {
    requests += 1;
    const event = httpEvent(route, {
      token: userId,
      params: { userId },
      requestId: `${userId}-${requests}`,
      ...(key !== undefined && { headers: { 'idempotency-key': key } }),
      ...(route.hasBody && { body: body ?? {} }),
    });
    const answer = await handle(event, context(60_000));
    const json: unknown = JSON.parse(answer.body ?? '{}');
    return {
      status: answer.statusCode,
      replayed: answer.headers?.['idempotent-replayed'] === 'true',
      body: json,
      code: problemDocument.safeParse(json).data?.code ?? null,
    };
  };
  const desk = {
    ...running,
    account,
    lines: runtime.lines,
    /** What Stripe has told since the last time, handed on as the queue does; again where it wants to come again. */
    async deliver(): Promise<void> {
      await running.settle();
      const bodies = running.received.slice(delivered).map(({ body }) => body);
      delivered = running.received.length;
      const queue = openStripeQueue(test, running.clock.now());
      let messages: readonly string[] = await Promise.all(
        bodies.map((body) => queue.receive(body)),
      );
      for (let round = 0; round < 3 && messages.length > 0; round += 1) {
        messages = await queue.fulfil(messages);
      }
      expect(messages).toEqual([]);
    },
    /** What Stripe has told since the last time never arrives. */
    async lose(): Promise<void> {
      await running.settle();
      delivered = running.received.length;
    },
    async shown(userId: string) {
      const { body, status } = await send(subscriptionRoutes.getSubscription, userId);
      expect(status).toBe(200);
      return contract.parse(body);
    },
    upgrade: (userId: string, tier: string, asked: Asked = {}) =>
      send(routes.upgradeSubscription, userId, {
        ...asked,
        body: { tier, ...URLS, ...asked.body },
      }),
    downgrade: (userId: string, tier: string, key?: string) =>
      send(routes.downgradeSubscription, userId, {
        body: { tier },
        ...(key !== undefined && { key }),
      }),
    cancel: (userId: string, asked: Asked = {}) => send(routes.cancelSubscription, userId, asked),
    resume: (userId: string, asked: Asked = {}) => send(routes.resumeSubscription, userId, asked),
    /** Subscribes on the page, and brings what Stripe tells of it. */
    async subscribe(userId: string, tier = 'PRO'): Promise<string> {
      const { body, status } = await desk.upgrade(userId, tier);
      expect(status).toBe(201);
      running.stripe.pay(subscriptionPage.parse(body).session_id, 'success');
      await desk.deliver();
      const [subscription] = (await running.sdk.subscriptions.list({ limit: 1 })).data;
      if (!subscription) throw new Error('nothing was subscribed to');
      return subscription.id;
    },
    async balance(userId: string): Promise<number> {
      return (await test.ledger.loadHead({ userId, creditType: 'general' })).balance;
    },
  };
  return desk;
}
