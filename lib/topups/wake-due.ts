import type { LedgerStore, TopUpStore } from '#lib/ports';
import { ASK_AGAIN_MS } from '#lib/topups/attempt';
import { topUpRef } from '#lib/topups/change-top-up';
import type { TopUpQueue } from '#lib/topups/top-up-queue';

/** In one look; what is due beyond them waits for the next. */
const WALLETS_MAX = 100;

/**
 * Asks for a look at every top-up whose time has come: its back-off is over, its month has begun, or nobody has heard
 * what became of its purchase. Answers how many.
 */
export async function wakeDueTopUps(
  deps: {
    readonly topUps: TopUpStore;
    readonly queue: TopUpQueue;
    readonly store: Pick<LedgerStore, 'load' | 'write'>;
  },
  now: string,
): Promise<number> {
  const { queue, store, topUps } = deps;
  let woken = 0;
  for (const wallet of await topUps.dueBy({ now, limit: WALLETS_MAX })) {
    const ref = topUpRef(wallet);
    const found = (await store.load([ref]))('topUp', ref.id);
    // The index is a moment behind the table.
    if (!found || found.value.checkAt === null || found.value.checkAt > now) continue;
    const { attempt } = found.value;
    // While a purchase is in flight somebody goes on asking; else this is the look that was promised.
    const again = new Date(Date.parse(now) + ASK_AGAIN_MS).toISOString();
    await queue.send(wallet);
    woken += 1;
    const value = { ...found.value, checkAt: attempt ? again : null };
    await store.write([{ ...ref, value, version: found.version }]);
  }
  return woken;
}
