import { advance } from '#lib/ledger/advance';
import { spentAt } from '#lib/ledger/spending-cap';
import { availableOf, type Head, heldOf, isFrozen } from '#lib/ledger/wallet';
import type { Bench, Lane } from '#tests/ledger/bench';
import { type Model, spentIn, tick } from '#tests/ledger/model';
import { hour } from '#tests/ledger/wallets';

/** What the model says that a head must be, and what it is. */
export function views(lane: Lane): { readonly ledger: object; readonly model: object } {
  return { ledger: headView(lane.wallet.head, lane.model.time), model: modelView(lane.model) };
}

/** The same for a reader who comes at this instant, before anything is written. */
export function viewsNow(bench: Bench, lane: Lane): ReturnType<typeof views> {
  const copy = structuredClone(lane.model);
  tick(copy, bench.clock);
  const seen = advance(lane.wallet.head, hour(bench.clock)).head;
  return { ledger: headView(seen, copy.time), model: modelView(copy) };
}

function headView(head: Head, time: number): object {
  const { totals } = head;
  return {
    balance: head.balance,
    held: heldOf(head),
    available: availableOf(head),
    debt: head.debt,
    spent: spentAt(head, Number.isFinite(time) ? hour(time) : ''),
    isFrozen: isFrozen(head),
    grants: head.grants.map(
      ({ id, category, priority, expiresAt, grantedAt, remaining, held }) => ({
        id,
        terms: [category, priority, expiresAt, grantedAt],
        remaining,
        held,
      }),
    ),
    holds: head.holds.map(({ id, expiresAt, slices }) => ({
      id,
      expiresAt,
      slices: slices.map(({ grantId, amount }) => [grantId, amount]),
    })),
    totals: {
      purchased: totals.purchased,
      granted: totals.granted,
      used: totals.used,
      refunded: totals.refunded,
      expired: totals.expired,
      reversed: totals.reversed,
      reinstated: totals.reinstated,
      transferredIn: totals.transferredIn,
      transferredOut: totals.transferredOut,
      adjusted: totals.adjusted,
    },
  };
}

function modelView(model: Model): object {
  const { buckets, holds, debt, isFrozen, totals } = model;
  const held = buckets.reduce((sum, each) => sum + each.held, 0);
  const free = buckets.reduce((sum, each) => sum + each.free, 0);
  const total = (name: string) => totals.get(name) ?? 0;
  return {
    balance: free + held,
    held,
    available: free,
    debt,
    spent: { hour: spentIn(model, 'hour'), day: spentIn(model, 'day') },
    isFrozen,
    grants: buckets
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((each) => ({
        id: each.id,
        terms: [
          each.category,
          each.priority,
          each.expires === Infinity ? null : hour(each.expires),
          hour(each.granted),
        ],
        remaining: each.free + each.held,
        held: each.held,
      })),
    holds: [...holds].map(([id, { ends, parts }]) => ({
      id,
      expiresAt: hour(ends),
      slices: partsByBucket(parts),
    })),
    totals: {
      purchased: total('purchased'),
      granted: total('granted'),
      used: total('used'),
      refunded: total('refunded'),
      expired: total('expired'),
      reversed: total('reversed'),
      reinstated: total('reinstated'),
      transferredIn: total('transferredIn'),
      transferredOut: total('transferredOut'),
      adjusted: total('given by admins') - total('taken by admins'),
    },
  };
}

function partsByBucket(
  parts: readonly { readonly bucket: { readonly id: string }; readonly amount: number }[],
): readonly (readonly [string, number])[] {
  const amounts = new Map<string, number>();
  for (const {
    bucket: { id },
    amount,
  } of parts)
    amounts.set(id, (amounts.get(id) ?? 0) + amount);
  return [...amounts];
}
