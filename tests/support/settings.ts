import { expect } from 'vitest';
import type { LedgerStore, RecordWrite } from '#lib/ports';
import type { SettingKey, StoredSetting } from '#lib/settings/settings';

/** Sets a setting as an admin would have, whatever it was before. */
export async function setSetting(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  key: SettingKey,
  value: StoredSetting['value'],
): Promise<void> {
  const id = { key };
  const stored = (await ledger.load([{ record: 'setting', id }]))('setting', id);
  const version = stored?.version ?? null;
  const write: RecordWrite<'setting'> = { record: 'setting', id, value: { value }, version };
  expect(await ledger.write([write])).toBe(true);
}
