import { hash } from 'node:crypto';
import { ID_PREFIXES } from '#lib/id-prefixes';
import type { GrantTerms, Totals, WalletRef } from '#lib/ledger/wallet';

export const ENTRY_TYPES = [
  'purchase',
  'usage',
  'refund',
  'adjustment',
  'bonus',
  'promo',
  'subscription',
  'transfer_in',
  'transfer_out',
  'expiry',
  'reversal',
  'reinstatement',
  // A hold moves no credits, but it changes the head, and the head must follow from the entries alone (DESIGN 3.10).
  'hold',
  'release',
  // The same goes for whether the wallet is frozen.
  'freeze',
  'unfreeze',
] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/**
 * How much of which grant an entry used (negative) or gave (positive). It repeats the grant's terms, so that a
 * refund can reopen a grant that has left the head.
 */
export interface Draw extends GrantTerms {
  readonly grantId: string;
  readonly amount: number;
  /** Change of the held part: set aside (positive) or set free (negative). */
  readonly held: number;
}

/** What the entry does to a hold; its slices are the entry's draws. */
export interface HoldChange {
  readonly id: string;
  readonly action: 'placed' | 'captured' | 'released' | 'expired';
  readonly expiresAt: string;
}

/** Two grants of equal terms became one, because the head was full (DESIGN 3.9). */
export interface Merge {
  readonly from: string;
  readonly into: string;
}

export interface Reference {
  readonly type: string;
  readonly id: string;
}

export type Metadata = Readonly<Record<string, string | number | boolean>>;

/** One immutable ledger record (DESIGN 3.3). Amounts are credits, times ISO 8601 UTC. */
export interface Entry extends WalletRef {
  readonly id: string;
  readonly seq: number;
  /** Its number among the entries of its type in this wallet: the place in a filtered history. */
  readonly ordinal: number;
  readonly type: EntryType;
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  readonly draws: readonly Draw[];
  readonly description: string;
  readonly reference: Reference | null;
  readonly metadata: Metadata;
  readonly cause: string;
  /** Hash of the request that made it, where a caller's Idempotency-Key is the cause: tells a replay from a reuse. */
  readonly fingerprint: string | null;
  readonly actor: string;
  readonly createdAt: string;
  readonly totals: Totals;
  /** The wallet's debt after it, and the change that this entry made. */
  readonly debt: number;
  readonly debtChange: number;
  /** What a reversal left uncovered under the `floor` policy; negative where a reinstatement undoes that. */
  readonly forgiven: number;
  readonly hold: HoldChange | null;
  readonly merged: readonly Merge[];
  readonly prevHash: string;
  readonly hash: string;
}

/**
 * The id that follows from the cause, so that the same cause can never make a second entry (DESIGN 3.3). A
 * caller's Idempotency-Key holds for all wallets of the user: the same key with another credit type must meet the
 * first entry, to be refused as reused.
 */
export function entryId(wallet: WalletRef, cause: string): string {
  const scope = cause.startsWith('request:') ? '*' : wallet.creditType;
  const digest = hash('sha256', `${wallet.userId}\n${scope}\n${cause}`, 'hex');
  return `${ID_PREFIXES.transaction}_${digest.slice(0, 32)}`;
}

/** The cause of an entry that a caller's Idempotency-Key makes: one per caller, route and key. */
export function requestCause(request: {
  readonly caller: string;
  readonly route: string;
  readonly key: string;
}): string {
  const { caller, route, key } = request;
  const digest = hash('sha256', `${caller}\n${route}\n${key}`, 'hex');
  return `request:${digest.slice(0, 32)}`;
}

/** SHA-256 over the canonical entry without its hash, as base64url. `prevHash` is inside, which makes the chain. */
export function hashEntry(entry: Omit<Entry, 'hash'>): string {
  return hash('sha256', canonicalEntry(entry), 'base64url');
}

/** The bytes that are hashed: JSON with sorted keys, the names of the wire, every field. */
export function canonicalEntry(entry: Omit<Entry, 'hash'>): string {
  return canonicalJson(hashedFields(entry));
}

/**
 * An entry as it is handed out to who proves it: without `hash` its canonical JSON is what was hashed, so anyone can
 * do the arithmetic again in any language.
 */
export function entryDocument(entry: Entry): Readonly<Record<string, unknown>> {
  return { ...hashedFields(entry), hash: entry.hash };
}

function hashedFields(entry: Omit<Entry, 'hash'>) {
  return {
    id: entry.id,
    user_id: entry.userId,
    credit_type: entry.creditType,
    seq: entry.seq,
    ordinal: entry.ordinal,
    type: entry.type,
    amount: entry.amount,
    balance_before: entry.balanceBefore,
    balance_after: entry.balanceAfter,
    draws: entry.draws.map((draw) => ({
      grant_id: draw.grantId,
      amount: draw.amount,
      held: draw.held,
      category: draw.category,
      priority: draw.priority,
      expires_at: draw.expiresAt,
      granted_at: draw.grantedAt,
    })),
    description: entry.description,
    reference: entry.reference,
    metadata: entry.metadata,
    cause: entry.cause,
    fingerprint: entry.fingerprint,
    actor: entry.actor,
    created_at: entry.createdAt,
    totals: {
      purchased: entry.totals.purchased,
      granted: entry.totals.granted,
      used: entry.totals.used,
      refunded: entry.totals.refunded,
      expired: entry.totals.expired,
      reversed: entry.totals.reversed,
      reinstated: entry.totals.reinstated,
      transferred_in: entry.totals.transferredIn,
      transferred_out: entry.totals.transferredOut,
      adjusted: entry.totals.adjusted,
      usages: entry.totals.usages,
    },
    debt: entry.debt,
    debt_change: entry.debtChange,
    forgiven: entry.forgiven,
    hold: entry.hold && {
      id: entry.hold.id,
      action: entry.hold.action,
      expires_at: entry.hold.expiresAt,
    },
    merged: entry.merged,
    prev_hash: entry.prevHash,
  };
}

/** JSON with the keys of every object in code unit order (RFC 8785): equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members: string[] = [];
  for (const name of Object.keys(value).toSorted()) {
    const part: unknown = Reflect.get(value, name);
    if (part !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(part)}`);
  }
  return `{${members.join(',')}}`;
}
