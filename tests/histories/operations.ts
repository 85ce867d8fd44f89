import { createHash } from 'node:crypto';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { holdRoutes } from '#lib/contract/routes/holds';
import { serviceRoutes } from '#lib/contract/routes/service';
import { transferRoutes } from '#lib/contract/routes/transfers';
import type { Route } from '#lib/contract/route';
import {
  balanceAnswer,
  movedAnswer,
  type Movement,
  movementIn,
  pageAnswer,
  type Reply,
  replyOf,
} from '#tests/histories/answers';
import type { Known } from '#tests/histories/known';
import type { Life } from '#tests/histories/life';
import type { Answer, Intent, Operation, WalletName } from '#tests/histories/judge/history';
import type { PurchaseEvent } from '#tests/histories/purchases';

/** Something that a client wants, and how it asks for it: again and again with the same key, until it knows. */
export interface Asked {
  readonly operation: Operation;
  readonly ask: (life: Life, key: string) => Promise<Answer>;
}

interface Context {
  readonly id: number;
  readonly known: Known;
  readonly wallet: Wallet;
}

export interface Wallet {
  readonly userId: string;
  readonly creditType: string;
}

export const keyOf = (id: number): string => `key-${id}`;

const APPLICATION_COST = 1;

export function nameOf({ userId, creditType }: Wallet): WalletName {
  return `${userId}/${creditType}`;
}

/** The cause of an entry that a caller's key makes, as DESIGN 2 and 3.3 say it: written here a second time. */
function causeOf(actor: string, route: string, key: string): string {
  const digest = createHash('sha256').update(`${actor}\n${route}\n${key}`).digest('hex');
  return `request:${digest.slice(0, 32)}`;
}

type Details = Omit<Operation, 'id' | 'kind' | 'intents'>;

/** What the app's backend asks for: one entry, or a refusal. */
function serviceOperation(
  { id, wallet }: Context,
  asked: {
    readonly kind: string;
    readonly route: Route;
    readonly type: string;
    readonly amount: number | null;
    readonly body?: object;
    readonly params?: Readonly<Record<string, string>>;
    readonly details?: Details;
    readonly learn?: (moved: Movement) => void;
  },
): Asked {
  const { amount, body, details, kind, learn, params, route, type } = asked;
  const cause = causeOf('service:backend', route.name, keyOf(id));
  const intents = [{ wallet: nameOf(wallet), cause, type, amount }];
  return {
    operation: { id, kind, intents, ...details },
    ask: async (life, key) => {
      const reply = await life.backend.call(route, {
        params: { userId: wallet.userId, ...params },
        key,
        ...(route.hasBody && { body: body ?? {} }),
      });
      const moved = movementIn(reply);
      if (moved) learn?.(moved);
      return movedAnswer(life, nameOf(wallet), reply);
    },
  };
}

/** What credits of a category come in as. */
const GIFTS = { promotional: 'bonus', plan: 'subscription', paid: 'purchase' } as const;

export function addOperation(
  context: Context,
  terms: {
    readonly amount: number;
    readonly category: keyof typeof GIFTS;
    readonly priority: number;
    readonly expires_at?: string;
  },
): Asked {
  return serviceOperation(context, {
    kind: 'add',
    route: serviceRoutes.addCredits,
    type: GIFTS[terms.category],
    amount: terms.amount,
    body: { description: 'Gift', credit_type: context.wallet.creditType, ...terms },
    ...(terms.expires_at !== undefined && { details: { expiresAt: terms.expires_at } }),
  });
}

export function deductOperation(context: Context, amount: number): Asked {
  const { known, wallet } = context;
  return serviceOperation(context, {
    kind: 'deduct',
    route: serviceRoutes.deductCredits,
    type: 'usage',
    amount: -amount,
    body: { amount, description: 'Enrich', credit_type: wallet.creditType },
    learn: ({ transaction }) => {
      if (transaction) known.spends.push({ id: transaction.transaction_id, wallet, amount });
    },
  });
}

export function refundOperation(
  { id, known }: Pick<Context, 'id' | 'known'>,
  spend: { readonly id: string; readonly wallet: Wallet },
  amount: number | undefined,
): Asked {
  return serviceOperation(
    { id, known, wallet: spend.wallet },
    {
      kind: 'refund',
      route: serviceRoutes.refundCredits,
      type: 'refund',
      amount: amount ?? null,
      body: { transaction_id: spend.id, ...(amount !== undefined && { amount }) },
      details: { refunds: spend.id },
    },
  );
}

