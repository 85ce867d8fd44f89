import { defaultPackages } from '#lib/catalog/default-packages';
import type { LedgerStore } from '#lib/ports';

/**
 * Puts the default packages on sale, and only those that were never there: what an operator has changed, or taken off
 * sale, stays as it is (DESIGN 8). Settings need no rows, because their initial values hold until somebody sets one.
 */
export async function seedPackages(
  store: Pick<LedgerStore, 'write'>,
): Promise<{ readonly created: readonly string[] }> {
  const created: string[] = [];
  for (const value of defaultPackages) {
    const id = { packageId: value.id };
    // One write each: in a common transaction a single package that exists would keep the others out.
    if (await store.write([{ record: 'package', id, value, version: null }]))
      created.push(value.id);
  }
  return { created };
}
