import * as z from 'zod';
import type { RecordWrite } from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import { disputedMinorOf, paidMinorOf, refundedMinorOf } from '#lib/purchases/purchase-status';

const minorChange = z.int();

/**
 * Money as the ledger heard of it: what one change of a purchase's facts added to what was paid, refunded or is held by
 * disputes. A purchase's facts may come in any order and long after they happened; these records are immutable and
 * stand at the time at which the ledger learned them, so that a closed period's revenue never changes behind the back
 * of whoever reported it.
 */
export const moneyMovementSchema = z.object({
  purchaseId: z.string(),
  /** The version of the purchase that it came with. */
  number: z.int().min(1),
  userId: z.string(),
  creditType: z.string(),
  packageId: z.string().nullable(),
  packageName: z.string(),
  provider: z.string(),
  currency: z.string(),
  /** 1 where the purchase became paid, and what it sold; else 0. */
  purchases: z.int().min(0).max(1),
  credits: z.int().min(0),
  paidMinor: minorChange,
  /** Below zero where a refund failed after all. */
  refundedMinor: minorChange,
  /** Below zero where a dispute was won. */
  disputedMinor: minorChange,
  at: z.string(),
});
export type MoneyMovement = z.infer<typeof moneyMovementSchema>;

/** The record of a change's money, to be written with the change itself; nothing where no money moved. */
export function moneyWrites(change: {
  readonly before: Purchase;
  readonly after: Purchase;
  /** The version that the change is based on. */
  readonly version: number;
  readonly now: string;
}): readonly RecordWrite[] {
  const { before, after, version, now } = change;
  const becamePaid = before.payments.length === 0 && after.payments.length > 0;
  const value: MoneyMovement = {
    purchaseId: after.id,
    number: version + 1,
    userId: after.userId,
    creditType: after.creditType,
    packageId: after.packageId,
    packageName: after.packageName,
    provider: after.provider,
    currency: after.currency,
    purchases: becamePaid ? 1 : 0,
    credits: becamePaid ? after.credits : 0,
    paidMinor: paidMinorOf(after) - paidMinorOf(before),
    refundedMinor: refundedMinorOf(after) - refundedMinorOf(before),
    disputedMinor: disputedMinorOf(after) - disputedMinorOf(before),
    at: now,
  };
  const { purchaseId, number, purchases, paidMinor, refundedMinor, disputedMinor } = value;
  if (purchases === 0 && paidMinor === 0 && refundedMinor === 0 && disputedMinor === 0) return [];
  return [{ record: 'moneyMovement', id: { purchaseId, number }, value, version: null }];
}
