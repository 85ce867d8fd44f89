import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { importRules } from '#tests/style/import-rules';

const sources = ['lib', 'functions', 'infra', 'tests'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

test('every import goes in a direction of DESIGN 8', () => {
  expect(sources.length).toBeGreaterThan(50);
  const wrong = sources.flatMap((path) => wrongImports(path, readFileSync(path, 'utf8')));
  expect(wrong).toEqual([]);
});

describe('an import against the direction is found', () => {
  test.each([
    ['lib/ledger/spend.ts', `import { keys } from '#lib/store/keys';`],
    ['lib/ledger/spend.ts', `import type { Key } from '#lib/store/keys';`],
    ['lib/ledger/spend.ts', `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';`],
    ['lib/ledger/spend.ts', `import { readFile } from 'node:fs/promises';`],
    ['lib/contract/route.ts', `import { spend } from '#lib/ledger/spend';`],
    ['lib/purchases/checkout.ts', `import Stripe from 'stripe';`],
    ['lib/purchases/checkout.ts', `const { SQSClient } = await import('@aws-sdk/client-sqs');`],
    ['lib/messaging/queue.ts', `import { GetCommand } from '@aws-sdk/lib-dynamodb';`],
    ['lib/store/table.ts', `import { handler } from '#functions/wallet/handler';`],
    ['lib/store/table.ts', `import { handler } from '../../functions/wallet/handler.ts';`],
    ['lib/unheard-of/thing.ts', `import Stripe from 'stripe';`],
    ['functions/wallet/handler.ts', `import { get } from '#functions/service/get';`],
    ['functions/wallet/handler.ts', `import { stages } from '#infra/stage';`],
    ['infra/app.ts', `import { handler } from '#functions/wallet/handler';`],
    ['lib/exports/prove-export.ts', `import { hashEntry } from '#lib/ledger/entry';`],
    ['infra/local/start.ts', `import { createLedgerStore } from '#lib/store/ledger-store';`],
    ['infra/app.ts', `import { builder } from '#tests/builders';`],
  ])('%s: %s', (path, source) => {
    expect(wrongImports(path, source)).toHaveLength(1);
  });
});

describe('an import in the direction passes', () => {
  test.each([
    ['lib/ledger/spend.ts', `import { invariant } from '#lib/invariant';`],
    ['lib/store/table.ts', `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';`],
    ['lib/payments/client.ts', `import Stripe from 'stripe';`],
    ['functions/webhooks/stripe/handler.ts', `import { x } from '#functions/webhooks/body';`],
    ['functions/wallet/handler.ts', `import { createLedgerStore } from '#lib/store/ledger-store';`],
    ['infra/app.ts', `import { join } from 'node:path';`],
  ])('%s: %s', (path, source) => {
    expect(wrongImports(path, source)).toEqual([]);
  });
});

/** The imports of one file, static, dynamic or of types, that its area may not have. */
function wrongImports(path: string, source: string): string[] {
  const rule = importRules
    .filter(({ area }) => path.startsWith(area))
    .sort((one, other) => other.area.length - one.area.length)
    .at(0);
  const same = path.split('/')[1] ?? '';
  const own = (rule?.own ?? []).map((area) => area.replace('{same}', same));
  const packages = rule?.packages ?? [];
  return importedBy(source)
    .filter((imported) => {
      const ours = ownPath(path, imported);
      if (ours !== null) return !own.some((area) => ours.startsWith(area));
      return !packages.some((name) => name === '*' || isOf(name, imported));
    })
    .map((imported) => `${path} imports ${imported}`);
}

function importedBy(source: string): readonly string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** A path in this project, or null for a package. */
function ownPath(importer: string, imported: string): string | null {
  if (imported.startsWith('#')) return `${imported.slice(1)}.ts`;
  return imported.startsWith('.') ? normalize(join(dirname(importer), imported)) : null;
}

function isOf(name: string, imported: string): boolean {
  return imported === name || imported.startsWith(`${name}/`) || imported.startsWith(`${name}:`);
}