export function holdOperation(context: Context, amount: number, seconds: number): Asked {
  const { known, wallet } = context;
  return serviceOperation(context, {
    kind: 'hold',
    route: holdRoutes.placeHold,
    type: 'hold',
    amount: 0,
    body: {
      amount,
      description: 'Job',
      credit_type: wallet.creditType,
      expires_in: seconds,
    },
    learn: ({ hold }) => {
      if (hold) known.holds.push({ id: hold.hold_id, wallet, amount });
    },
  });
}

export function endHoldOperation(
  { id, known }: Pick<Context, 'id' | 'known'>,
  hold: Known['holds'][number],
  capture: { readonly amount: number | undefined } | null,
): Asked {
  const context = { id, known, wallet: hold.wallet };
  const shared = { params: { hold_id: hold.id }, details: { hold: hold.id } };
  if (!capture) {
    const route = holdRoutes.releaseHold;
    return serviceOperation(context, {
      kind: 'release',
      route,
      type: 'release',
      amount: 0,
      ...shared,
    });
  }
  const { amount } = capture;
  return serviceOperation(context, {
    kind: 'capture',
    route: holdRoutes.captureHold,
    type: 'usage',
    amount: -(amount ?? hold.amount),
    body: amount === undefined ? {} : { amount },
    ...shared,
  });
}

export function transferOperation(context: Context, toUserId: string, amount: number): Asked {
  const { creditType } = context.wallet;
  return serviceOperation(context, {
    kind: 'transfer',
    route: transferRoutes.transferCredits,
    type: 'transfer_out',
    amount: -amount,
    body: { to_user_id: toUserId, amount, credit_type: creditType },
    details: { receiver: nameOf({ userId: toUserId, creditType }) },
  });
}

export function batchOperation(
  { id, wallet }: Context,
  spends: readonly { readonly key: string; readonly amount: number }[],
  partial: boolean,
): Asked {
  const intents = spends.map(({ key, amount }): Intent => ({
    wallet: nameOf(wallet),
    cause: causeOf('service:backend', 'deductBatch spend', key),
    type: 'usage',
    amount: -amount,
  }));
  return {
    operation: { id, kind: 'batch', intents },
    ask: async (life, key) => {
      const reply = await life.backend.call(transferRoutes.deductBatch, {
        params: { userId: wallet.userId },
        key,
        body: {
          credit_type: wallet.creditType,
          partial,
          spends: spends.map((spend) => ({
            idempotency_key: spend.key,
            amount: spend.amount,
            description: 'Lead',
          })),
        },
      });
      return movedAnswer(life, nameOf(wallet), reply);
    },
  };
}

export function adjustOperation({ id, wallet }: Context, amount: number): Asked {
  const route = adminWalletRoutes.adjustCredits;
  const cause = causeOf('admin:admin-1', route.name, keyOf(id));
  const body = {
    user_id: wallet.userId,
    credit_type: wallet.creditType,
    amount,
    reason: 'Correction',
  };
  return {
    operation: {
      id,
      kind: 'adjust',
      intents: [{ wallet: nameOf(wallet), cause, type: 'adjustment', amount }],
    },
    ask: async (life, key) =>
      movedAnswer(
        life,
        nameOf(wallet),
        replyOf(await life.office.call(route, { body, headers: { 'idempotency-key': key } })),
      ),
  };
}

export function freezeOperation({ id, known, wallet }: Context, freeze: boolean): Asked {
  const route = freeze ? adminWalletRoutes.freezeUser : adminWalletRoutes.unfreezeUser;
  const cause = causeOf('admin:admin-1', route.name, keyOf(id));
  const type = freeze ? 'freeze' : 'unfreeze';
  return {
    operation: {
      id,
      kind: type,
      intents: [{ wallet: nameOf(wallet), cause, type, amount: 0 }],
    },
    ask: async (life, key) => {
      const answer = await life.office.call(route, {
        params: { userId: wallet.userId },
        headers: { 'idempotency-key': key },
        body: { credit_type: wallet.creditType, reason: 'Look into it' },
      });
      if (freeze) known.frozen.push(wallet);
      return movedAnswer(life, nameOf(wallet), replyOf(answer));
    },
  };
}

