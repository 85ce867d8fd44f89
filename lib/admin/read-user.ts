import type { Account } from '#lib/accounts/account';
import type { AuditRecord } from '#lib/admin/audit-record';
import type { Application } from '#lib/applications/application';
import { CREDIT_TYPES } from '#lib/contract/credit-types';
import type { Entry } from '#lib/ledger/entry';
import type { Head } from '#lib/ledger/wallet';
import type { EmailRecord } from '#lib/notifications/email-record';
import type {
  ApplicationStore,
  AuditStore,
  EmailStore,
  HistoryQuery,
  HistoryStore,
  LedgerStore,
  PurchaseStore,
} from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import type { TopUp } from '#lib/topups/top-up';
import type { Subscription } from '#lib/subscriptions/subscription';
import type { HoldRecord } from '#lib/wallets/hold';
import { listHolds } from '#lib/wallets/list-holds';
import { verifyWallets, type WalletVerification } from '#lib/wallets/verify-wallets';

/** Of every list, so that one page answers most questions and costs the same for everybody. */
const SHOWN = 20;

/** About two megabytes: what a proof can read while somebody waits for a page. */
const PROVEN_ENTRIES_MAX = 2_000;

export interface UserStores {
  readonly ledger: LedgerStore;
  readonly history: HistoryStore;
  readonly purchases: PurchaseStore;
  readonly applications: ApplicationStore;
  readonly emails: EmailStore;
  readonly audit: AuditStore;
}

export interface UserState {
  readonly userId: string;
  readonly account: Account | null;
  readonly subscription: Subscription | null;
  /** As stored: advance them to now. */
  readonly heads: readonly Head[];
  readonly openHolds: readonly HoldRecord[];
  /** Newest first, of all credit types. */
  readonly entries: readonly Entry[];
  readonly redemptions: readonly Entry[];
  readonly purchases: { readonly purchases: readonly Purchase[]; readonly total: number };
  readonly applications: {
    readonly applications: readonly Application[];
    readonly total: number;
  };
  readonly emails: { readonly emails: readonly EmailRecord[]; readonly isComplete: boolean };
  readonly audit: readonly AuditRecord[];
  /** Of wallets that have ever had one. */
  readonly topUps: readonly TopUp[];
  readonly entriesInAll: number;
  /** Null where there is too much to prove while somebody waits. */
  readonly verification: readonly WalletVerification[] | null;
}

/**
 * What support needs to know about a user, or null where nothing is known. Every part is bounded: what it costs does
 * not grow with the user's history, but for the proof, which ends at a bound of its own.
 */
export async function readUser(
  stores: UserStores,
  asked: { readonly userId: string; readonly now: string; readonly provenMax?: number },
): Promise<UserState | null> {
  const { ledger } = stores;
  const { now, provenMax = PROVEN_ENTRIES_MAX, userId } = asked;
  const page = { userId, offset: 0, limit: SHOWN };
  const wallets = CREDIT_TYPES.map((creditType) => ({ userId, creditType }));
  const [heads, records, purchases, applications, emails, audit] = await Promise.all([
    ledger.loadHeads(userId),
    ledger.load([
      { record: 'account', id: { userId } },
      { record: 'subscription', id: { userId } },
      ...wallets.map((id) => ({ record: 'topUp', id }) as const),
    ]),
    stores.purchases.page(page),
    stores.applications.page(page),
    stores.emails.latest({ userId, limit: SHOWN }),
    stores.audit.page({ ...page, now, after: null }),
  ]);
  const account = records('account', { userId })?.value ?? null;
  const subscription = records('subscription', { userId })?.value ?? null;
  const isKnown = account ?? subscription ?? heads[0] ?? purchases.purchases[0];
  if (!isKnown) return null;
  const entriesInAll = heads.reduce((sum, { seq }) => sum + seq, 0);
  const [entries, redemptions, openHolds, verification] = await Promise.all([
    latestEntries(stores.history, heads),
    latestEntries(stores.history, heads.filter(hasRedeemed), 'promo'),
    readOpenHolds(stores, heads, now),
    entriesInAll > provenMax ? null : verifyWallets(ledger, userId),
  ]);
  return {
    userId,
    account,
    subscription,
    heads,
    openHolds,
    entries,
    redemptions,
    purchases,
    applications,
    emails,
    audit: audit.records,
    topUps: wallets.flatMap((id) => records('topUp', id)?.value ?? []),
    entriesInAll,
    verification,
  };
}

function hasRedeemed(head: Head): boolean {
  return (head.counts['promo'] ?? 0) > 0;
}

async function latestEntries(
  history: HistoryStore,
  heads: readonly Head[],
  type?: HistoryQuery['type'],
): Promise<readonly Entry[]> {
  const pages = await Promise.all(
    heads.map((wallet) => history.page({ wallet, ...(type && { type }), offset: 0, limit: SHOWN })),
  );
  const entries = pages.flatMap((page) => page.entries);
  return entries.toSorted(newestFirst).slice(0, SHOWN);
}

/** Within a wallet by number, which tells more than its time. */
function newestFirst(a: Entry, b: Entry): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  return b.seq - a.seq;
}

async function readOpenHolds(
  stores: Pick<UserStores, 'ledger' | 'history'>,
  heads: readonly Head[],
  now: string,
): Promise<readonly HoldRecord[]> {
  const holding = heads.filter(({ holds }) => holds.length > 0);
  const pages = await Promise.all(
    holding.map((wallet) =>
      listHolds(stores, { wallet, now, onlyOpen: true, offset: 0, limit: SHOWN }),
    ),
  );
  return pages.flatMap(({ holds }) => holds);
}
