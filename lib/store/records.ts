import * as z from 'zod';
import { accountSchema } from '#lib/accounts/account';
import type { RecordName, RecordRef, RecordTypes, RecordWrite, Stored } from '#lib/ports';
import { accountKey, type Key, refundedKey } from '#lib/store/keys';
import { fromItem, type ItemValue, toItem } from '#lib/store/names';

/*
 * Everything in the table that is not a wallet or an entry. Adding a kind is one row here and one in `RecordTypes`:
 * reading, versioned writing and taking part in a ledger transaction come with it.
 */

export interface RecordSpec<K extends RecordName> {
  readonly key: (id: RecordTypes[K]['id']) => Key;
  readonly schema: z.ZodType<RecordTypes[K]['value']>;
  /** Attributes beside the value: index keys, `ttl`. */
  readonly attributes?: (value: RecordTypes[K]['value'], id: RecordTypes[K]['id']) => ItemValue;
}

const records: { readonly [K in RecordName]: RecordSpec<K> } = {
  account: { key: (id) => accountKey(id.userId), schema: accountSchema },
  refunded: { key: refundedKey, schema: z.object({ amount: z.int() }) },
};

export function recordKey(ref: RecordRef): Key {
  return keyOfRecord(ref.record, ref.id);
}

export function keyOfRecord<K extends RecordName>(record: K, id: RecordTypes[K]['id']): Key {
  const spec: RecordSpec<K> = records[record];
  return spec.key(id);
}

/** The item of a write, one version on from what it is based on. */
export function recordToItem<K extends RecordName>(write: RecordWrite<K>): ItemValue {
  const spec = specOf(write);
  return {
    ...spec.key(write.id),
    ...spec.attributes?.(write.value, write.id),
    ...toItem(write.value),
    version: (write.version ?? 0) + 1,
  };
}

export function recordFromItem<K extends RecordName>(record: K, item: object): Stored<K> {
  const parsed = fromItem(item);
  const spec: RecordSpec<K> = records[record];
  return { value: spec.schema.parse(parsed), version: z.int().parse(parsed['version']) };
}

function specOf<K extends RecordName>(ref: { readonly record: K }): RecordSpec<K> {
  return records[ref.record];
}
