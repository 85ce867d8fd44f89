import * as z from 'zod';
import {
  catalogPackage,
  configurationVersion,
  packageFields,
  settingsChange,
  settingsDocument,
} from '#lib/contract/configuration';
import { description } from '#lib/contract/fields';
import { keyPart } from '#lib/contract/ids';
import { route } from '#lib/contract/route';

const SETTINGS_MAX = 100;
const { active, credits, credit_type, discount_percent, metadata, name, position, prices } =
  packageFields;
const version = configurationVersion.meta({ description: 'The one that was looked at.' });

/** What holds for everybody: settings and what is on sale. Each change stands in the audit, old and new. */
export const adminConfigurationRoutes = {
  getSettings: route({
    name: 'getSettings',
    method: 'GET',
    path: '/admin/credits/settings',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.read' },
    summary: 'All settings with their bounds and defaults',
    answers: { 200: settingsDocument },
    errors: [],
  }),
  changeSettings: route({
    name: 'changeSettings',
    method: 'PUT',
    path: '/admin/credits/settings',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.configure' },
    summary: 'Sets the settings that are named, all or none; null sets one back to its default',
    body: z.strictObject({
      version,
      settings: z
        .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a setting'), z.unknown())
        .refine((wanted) => {
          const count = Object.keys(wanted).length;
          return count >= 1 && count <= SETTINGS_MAX;
        }, `must name 1 to ${SETTINGS_MAX} settings`),
      reason: description.optional(),
    }),
    idempotent: true,
    answers: { 200: settingsChange },
    errors: ['UNKNOWN_SETTING', 'VERSION_CHANGED', 'CONTENTION'],
  }),
  listAllPackages: route({
    name: 'listAllPackages',
    method: 'GET',
    path: '/admin/credits/packages',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.read' },
    summary: 'All packages, those that are not on sale too',
    answers: { 200: z.strictObject({ packages: z.array(catalogPackage) }) },
    errors: [],
  }),
  createPackage: route({
    name: 'createPackage',
    method: 'POST',
    path: '/admin/credits/packages',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.configure' },
    summary: 'Adds a package',
    body: z
      .strictObject({
        package_id: keyPart,
        name,
        description: packageFields.description,
        credit_type: credit_type.default('general'),
        credits,
        prices: prices.default([]),
        discount_percent: discount_percent.default(null),
        active: active.default(true),
        position: position.default(0),
        metadata: metadata.default({}),
        reason: description.optional(),
      })
      .refine(hasPrice, 'must have a price or a discount_percent'),
    idempotent: true,
    answers: { 201: catalogPackage },
    errors: ['PACKAGE_EXISTS', 'CONTENTION'],
  }),
  changePackage: route({
    name: 'changePackage',
    method: 'PATCH',
    path: '/admin/credits/packages/{id}',
    function: 'admin',
    access: { kind: 'admin', permission: 'admin.configure' },
    summary: 'Changes a package; purchases keep the price they were made at',
    params: z.strictObject({ id: keyPart }),
    body: z.strictObject({
      version,
      name: name.optional(),
      description: packageFields.description.optional(),
      credit_type: credit_type.optional(),
      credits: credits.optional(),
      prices: prices.optional(),
      discount_percent: discount_percent.optional(),
      active: active.optional(),
      position: position.optional(),
      metadata: metadata.optional(),
      reason: description.optional(),
    }),
    answers: { 200: catalogPackage },
    errors: ['NOT_FOUND', 'VERSION_CHANGED', 'PACKAGE_WITHOUT_PRICE', 'CONTENTION'],
  }),
};

function hasPrice(offered: {
  readonly prices: readonly unknown[];
  readonly discount_percent: number | null;
}): boolean {
  return offered.prices.length > 0 || offered.discount_percent !== null;
}
