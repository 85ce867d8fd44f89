import * as z from 'zod';
import { sameNumber } from '#lib/id-prefixes';
import type { Entry } from '#lib/ledger/entry';
import { invariant } from '#lib/invariant';

/**
 * A hold as it is told to people. The head decides about credits; this record says what became of the hold, in the
 * same transaction. It is written by the hand that ends a hold and never by time: an open one whose time is over has
 * expired, which needs no write and cannot be late.
 */
export const holdSchema = z.object({
  id: z.string(),
  userId: z.string(),
  creditType: z.string(),
  amount: z.int().min(1),
  description: z.string(),
  reference: z.object({ type: z.string(), id: z.string() }).nullable(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  createdAt: z.string(),
  expiresAt: z.string(),
  /** The entry that placed it. */
  entryId: z.string(),
  end: z
    .object({
      state: z.enum(['captured', 'released']),
      /** Credits spent: less or more than was held. */
      captured: z.int().min(0),
      at: z.string(),
      entryId: z.string(),
    })
    .nullable(),
});
export type HoldRecord = z.infer<typeof holdSchema>;

export type HoldState = 'open' | 'captured' | 'released' | 'expired';

/** What has become of a hold at an instant. */
export function stateOf(hold: HoldRecord, now: string): HoldState {
  if (hold.end) return hold.end.state;
  return hold.expiresAt <= now ? 'expired' : 'open';
}

/** The id follows from the entry that places the hold: a repeated request meets its hold, and no id comes twice. */
export function holdIdOf(entryId: string): string {
  return sameNumber(entryId, 'hold');
}

/** The hold that an entry placed. */
export function placedHold(entry: Entry): HoldRecord {
  const { hold } = entry;
  invariant(hold?.action === 'placed', 'a hold begins with the entry that places it');
  return {
    id: hold.id,
    userId: entry.userId,
    creditType: entry.creditType,
    amount: entry.draws.reduce((sum, draw) => sum + draw.held, 0),
    description: entry.description,
    reference: entry.reference,
    metadata: entry.metadata,
    createdAt: entry.createdAt,
    expiresAt: hold.expiresAt,
    entryId: entry.id,
    end: null,
  };
}

/** The hold after the entry that ended it. */
export function endedHold(hold: HoldRecord, entry: Entry): HoldRecord {
  const action = entry.hold?.action;
  invariant(entry.hold?.id === hold.id, 'a hold ends with an entry of its own');
  invariant(action === 'captured' || action === 'released', 'time ends a hold without its record');
  const captured = action === 'captured' ? -entry.amount : 0;
  return { ...hold, end: { state: action, captured, at: entry.createdAt, entryId: entry.id } };
}
