import * as z from 'zod';
import type { CreditPackage } from '#lib/catalog/package';
import { currency } from '#lib/contract/amounts';
import type * as wire from '#lib/contract/configuration';
import type { Wire } from '#lib/http/endpoint';
import { toCreditType } from '#lib/http/wallet-resource';
import type { Metadata } from '#lib/ledger/entry';
import type { Reader, Stored } from '#lib/ports';
import { settingsVersion } from '#lib/settings/change-settings';
import {
  type SettingKey,
  settingKeys,
  settingOf,
  settings,
  type SettingsChange,
} from '#lib/settings/settings';

/** Settings and packages as their operator sees them. */

export function toSettings(read: Reader): Wire<typeof wire.settingsDocument> {
  return {
    version: settingsVersion(read),
    settings: settingKeys.map((key) => toSetting(key, read)),
  };
}

function toSetting(key: SettingKey, read: Reader): Wire<typeof wire.setting> {
  const stored = read('setting', { key });
  const { initial, schema } = settings[key];
  return {
    key,
    value: settingOf(key, stored),
    default: initial,
    is_default: (stored?.value.value ?? null) === null,
    minimum: boundOf(schema, 'greater_than'),
    maximum: boundOf(schema, 'less_than'),
    options: schema instanceof z.ZodEnum ? schema.options : null,
    changed_at: stored?.value.changedAt ?? null,
    changed_by: stored?.value.changedBy ?? null,
  };
}

/**
 * The bound that a number has, read from the check itself: zod's `minValue` comes with its generator of JSON schemas,
 * which the bundles leave out.
 */
function boundOf(schema: z.ZodType, check: 'greater_than' | 'less_than'): number | null {
  if (!(schema instanceof z.ZodNumber)) return null;
  for (const { _zod } of schema.def.checks ?? []) {
    const { def } = _zod;
    if (def.check === check && 'value' in def && typeof def.value === 'number') return def.value;
  }
  return null;
}

export function toSettingsChange(change: SettingsChange): Wire<typeof wire.settingsChange> {
  return {
    version: change.version,
    changed_at: change.at,
    changed_by: change.by,
    changes: change.changes.map(({ after, before, key }) => ({
      key,
      before: jsonOf(before),
      after: jsonOf(after),
    })),
  };
}

function jsonOf(text: string): unknown {
  return JSON.parse(text);
}

export function toCatalogPackage(stored: Stored<'package'>): Wire<typeof wire.catalogPackage> {
  const { value, version } = stored;
  return {
    package_id: value.id,
    name: value.name,
    description: value.description,
    credit_type: toCreditType(value.creditType),
    credits: value.credits,
    prices: value.prices.map((price) => ({
      currency: currency.parse(price.currency),
      amount: price.amountMinor,
    })),
    discount_percent: value.discountPercent ?? null,
    active: value.active,
    position: value.position,
    metadata: value.metadata ?? {},
    version,
  };
}

/** What a request says about a package; what it leaves out stays. */
interface PackageFields {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly credit_type?: string | undefined;
  readonly credits?: number | undefined;
  readonly prices?: readonly { readonly currency: string; readonly amount: number }[] | undefined;
  readonly discount_percent?: number | null | undefined;
  readonly active?: boolean | undefined;
  readonly position?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

export function fromPackageFields(before: CreditPackage, fields: PackageFields): CreditPackage {
  const { discountPercent: discountBefore, ...others } = before;
  const { discount_percent: asked = discountBefore ?? null, metadata = before.metadata } = fields;
  return {
    ...others,
    name: fields.name ?? before.name,
    description: fields.description ?? before.description,
    creditType: fields.credit_type ?? before.creditType,
    credits: fields.credits ?? before.credits,
    prices:
      fields.prices?.map(({ amount: amountMinor, currency: code }) => ({
        currency: code,
        amountMinor,
      })) ?? before.prices,
    ...(asked !== null && { discountPercent: asked }),
    active: fields.active ?? before.active,
    position: fields.position ?? before.position,
    ...(metadata !== undefined && { metadata: { ...metadata } }),
  };
}
