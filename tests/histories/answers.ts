import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import type { Life } from '#tests/histories/life';
import type { Answer, Told, WalletName } from '#tests/histories/judge/history';

/* What functions answer, as a history keeps it. */

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export function replyOf({ statusCode = 0, body }: APIGatewayProxyStructuredResultV2): Reply {
  return { status: statusCode, body: JSON.parse(body ?? 'null') };
}

const transactionSchema = z.object({
  transaction_id: z.string(),
  user_id: z.string(),
  credit_type: z.string(),
  seq: z.number(),
  amount: z.number(),
  balance_after: z.number(),
});
type Transaction = z.infer<typeof transactionSchema>;
const movementSchema = z.object({
  transaction: transactionSchema.nullable(),
  to_transaction_id: z.string().optional(),
  hold: z.object({ hold_id: z.string(), amount: z.number() }).optional(),
  application_id: z.string().optional(),
});
const severalSchema = z.object({ transactions: z.array(transactionSchema) });
const batchSchema = z.object({
  results: z.array(z.object({ transaction: transactionSchema.nullable() })),
});
const balanceSchema = z.object({
  user_id: z.string(),
  credit_type: z.string(),
  version: z.number(),
  credits_balance: z.number(),
  credits_held: z.number(),
  credits_available: z.number(),
  debt: z.number(),
});
const pageSchema = severalSchema.extend({
  as_of_seq: z.number(),
  pagination: z.object({ total: z.number() }),
});
const problemSchema = z.object({
  code: z.string(),
  required: z.number().optional(),
  available: z.number().optional(),
  refundable: z.number().optional(),
});

export type Movement = z.infer<typeof movementSchema>;

export function movementIn(reply: Reply): Movement | null {
  return reply.status < 300 ? movementSchema.parse(reply.body) : null;
}

/** The answer to what moves credits, in whichever shape its route tells of transactions. */
export function movedAnswer(life: Life, wallet: WalletName, reply: Reply): Answer {
  if (reply.status >= 300) return refusal(life, wallet, reply);
  const batch = batchSchema.safeParse(reply.body);
  if (batch.success) {
    const told = batch.data.results.flatMap(({ transaction }) => transaction ?? []);
    return { kind: 'done', entries: told.map(toldOf) };
  }
  const several = severalSchema.safeParse(reply.body);
  if (several.success) return { kind: 'done', entries: several.data.transactions.map(toldOf) };
  const { transaction, to_transaction_id: received } = movementSchema.parse(reply.body);
  const entries = transaction ? [toldOf(transaction)] : [];
  return { kind: 'done', entries, ...(received !== undefined && { received }) };
}

export function balanceAnswer(life: Life, wallet: WalletName, reply: Reply): Answer {
  if (reply.status >= 300) return refusal(life, wallet, reply);
  const seen = balanceSchema.parse(reply.body);
  return {
    kind: 'balance',
    wallet: `${seen.user_id}/${seen.credit_type}`,
    version: seen.version,
    balance: seen.credits_balance,
    held: seen.credits_held,
    available: seen.credits_available,
    debt: seen.debt,
  };
}

export function pageAnswer(life: Life, wallet: WalletName, reply: Reply): Answer {
  if (reply.status >= 300) return refusal(life, wallet, reply);
  const { as_of_seq: asOf, pagination, transactions } = pageSchema.parse(reply.body);
  return { kind: 'page', wallet, asOf, total: pagination.total, entries: transactions.map(toldOf) };
}

function refusal(life: Life, wallet: WalletName, { status, body }: Reply): Answer {
  const problem = problemSchema.safeParse(body);
  const code = problem.success ? problem.data.code : 'none';
  // By the machine's clock, which a paused machine makes jump: the function goes on, and nobody knows.
  if (code === 'TIMED_OUT') return { kind: 'unknown' };
  // What contention ends has written nothing; any other failure of ours may have.
  if (status >= 500 && code !== 'CONTENTION') {
    const detail = `${status} ${JSON.stringify(body)}`;
    return life.wasDisturbed() ? { kind: 'unknown' } : { kind: 'unexpected', detail };
  }
  const { required, available, refundable } = problem.data ?? {};
  return {
    kind: 'refused',
    wallet,
    code,
    ...(required !== undefined && { required }),
    ...(available !== undefined && { available }),
    ...(refundable !== undefined && { refundable }),
  };
}

function toldOf(transaction: Transaction): Told {
  return {
    wallet: `${transaction.user_id}/${transaction.credit_type}`,
    id: transaction.transaction_id,
    seq: transaction.seq,
    amount: transaction.amount,
    after: transaction.balance_after,
  };
}
