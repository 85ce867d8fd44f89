import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { DumpedItem } from '#infra/local/dynamodb/dump';
import type { Entry, Head } from '#tests/histories/judge/history';

/*
 * Entries and heads as their items say, read by the names that stand in the table: the product's own way to read them is
 * what is judged.
 */

const amount = z.number().default(0);
const entryItem = z.object({
  pk: z.string(),
  sk: z.templateLiteral(['ENTRY#', z.string()]),
  credit_type: z.string(),
  seq: z.number(),
  type: z.string(),
  amount: z.number(),
  balance_before: z.number(),
  cause: z.string(),
  created_at: z.string(),
  debt: amount,
  debt_change: amount,
  forgiven: amount,
  draws: z.array(
    z.object({
      grant_id: z.string(),
      amount: z.number(),
      held: amount,
      expires_at: z.string().nullable().default(null),
    }),
  ),
  hold: z
    .object({ id: z.string(), action: z.string(), expires_at: z.string() })
    .transform(({ expires_at, ...hold }) => ({ ...hold, expiresAt: expires_at }))
    .nullable()
    .default(null),
  merged: z.array(z.object({ from: z.string(), into: z.string() })).default([]),
  reference: z.object({ type: z.string(), id: z.string() }).nullable().default(null),
});
const headItem = z.object({
  pk: z.string(),
  sk: z.string().regex(/^WALLET#/),
  version: z.number(),
  balance: z.number(),
  debt: amount,
});

export function readLedger(items: readonly DumpedItem[]): {
  readonly entries: readonly Entry[];
  readonly heads: readonly Head[];
} {
  const plain = items.map((item) => unmarshall(item));
  const userOf = (pk: string): string => pk.slice('USER#'.length);
  const entries = plain.flatMap((item): Entry[] => {
    if (!String(item['sk']).startsWith('ENTRY#')) return [];
    const { pk, sk, ...entry } = entryItem.parse(item);
    return [
      {
        wallet: `${userOf(pk)}/${entry.credit_type}`,
        id: sk.slice('ENTRY#'.length),
        seq: entry.seq,
        type: entry.type,
        amount: entry.amount,
        before: entry.balance_before,
        cause: entry.cause,
        createdAt: entry.created_at,
        debt: entry.debt,
        debtChange: entry.debt_change,
        forgiven: entry.forgiven,
        draws: entry.draws.map(({ grant_id: grant, expires_at: expiresAt, ...draw }) => ({
          ...draw,
          grant,
          expiresAt,
        })),
        hold: entry.hold,
        merged: entry.merged,
        reference: entry.reference,
      },
    ];
  });
  const heads = plain.flatMap((item): Head[] => {
    const head = headItem.safeParse(item);
    if (!head.success) return [];
    const { pk, sk, version, balance, debt } = head.data;
    return [{ wallet: `${userOf(pk)}/${sk.slice('WALLET#'.length)}`, version, balance, debt }];
  });
  return { entries, heads };
}
