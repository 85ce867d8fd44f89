import { toPurchase } from '#lib/http/purchase-resource';
import { toTransaction } from '#lib/http/wallet-resource';
import type { BusEvent } from '#lib/messaging/event-bus';
import type { TableChange } from '#lib/ports';
import { becamePaid, statusOf } from '#lib/purchases/purchase-status';

/** Of the details below: consumers read it before anything else. A version may get more fields, never other ones. */
const SCHEMA_VERSION = 1;

type PurchaseChange = Extract<TableChange, { readonly kind: 'purchase_changed' }>;

/**
 * What a change of the table means to the world outside (DESIGN 7). An event may come more than once and out of order:
 * type and `transaction_id`, or type and `purchase_id`, tell the same one.
 */
export function factsOf(change: TableChange, at: Date): readonly BusEvent[] {
  switch (change.kind) {
    case 'entry_created': {
      const transaction = toTransaction(change.entry);
      const detail = { schema_version: SCHEMA_VERSION, transaction };
      return [{ type: 'credits.entry.created', at, detail }];
    }
    case 'purchase_changed': {
      const detail = {
        schema_version: SCHEMA_VERSION,
        purchase: toPurchase(change.after),
        previous_status: change.before && statusOf(change.before),
      };
      return namesOf(change).map((name) => ({ type: `credits.purchase.${name}`, at, detail }));
    }
    case 'other':
      return [];
  }
}

/** A purchase says `paid` once, when its money arrives, even if a refund was known before it; then what follows. */
function namesOf(change: PurchaseChange): readonly string[] {
  const status = statusOf(change.after);
  const arrived = becamePaid(change) ? ['paid'] : [];
  if (change.before && statusOf(change.before) === status) return arrived;
  switch (status) {
    // It has only just begun: nothing has happened to it yet.
    case 'pending':
      return arrived;
    // A refund that failed, or a dispute won, makes it paid again.
    case 'paid':
      return arrived.length > 0 ? arrived : ['restored'];
    case 'failed':
    case 'expired':
    case 'partially_refunded':
    case 'refunded':
    case 'disputed':
      return [...arrived, status];
  }
}
