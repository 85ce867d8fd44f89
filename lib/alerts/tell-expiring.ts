import { expiringSoon } from '#lib/alerts/wallet-alerts';
import type { WalletRef } from '#lib/ledger/wallet';
import { ContentionError, type DueStore, type LedgerStore } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import { startTurns } from '#lib/turns';

const DAYS = { key: 'expiring_soon_days' } as const;
const DAY_MS = 86_400_000;
const PAGE_WALLETS = 100;
/** In one run: 200,000 wallets; what is beyond them is told by the next. */
const PAGES_MAX = 2_000;
const RACES_MAX = 5;

/**
 * Notes which grants expire within the days of the setting, each once (DESIGN 7); the stream tells what is noted.
 * Answers how many grants were noted.
 */
export async function tellExpiring(
  stores: { readonly ledger: LedgerStore; readonly due: DueStore },
  now: string,
): Promise<number> {
  const read = await stores.ledger.load([{ record: 'setting', id: DAYS }]);
  const days = settingOf('expiring_soon_days', read('setting', DAYS));
  if (days === 0) return 0;
  const by = new Date(Date.parse(now) + days * DAY_MS).toISOString();
  let told = 0;
  let after: string | null = null;
  const turns = startTurns();
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const found: Awaited<ReturnType<DueStore['dueBy']>> = await stores.due.dueBy({
      by,
      limit: PAGE_WALLETS,
      after,
    });
    for (const wallet of found.wallets) {
      await turns.take(async () => {
        told += await tellWallet(stores.ledger, wallet, { now, horizon: by });
      });
    }
    if (found.next === null) break;
    after = found.next;
  }
  turns.end();
  return told;
}

async function tellWallet(
  ledger: LedgerStore,
  wallet: WalletRef,
  period: { readonly now: string; readonly horizon: string },
): Promise<number> {
  for (let race = 0; race < RACES_MAX; race += 1) {
    const [head, read] = await Promise.all([
      ledger.loadHead(wallet),
      ledger.load([{ record: 'walletAlerts', id: wallet }]),
    ]);
    const known = read('walletAlerts', wallet);
    const value = expiringSoon(known?.value ?? null, { head, ...period });
    if (!value) return 0;
    const version = known?.version ?? null;
    if (await ledger.write([{ record: 'walletAlerts', id: wallet, value, version }])) {
      return value.expiring.filter(({ toldAt }) => toldAt === period.now).length;
    }
  }
  throw new ContentionError('the alerts of a wallet changed each time');
}
