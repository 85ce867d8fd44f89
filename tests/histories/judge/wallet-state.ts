import type { Entry } from '#tests/histories/judge/history';

/** What a wallet's entries up to one of them add up to, as buckets that are filled and emptied. */
export interface State {
  readonly balance: number;
  readonly debt: number;
  readonly isFrozen: boolean;
  /** When its newest entry was made; empty before the first. */
  readonly at: string;
  readonly grants: ReadonlyMap<string, Bucket>;
  readonly holds: ReadonlyMap<string, OpenHold>;
}

interface Bucket {
  readonly left: number;
  readonly held: number;
  readonly expiresAt: string | null;
}

interface OpenHold {
  readonly expiresAt: string;
  readonly parts: ReadonlyMap<string, number>;
}

/** What somebody sees who looks at a wallet at an instant. */
export interface View {
  readonly balance: number;
  readonly held: number;
  readonly available: number;
  readonly debt: number;
}

export const EMPTY: State = {
  balance: 0,
  debt: 0,
  isFrozen: false,
  at: '',
  grants: new Map(),
  holds: new Map(),
};

export function stateAfter(state: State, entry: Entry): State {
  const grants = new Map(state.grants);
  for (const { grant, amount, held, expiresAt } of entry.draws) {
    const before = grants.get(grant) ?? { left: 0, held: 0, expiresAt };
    grants.set(grant, { ...before, left: before.left + amount, held: before.held + held });
  }
  for (const { from, into } of entry.merged) {
    const [young, old] = [grants.get(from), grants.get(into)];
    if (!young || !old) continue;
    grants.set(into, { ...old, left: old.left + young.left, held: old.held + young.held });
    grants.delete(from);
  }
  for (const [grant, { left, held }] of grants) {
    if (left === 0 && held === 0) grants.delete(grant);
  }
  return {
    balance: state.balance + entry.amount,
    debt: state.debt + entry.debtChange,
    isFrozen: entry.type === 'freeze' || (state.isFrozen && entry.type !== 'unfreeze'),
    at: entry.createdAt,
    grants,
    holds: holdsAfter(state.holds, entry),
  };
}

function holdsAfter(before: State['holds'], { hold, draws, merged }: Entry): State['holds'] {
  if (!hold && merged.length === 0) return before;
  const holds = new Map(before);
  if (hold?.action === 'placed') {
    const parts = new Map(draws.map(({ grant, held }) => [grant, held]));
    holds.set(hold.id, { expiresAt: hold.expiresAt, parts });
  } else if (hold) holds.delete(hold.id);
  for (const { from, into } of merged) {
    for (const [id, { expiresAt, parts }] of holds) {
      const moved = parts.get(from);
      if (moved === undefined) continue;
      const joined = new Map(parts);
      joined.delete(from);
      joined.set(into, moved + (parts.get(into) ?? 0));
      holds.set(id, { expiresAt, parts: joined });
    }
  }
  return holds;
}

/**
 * A wallet at an instant, which is never before its newest entry: holds that are over are free again, grants that are
 * over and not held are gone, and what is free pays what is owed.
 */
export function viewAt(state: State, instant: string): View {
  const now = instant > state.at ? instant : state.at;
  const heldBy = new Map<string, number>();
  for (const { expiresAt, parts } of state.holds.values()) {
    if (expiresAt <= now) continue;
    for (const [grant, amount] of parts) heldBy.set(grant, (heldBy.get(grant) ?? 0) + amount);
  }
  let balance = 0;
  let held = 0;
  for (const [grant, { left, expiresAt }] of state.grants) {
    const set = heldBy.get(grant) ?? 0;
    held += set;
    balance += expiresAt !== null && expiresAt <= now ? set : left;
  }
  const paid = Math.min(state.debt, balance - held);
  return {
    balance: balance - paid,
    held,
    available: balance - paid - held,
    debt: state.debt - paid,
  };
}

/** What a hold would give back to whom captures it, or 0 where it is not open at that instant. */
export function heldIn(state: State, hold: string | undefined, instant: string): number {
  const open = hold === undefined ? undefined : state.holds.get(hold);
  const now = instant > state.at ? instant : state.at;
  if (!open || open.expiresAt <= now) return 0;
  return [...open.parts.values()].reduce((sum, amount) => sum + amount, 0);
}
