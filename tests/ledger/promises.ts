import { expect } from 'vitest';
import type { Entry } from '#lib/ledger/entry';
import { GRANTS_MAX, HOLDS_MAX } from '#lib/ledger/limits';
import { availableOf, type Head } from '#lib/ledger/wallet';

/** What every wallet promises at every moment, from its records alone and without the code that wrote them. */
export function expectPromises(head: Head, entries: readonly Entry[]): void {
  expectChain(head, entries);
  expectGrantsAndHolds(head);
  expectHoldsEndOnce(entries);
  for (const entry of entries) {
    expect(bentNumbers(entry), `entry ${entry.seq} has whole numbers only`).toEqual([]);
    expect(expiredDraws(entry), `entry ${entry.seq} uses no expired credits`).toEqual([]);
  }
  expect(bentNumbers(head)).toEqual([]);
}

function expectChain(head: Head, entries: readonly Entry[]): void {
  let balance = 0;
  let debt = 0;
  let time = '';
  let hash = '';
  entries.forEach((entry, index) => {
    expect(entry.seq).toBe(index + 1);
    expect(entry.balanceBefore).toBe(balance);
    expect(entry.balanceAfter).toBe(balance + entry.amount);
    expect(entry.draws.reduce((sum, draw) => sum + draw.amount, 0)).toBe(entry.amount);
    expect(entry.debt).toBe(debt + entry.debtChange);
    expect(entry.createdAt >= time).toBe(true);
    expect(entry.prevHash).toBe(hash);
    expect(entry.cause).not.toBe('');
    ({ balanceAfter: balance, debt, createdAt: time, hash } = entry);
  });
  expect([head.seq, head.balance, head.debt, head.headHash, head.updatedAt]).toEqual([
    entries.length,
    balance,
    debt,
    hash,
    time,
  ]);
  expect(new Set(entries.map((entry) => entry.cause)).size).toBe(entries.length);
  expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length);
}

function expectGrantsAndHolds(head: Head): void {
  const available = availableOf(head);
  expect(available).toBeGreaterThanOrEqual(0);
  expect(head.debt).toBeGreaterThanOrEqual(0);
  expect(head.debt > 0 && available > 0, 'who owes has nothing to spend').toBe(false);
  // One place more is for what was bought.
  expect(head.grants.length).toBeLessThanOrEqual(GRANTS_MAX + 1);
  expect(head.holds.length).toBeLessThanOrEqual(HOLDS_MAX);
  for (const grant of head.grants) {
    const pinned = head.holds
      .flatMap((hold) => hold.slices)
      .filter((slice) => slice.grantId === grant.id);
    expect(grant.remaining).toBeGreaterThan(0);
    expect(grant.held).toBeLessThanOrEqual(grant.remaining);
    expect(grant.held).toBe(pinned.reduce((sum, slice) => sum + slice.amount, 0));
  }
}

function expectHoldsEndOnce(entries: readonly Entry[]): void {
  const open = new Set<string>();
  for (const { hold } of entries) {
    if (!hold) continue;
    expect(open.has(hold.id)).toBe(hold.action !== 'placed');
    if (hold.action === 'placed') open.add(hold.id);
    else open.delete(hold.id);
  }
}

/** Credits that an entry took although their time was over; what a hold had set aside before is its own. */
function expiredDraws(entry: Entry): readonly string[] {
  if (entry.type === 'expiry') return [];
  return entry.draws
    .filter((draw) => draw.amount < 0 && draw.held === 0)
    .filter((draw) => draw.expiresAt !== null && draw.expiresAt <= entry.createdAt)
    .map((draw) => draw.grantId);
}

/** Where a value, at any depth, holds a number that is no whole, safe, plainly signed one. */
function bentNumbers(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? [] : [path];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => bentNumbers(part, `${path}.${key}`));
}
