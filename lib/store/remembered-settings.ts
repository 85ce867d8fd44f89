import { type Key, settingKey } from '#lib/store/keys';
import type { ItemValue } from '#lib/store/names';
import { getItems } from '#lib/store/read';
import type { Table } from '#lib/store/table';

/**
 * What an instance of a function remembers of settings that every spend asks for. Read with each spend, they would cost
 * more than the wallet itself, and one item of the table would be asked for by all users at once. They are read along
 * with whatever else a command reads, at most this often: so a change of them counts everywhere this long after it was
 * made, and in between some spends go by the old and some by the new.
 */
export const SETTINGS_REMEMBERED_MS = 1_000;

/** Asked for by every spend or use; all other settings are read whenever they matter. */
const NAMES = ['spending_caps', 'tiers', 'past_due_grace_days'] as const;

const keys: ReadonlySet<string> = new Set(NAMES.map((name) => nameOf(settingKey(name))));

export interface RememberedSettings {
  /** The item, null for none; undefined where it must be read. */
  readonly recall: (key: Key) => ItemValue | null | undefined;
  readonly keep: (key: Key, item: ItemValue | null) => void;
}

/** Goes by the wall clock: an instance that was frozen in between must not take old settings for fresh ones. */
export function rememberSettings(nowMs: () => number): RememberedSettings {
  const known = new Map<string, { readonly item: ItemValue | null; readonly readAt: number }>();
  return {
    recall: (key) => {
      const found = known.get(nameOf(key));
      if (!found) return undefined;
      const age = nowMs() - found.readAt;
      return 0 <= age && age < SETTINGS_REMEMBERED_MS ? found.item : undefined;
    },
    keep: (key, item) => {
      if (keys.has(nameOf(key))) known.set(nameOf(key), { item, readAt: nowMs() });
    },
  };
}

/** Items in the order of their keys, in one round trip; in none where all of them are remembered. */
export async function readItems(
  table: Table,
  wanted: readonly Key[],
): Promise<readonly (ItemValue | null)[]> {
  const { settings } = table;
  if (!settings) return getItems(table, wanted);
  const recalled = wanted.map((key) => settings.recall(key));
  const missing = wanted.filter((_, index) => recalled[index] === undefined);
  const read = new Map<Key, ItemValue | null>();
  for (const [index, item] of (await getItems(table, missing)).entries()) {
    const key = missing[index];
    if (!key) continue;
    read.set(key, item);
    settings.keep(key, item);
  }
  return wanted.map((key, index) => recalled[index] ?? read.get(key) ?? null);
}

/** Whether a key is of what does not change between two looks of one command. */
export function isRemembered(table: Table, key: Key): boolean {
  return table.settings !== undefined && keys.has(nameOf(key));
}

function nameOf(key: Key): string {
  return `${key.pk}\n${key.sk}`;
}
