import * as z from 'zod';
import { InvariantError } from '#lib/invariant';
import { type Draw, type Entry, ENTRY_TYPES } from '#lib/ledger/entry';
import {
  CATEGORIES,
  type Head,
  nextDueAt,
  NO_TOTALS,
  NOTHING_SPENT,
  type Totals,
} from '#lib/ledger/wallet';
import {
  dayPartition,
  duePartition,
  ENTRY_PREFIX,
  entryKey,
  headKey,
  historyPartition,
  sequenceKey,
  typePartition,
} from '#lib/store/keys';
import type { WalletMove } from '#lib/ports';
import { fromItem, type ItemValue, toItem } from '#lib/store/names';

/*
 * Heads and entries as items. Both stay below 1 KB for an ordinary spend, because every further KB costs a write unit
 * more in the table and in each index: what the keys already say is not said again, zeros and nulls are left out.
 */

// Each schema is one more thing to make at a cold start: what is alike is one.
const count = z.int();
const text = z.string();
const optionalText = text.optional();
const total = count.optional();
const countOrZero = count.default(0);
const totals = z.object({
  purchased: total,
  granted: total,
  used: total,
  refunded: total,
  expired: total,
  reversed: total,
  reinstated: total,
  transferredIn: total,
  transferredOut: total,
  adjusted: total,
  usages: total,
});
const terms = {
  category: z.enum(CATEGORIES),
  priority: count,
  expiresAt: optionalText,
  grantedAt: text,
};
const headSchema = z.object({
  pk: text,
  sk: text,
  version: count,
  balance: count,
  debt: countOrZero,
  grants: z.array(z.object({ id: text, ...terms, remaining: count, held: countOrZero })),
  holds: z
    .array(
      z.object({
        id: text,
        expiresAt: text,
        slices: z.array(z.object({ grantId: text, amount: count })),
      }),
    )
    .default([]),
  totals,
  counts: z.array(z.tuple([z.enum(ENTRY_TYPES), count])),
  spent: z.object({ hour: countOrZero, day: count }).optional(),
  // One text, because a list costs a byte and more for each of its members.
  recent: text.default(''),
  headHash: text,
  updatedAt: text,
});
const entrySchema = z.object({
  pk: text,
  sk: text,
  creditType: text,
  seq: count,
  ordinal: count,
  type: z.enum(ENTRY_TYPES),
  balanceBefore: count,
  amount: count,
  draws: z.array(z.object({ grantId: text, amount: count, held: countOrZero, ...terms })),
  description: text,
  reference: z.object({ type: text, id: text }).optional(),
  metadata: z.record(text, z.union([text, z.number(), z.boolean()])).default({}),
  cause: text,
  fingerprint: optionalText,
  actor: text,
  createdAt: text,
  totals,
  debt: countOrZero,
  debtChange: countOrZero,
  forgiven: countOrZero,
  hold: z
    .object({
      id: text,
      action: z.enum(['placed', 'captured', 'released', 'expired']),
      expiresAt: text,
    })
    .optional(),
  merged: z.array(z.object({ from: text, into: text })).default([]),
  prevHash: text.default(''),
  hash: text,
});

export function headToItem(head: Head): ItemValue {
  const dueAt = nextDueAt(head);
  return {
    ...headKey(head),
    ...(dueAt !== null && {
      gsi4pk: duePartition(head.userId),
      gsi4sk: `${dueAt}#${head.userId}#${head.creditType}`,
    }),
    ...headAttributes(head),
  };
}

/** What a head says, apart from where it stands. */
export function headAttributes(head: Head): ItemValue {
  return toItem({
    version: head.seq,
    balance: head.balance,
    debt: orAbsent(head.debt),
    grants: head.grants.map(({ expiresAt, held, ...grant }) => ({
      ...grant,
      expiresAt: expiresAt ?? undefined,
      held: orAbsent(held),
    })),
    holds: head.holds.length === 0 ? undefined : head.holds,
    totals: withoutZeros(head.totals),
    counts: Object.entries(head.counts),
    spent:
      head.spent.day === 0 ? undefined : { hour: orAbsent(head.spent.hour), day: head.spent.day },
    recent: head.recent.join(' '),
    headHash: head.headHash,
    updatedAt: head.updatedAt,
  });
}

