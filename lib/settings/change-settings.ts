import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import type { FieldError } from '#lib/contract/errors';
import { canonicalJson } from '#lib/ledger/entry';
import { ContentionError, type LedgerStore, type Reader, type RecordWrite } from '#lib/ports';
import {
  isSettingKey,
  type SettingKey,
  settingKeys,
  settingOf,
  settings,
  type SettingsChange,
  type StoredSetting,
} from '#lib/settings/settings';

const ATTEMPTS_MAX = 10;
/** Changes whose repetition is still recognized. */
const RECENT_MAX = 20;
/** Of their JSON: DynamoDB takes items of 400 KB, and tiers alone can have 40 KB before a change and after it. */
const RECENT_BYTES_MAX = 200_000;

export interface SettingsInput {
  /** The version that was looked at. */
  readonly version: number;
  /** Null sets back to the default. */
  readonly wanted: readonly { readonly key: string; readonly value: unknown }[];
  readonly reason: string | null;
  readonly cause: string;
  readonly fingerprint: string | null;
  readonly audit: AuditContext;
}

export type SettingsOutcome =
  | { readonly kind: 'changed' | 'replayed'; readonly change: SettingsChange }
  | { readonly kind: 'reused' }
  | { readonly kind: 'unknown'; readonly key: string }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** Somebody else has changed settings since that version. */
  | { readonly kind: 'stale'; readonly version: number };

const HISTORY = { record: 'settingsHistory', id: { of: 'all' } } as const;

/** Everything that a change decides on: all settings at one version. */
export const settingsRefs = [
  HISTORY,
  ...settingKeys.map((key) => ({ record: 'setting', id: { key } }) as const),
];

/** How often settings have been changed. */
export function settingsVersion(read: Reader): number {
  return read('settingsHistory', HISTORY.id)?.version ?? 0;
}

/**
 * Sets settings, all or none, once per cause, with an audit record for each (DESIGN 5). One version counts the changes
 * of all of them, so that two people cannot bring about together what neither would have been allowed to.
 */
export async function changeSettings(
  ledger: Pick<LedgerStore, 'load' | 'write'>,
  input: SettingsInput,
): Promise<SettingsOutcome> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const decided = decide(await ledger.load(settingsRefs), input);
    if (decided.kind !== 'change') return decided;
    const [first, ...others] = decided.writes;
    if (!first || (await ledger.write([first, ...others]))) {
      return { kind: 'changed', change: decided.change };
    }
  }
  throw new ContentionError('changes of settings raced past the bound');
}

function decide(
  read: Reader,
  input: SettingsInput,
):
  | Exclude<SettingsOutcome, { readonly kind: 'changed' }>
  | {
      readonly kind: 'change';
      readonly change: SettingsChange;
      readonly writes: readonly RecordWrite[];
    } {
  const { audit, cause, fingerprint, reason, wanted } = input;
  const history = read('settingsHistory', HISTORY.id);
  const recent = history?.value.recent ?? [];
  const done = recent.find((change) => change.cause === cause);
  if (done) {
    return done.fingerprint === fingerprint
      ? { kind: 'replayed', change: done }
      : { kind: 'reused' };
  }
  const unknown = wanted.find(({ key }) => !isSettingKey(key));
  if (unknown) return { kind: 'unknown', key: unknown.key };
  const version = history?.version ?? 0;
  if (input.version !== version) return { kind: 'stale', version };

  const errors: FieldError[] = [];
  const next = new Map<SettingKey, StoredSetting['value']>();
  for (const { key, value } of wanted) {
    if (!isSettingKey(key)) continue;
    const parsed = value === null ? null : settings[key].schema.safeParse(value);
    if (parsed?.success === false) {
      errors.push({ field: `settings.${key}`, message: parsed.error.issues[0]?.message ?? '' });
    } else next.set(key, parsed === null ? null : parsed.data);
  }
  if (errors.length === 0) errors.push(...contradictions(read, next));
  if (errors.length > 0) return { kind: 'invalid', errors };

  const changes: SettingsChange['changes'][number][] = [];
  const writes: RecordWrite[] = [];
  for (const [key, value] of next) {
    const stored = read('setting', { key });
    const before = settingOf(key, stored);
    const after = valueOf(key, value);
    if (canonicalJson(before) === canonicalJson(after)) continue;
    changes.push({ key, before: JSON.stringify(before), after: JSON.stringify(after) });
    const saved = { value, changedAt: audit.at, changedBy: audit.actor };
    writes.push(
      { record: 'setting', id: { key }, value: saved, version: stored?.version ?? null },
      auditWrite(audit, {
        action: 'changeSettings',
        target: { type: 'setting', id: key },
        before,
        after,
        reason,
      }),
    );
  }
  const change = {
    cause,
    fingerprint,
    version: version + 1,
    at: audit.at,
    by: audit.actor,
    changes,
  };
  if (changes.length === 0) return { kind: 'change', change: { ...change, version }, writes: [] };
  const value = { recent: [...roomFor(recent, change), change] };
  return {
    kind: 'change',
    change,
    writes: [{ ...HISTORY, value, version: history?.version ?? null }, ...writes],
  };
}

/** The latest changes before one, as many as may stand beside it. */
function roomFor(
  recent: readonly SettingsChange[],
  change: SettingsChange,
): readonly SettingsChange[] {
  const kept: SettingsChange[] = [];
  let bytes = bytesOf(change);
  for (const before of recent.slice(1 - RECENT_MAX).toReversed()) {
    bytes += bytesOf(before);
    if (bytes > RECENT_BYTES_MAX) break;
    kept.unshift(before);
  }
  return kept;
}

function bytesOf(change: SettingsChange): number {
  return Buffer.byteLength(JSON.stringify(change));
}

function valueOf(key: SettingKey, value: StoredSetting['value']) {
  return settingOf(key, { value: { value } });
}

/** Settings that are good alone and make no sense together. */
function contradictions(
  read: Reader,
  next: ReadonlyMap<SettingKey, StoredSetting['value']>,
): readonly FieldError[] {
  const valueAfter = (key: SettingKey) => {
    const value = next.get(key);
    return value === undefined ? settingOf(key, read('setting', { key })) : valueOf(key, value);
  };
  return ORDERED.flatMap(([low, high]) => {
    const touched = next.has(low) || next.has(high);
    if (!touched || Number(valueAfter(low)) <= Number(valueAfter(high))) return [];
    return [{ field: `settings.${low}`, message: `must not be above ${high}` }];
  });
}

const ORDERED = [
  ['purchase_credits_min', 'purchase_credits_max'],
  ['hold_seconds_default', 'hold_seconds_max'],
] as const;
