import type { LedgerStore } from '#lib/ports';
import { type ActiveUsers, partsOf, unpackUsers } from '#lib/reports/active-users';
import type { Rollup } from '#lib/reports/rollup';

/** Items of one read: at 220 KB each they stay below the 16 MB of an answer. */
const ABREAST = 50;

/** The users who were active in any of some periods that have been rolled up. */
export async function loadUsers(
  store: Pick<LedgerStore, 'load'>,
  rollups: readonly Rollup[],
): Promise<ActiveUsers> {
  const ids = rollups.flatMap(({ period, creditTypes }) =>
    creditTypes.flatMap(({ creditType, activeUsers }) =>
      Array.from({ length: partsOf(activeUsers) }, (_, part) => ({ period, creditType, part })),
    ),
  );
  const users = new Map<string, Set<string>>();
  for (let start = 0; start < ids.length; start += ABREAST) {
    const some = ids.slice(start, start + ABREAST);
    const read = await store.load(some.map((id) => ({ record: 'rollupUsers', id })));
    for (const id of some) {
      const known = users.get(id.creditType) ?? new Set<string>();
      const stored = read('rollupUsers', id);
      for (const digest of stored ? unpackUsers(stored.value) : []) known.add(digest);
      users.set(id.creditType, known);
    }
  }
  return users;
}