export function headFromItem(item: object): Head {
  const { pk, sk, version, grants, totals: stored, counts, ...head } = parsed(headSchema, item);
  return {
    ...head,
    userId: pk.slice('USER#'.length),
    // What follows the credit type is the number of a checkpoint.
    creditType: sk.split('#')[1] ?? '',
    seq: version,
    grants: grants.map((grant) => ({ ...grant, expiresAt: grant.expiresAt ?? null })),
    totals: { ...NO_TOTALS, ...dropUndefined(stored) },
    counts: Object.fromEntries(counts),
    spent: head.spent ?? NOTHING_SPENT,
    recent: head.recent === '' ? [] : head.recent.split(' '),
  };
}

export function entryToItem(entry: Entry): ItemValue {
  return toItem({
    ...entryKey({ userId: entry.userId, entryId: entry.id }),
    gsi1pk: historyPartition(entry),
    gsi1sk: sequenceKey(entry.seq),
    gsi2pk: dayPartition(entry.createdAt, entry.id),
    gsi2sk: `${entry.createdAt}#${entry.id}`,
    ...(entry.type !== 'usage' && {
      gsi3pk: typePartition(entry, entry.type),
      gsi3sk: sequenceKey(entry.ordinal),
    }),
    creditType: entry.creditType,
    seq: entry.seq,
    ordinal: entry.ordinal,
    type: entry.type,
    amount: entry.amount,
    balanceBefore: entry.balanceBefore,
    draws: entry.draws.map(({ expiresAt, held, ...draw }) => ({
      ...draw,
      expiresAt: expiresAt ?? undefined,
      held: orAbsent(held),
    })),
    description: entry.description,
    reference: entry.reference ?? undefined,
    metadata: Object.keys(entry.metadata).length === 0 ? undefined : entry.metadata,
    cause: entry.cause,
    fingerprint: entry.fingerprint ?? undefined,
    actor: entry.actor,
    createdAt: entry.createdAt,
    totals: withoutZeros(entry.totals),
    debt: orAbsent(entry.debt),
    debtChange: orAbsent(entry.debtChange),
    forgiven: orAbsent(entry.forgiven),
    hold: entry.hold ?? undefined,
    merged: entry.merged.length === 0 ? undefined : entry.merged,
    prevHash: entry.prevHash === '' ? undefined : entry.prevHash,
    hash: entry.hash,
  });
}

export function entryFromItem(item: object): Entry {
  const {
    pk,
    sk,
    draws,
    reference,
    fingerprint,
    totals: stored,
    hold,
    ...entry
  } = parsed(entrySchema, item);
  return {
    ...entry,
    id: sk.slice(ENTRY_PREFIX.length),
    userId: pk.slice('USER#'.length),
    balanceAfter: entry.balanceBefore + entry.amount,
    draws: draws.map((draw): Draw => ({ ...draw, expiresAt: draw.expiresAt ?? null })),
    reference: reference ?? null,
    fingerprint: fingerprint ?? null,
    totals: { ...NO_TOTALS, ...dropUndefined(stored) },
    hold: hold ?? null,
  };
}

/** Whose entry an item is, from its keys and its number alone: whatever else it says may make no sense. */
export function moveFromItem(item: ItemValue): WalletMove {
  const wallet = {
    userId: String(item['pk']).slice('USER#'.length),
    creditType: String(item['credit_type']),
  };
  const [at = ''] = String(item['gsi2sk']).split('#');
  return { wallet, at, seq: typeof item['seq'] === 'number' ? item['seq'] : NaN };
}

function orAbsent(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

function withoutZeros(values: Totals): ItemValue {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}

/** A parsed partial says `undefined` for what an item leaves out, which would overwrite the zero below it. */
function dropUndefined(partial: {
  readonly [Name in keyof Totals]?: number | undefined;
}): Partial<Totals> {
  return Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
}

/** No request may go on with an item that somebody else has written, or a mistake of ours. */
function parsed<T>(schema: z.ZodType<T>, item: object): T {
  const { data, error, success } = schema.safeParse(fromItem(item));
  if (success) return data;
  const [issue] = error.issues;
  const key = `${String(Reflect.get(item, 'pk'))} ${String(Reflect.get(item, 'sk'))}`;
  throw new InvariantError(
    `${key} is as we write it (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
  );
}
