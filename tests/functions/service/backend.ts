import * as z from 'zod';
import { addUserCredits } from '#functions/service/add-credits';
import { createAccount } from '#functions/service/create-account';
import { deductCreditsBatch } from '#functions/service/deduct-batch';
import { deductCredits } from '#functions/service/deduct-credits';
import { captureUserHold, releaseUserHold } from '#functions/service/end-hold';
import { getSubscription } from '#functions/service/get-subscription';
import { getQuotas } from '#functions/service/get-quotas';
import { getUserBalance } from '#functions/service/get-user-balance';
import { listUserHistory } from '#functions/service/list-user-history';
import { listUserHolds } from '#functions/service/list-holds';
import { placeUserHold } from '#functions/service/place-hold';
import { putUserAlerts } from '#functions/service/put-user-alerts';
import { recordUsage } from '#functions/service/record-usage';
import { refundUserCredits } from '#functions/service/refund-credits';
import { transferUserCredits } from '#functions/service/transfer-credits';
import type { Route } from '#lib/contract/route';
import { apiHandler } from '#lib/http/api-handler';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createQuotaStore } from '#lib/store/quota-store';
import { rememberSettings } from '#lib/store/remembered-settings';
import { context, httpEvent, testRuntime } from '#tests/http/events';
import type { TestLedger } from '#tests/support/ledger';

const answerSchema = z.record(z.string(), z.unknown());

export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** The Idempotency-Key. */
  readonly key?: string;
  /** Which of the app's backends calls. */
  readonly as?: string;
}

export interface Answered {
  readonly status: number;
  readonly replayed: boolean;
  readonly headers: Readonly<Record<string, unknown>>;
  // What the contract says of it is checked where the routes are; a test looks at what it is about.
  readonly body: Readonly<Record<string, unknown>>;
}

/** The service function over a real table, as the app's backend calls it, at a time that the test sets. */
export function openBackend(test: TestLedger, start = '2026-03-01T12:00:00.000Z') {
  let now = start;
  const settings = rememberSettings(() => Date.parse(now));
  const ledger = createLedgerStore({ ...test.table, settings });
  const endpoints = [
    createAccount,
    addUserCredits,
    deductCredits,
    refundUserCredits,
    getUserBalance,
    listUserHistory,
    placeUserHold,
    captureUserHold,
    releaseUserHold,
    listUserHolds,
    transferUserCredits,
    deductCreditsBatch,
    getSubscription,
    getQuotas,
    putUserAlerts,
    recordUsage,
  ];
  const handle = apiHandler(
    endpoints,
    () => ({
      verifyToken: async (sub) => ({
        kind: 'verified' as const,
        caller: {
          kind: 'service' as const,
          sub,
          clientId: 'service',
          groups: new Set<string>(),
          scopes: new Set(['credits/write']),
        },
      }),
      ledger,
      history: test.history,
      quotas: createQuotaStore(test.table),
    }),
    { ...testRuntime(), now: () => new Date(now) },
  );
  let requests = 0;
  return {
    at: (instant: string) => {
      now = instant;
    },
    async call(route: Route, { as: token = 'backend', key, ...request }: Call): Promise<Answered> {
      requests += 1;
      const event = httpEvent(route, {
        token,
        requestId: `req-${requests}`,
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
        ...request,
      });
      const { statusCode, headers = {}, body = '{}' } = await handle(event, context(60_000));
      return {
        status: statusCode ?? 0,
        replayed: headers['idempotent-replayed'] === 'true',
        headers,
        body: answerSchema.parse(JSON.parse(body)),
      };
    },
  };
}

const TRIES_MAX = 20;

/** Sends a request with a key again while its outcome is not known, as the contract asks callers to. */
export async function untilKnown(send: () => Promise<Answered>): Promise<Answered> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send();
    if (answer.status < 500 || tries === TRIES_MAX) return answer;
  }
}

/** How many were done, and how many refused with each code. */
export function tallyOf(answers: readonly Answered[]): Readonly<Record<string, number>> {
  const tally: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = status < 300 ? 'done' : String(body['code']);
    tally[name] = (tally[name] ?? 0) + 1;
  }
  return tally;
}
