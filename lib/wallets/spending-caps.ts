import type { SpendingCap } from '#lib/ledger/spending-cap';
import type { Reader } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';

const CAPS = { key: 'spending_caps' } as const;

/** What a command reads to know how much may be spent: a setting that instances remember for a moment. */
export const spendingCapRefs = [{ record: 'setting', id: CAPS }] as const;

/** The caps of a wallet's type. */
export function spendingCapsOf(read: Reader, creditType: string): readonly SpendingCap[] {
  return settingOf('spending_caps', read('setting', CAPS)).filter(
    (cap) => cap.credit_type === creditType,
  );
}