const desk = async (
  life: Life,
  route: Route,
  user: string,
  request: { readonly key: string; readonly body?: object; readonly id?: string },
): Promise<Reply> => {
  const { key, body, id } = request;
  const params = id === undefined ? {} : { params: { id } };
  return replyOf(await life.desk.call(route, user, { key, ...params, ...(body && { body }) }));
};

export function redeemOperation(
  { id }: Pick<Context, 'id'>,
  userId: string,
  code: Known['codes'][number],
): Asked {
  const wallet = nameOf({ userId, creditType: 'general' });
  const cause = `promo:${code.code}`;
  return {
    operation: {
      id,
      kind: 'redeem',
      intents: [{ wallet, cause, type: 'promo', amount: code.credits }],
      usesMax: code.usesMax,
    },
    ask: async (life, key) => {
      const body = { code: code.code };
      return movedAnswer(
        life,
        wallet,
        await desk(life, applicationRoutes.redeemCode, userId, { key, body }),
      );
    },
  };
}

export function applyOperation(
  { id, known }: Pick<Context, 'id' | 'known'>,
  userId: string,
): Asked {
  const wallet = { userId, creditType: 'general' };
  const route = applicationRoutes.applyToProject;
  const cause = causeOf(`user:${userId}`, route.name, keyOf(id));
  const body = { project_id: `project-${id}` };
  return {
    operation: {
      id,
      kind: 'apply',
      intents: [{ wallet: nameOf(wallet), cause, type: 'usage', amount: -APPLICATION_COST }],
    },
    ask: async (life, key) => {
      const reply = await desk(life, route, userId, { key, body });
      const moved = movementIn(reply);
      if (moved?.transaction) {
        const spend = moved.transaction.transaction_id;
        known.spends.push({ id: spend, wallet, amount: APPLICATION_COST });
        known.applications.push({ id: moved.application_id ?? '', userId, spend });
      }
      return movedAnswer(life, nameOf(wallet), reply);
    },
  };
}

export function withdrawOperation(
  { id }: Pick<Context, 'id'>,
  application: Known['applications'][number],
): Asked {
  const { userId, spend } = application;
  const wallet = nameOf({ userId, creditType: 'general' });
  const cause = `application_refund:${application.id}`;
  return {
    operation: {
      id,
      kind: 'withdraw',
      intents: [{ wallet, cause, type: 'refund', amount: null }],
      refunds: spend,
    },
    ask: async (life, key) => {
      const asked = { key, id: application.id };
      return movedAnswer(
        life,
        wallet,
        await desk(life, applicationRoutes.withdrawApplication, userId, asked),
      );
    },
  };
}

/** An event that the queue delivers; what is not acknowledged comes again. */
export function eventOperation({ id }: Pick<Context, 'id'>, event: PurchaseEvent): Asked {
  return {
    operation: { id, kind: 'event', intents: [], payment: event.payment },
    ask: async (life) => {
      if (await life.fulfil([event.body])) return { kind: 'done', entries: [] };
      life.wasDisturbed();
      return { kind: 'unknown' };
    },
  };
}

export function sweepOperation({ id }: Pick<Context, 'id'>): Asked {
  return {
    operation: { id, kind: 'sweep', intents: [] },
    ask: async (life) => {
      try {
        await life.sweep();
        return { kind: 'done', entries: [] };
      } catch (error) {
        if (life.wasDisturbed()) return { kind: 'unknown' };
        return { kind: 'unexpected', detail: `sweep: ${String(error)}` };
      }
    },
  };
}

export function balanceOperation({ id, wallet }: Context): Asked {
  return {
    operation: { id, kind: 'balance', intents: [] },
    ask: async (life) => {
      const reply = await life.backend.call(serviceRoutes.getUserBalance, {
        params: { userId: wallet.userId },
        query: `credit_type=${wallet.creditType}`,
      });
      return balanceAnswer(life, nameOf(wallet), reply);
    },
  };
}

export function pageOperation({ id, wallet }: Context, limit: number): Asked {
  return {
    operation: { id, kind: 'page', intents: [] },
    ask: async (life) => {
      const reply = await life.backend.call(serviceRoutes.listUserHistory, {
        params: { userId: wallet.userId },
        query: `credit_type=${wallet.creditType}&limit=${limit}`,
      });
      return pageAnswer(life, nameOf(wallet), reply);
    },
  };
}
