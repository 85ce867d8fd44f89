import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { WalletAlerts } from '#lib/alerts/wallet-alerts';
import type { TableChange } from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import { entryFromItem, headFromItem } from '#lib/store/items';
import { ENTRY_PREFIX, HEAD_PREFIX } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import {
  ALERTS_PREFIX,
  PURCHASE_SORT_KEY,
  recordFromItem,
  SUBSCRIPTION_SORT_KEY,
  TOPUP_PREFIX,
} from '#lib/store/records';
import type { Subscription } from '#lib/subscriptions/subscription';
import type { TopUp } from '#lib/topups/top-up';

/** The attribute types that the store writes; binaries and sets are not among them. */
const attribute: z.ZodType<AttributeValue> = z.lazy(() =>
  z.union([
    z.strictObject({ S: z.string() }),
    z.strictObject({ N: z.string() }),
    z.strictObject({ BOOL: z.boolean() }),
    z.strictObject({ NULL: z.literal(true) }),
    z.strictObject({ L: z.array(attribute) }),
    z.strictObject({ M: image }),
  ]),
);
const image = z.record(z.string(), attribute);

const recordSchema = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  dynamodb: z.object({ NewImage: image.optional(), OldImage: image.optional() }),
});

/**
 * A record of the table's stream in the words of the domain. Throws at what the store cannot have written: a record
 * that nobody understands must be looked at, not passed over.
 */
export function changeOfStreamRecord(record: unknown): TableChange {
  const { eventName, dynamodb } = recordSchema.parse(record);
  const after = itemOf(dynamodb.NewImage);
  if (eventName === 'REMOVE' || !after) return { kind: 'other' };
  const sk = z.string().parse(after['sk']);
  if (sk.startsWith(ENTRY_PREFIX) && eventName === 'INSERT') {
    return { kind: 'entry_created', entry: entryFromItem(after) };
  }
  const before = itemOf(dynamodb.OldImage);
  if (sk.startsWith(HEAD_PREFIX)) {
    return {
      kind: 'wallet_changed',
      before: before && headFromItem(before),
      after: headFromItem(after),
    };
  }
  if (sk === PURCHASE_SORT_KEY) {
    return {
      kind: 'purchase_changed',
      before: before && purchaseOf(before),
      after: purchaseOf(after),
    };
  }
  if (sk.startsWith(ALERTS_PREFIX)) {
    return {
      kind: 'alerts_changed',
      before: before && alertsIn(before),
      after: alertsIn(after),
    };
  }
  if (sk.startsWith(TOPUP_PREFIX)) {
    return { kind: 'top_up_changed', before: before && topUpIn(before), after: topUpIn(after) };
  }
  if (sk === SUBSCRIPTION_SORT_KEY) {
    return {
      kind: 'subscription_changed',
      before: before && subscriptionIn(before),
      after: subscriptionIn(after),
    };
  }
  return { kind: 'other' };
}

function itemOf(attributes: Record<string, AttributeValue> | undefined): ItemValue | null {
  return attributes ? unmarshall(attributes) : null;
}

function alertsIn(item: ItemValue): WalletAlerts {
  return recordFromItem('walletAlerts', item).value;
}

function topUpIn(item: ItemValue): TopUp {
  return recordFromItem('topUp', item).value;
}

function subscriptionIn(item: ItemValue): Subscription {
  return recordFromItem('subscription', item).value;
}

function purchaseOf(item: ItemValue): Purchase {
  return recordFromItem('purchase', item).value;
}
