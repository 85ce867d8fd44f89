import * as z from 'zod';
import { availableOf, type Head, type WalletRef } from '#lib/ledger/wallet';

const credits = z.int().min(0);

/**
 * What the owner of a wallet has been told about it, and from when on a balance counts as low. It exists from the
 * first time that there is something to tell or to remember; its changes are what mails and events are made of.
 */
export const walletAlertsSchema = z.object({
  userId: z.string(),
  creditType: z.string(),
  /** The owner's own threshold; null where the setting's holds. */
  threshold: credits.nullable(),
  /** Whether less than the threshold was available at the newest crossing. */
  low: z.boolean(),
  /** The wallet's seq at that crossing: an older state of the wallet, told late or again, changes nothing. */
  seq: z.int().min(0),
  /** What was available then, and the threshold that it crossed. */
  available: credits,
  limit: credits,
  /** Grants in the wallet whose coming expiry has been told. */
  expiring: z.array(
    z.object({
      grantId: z.string(),
      amount: credits,
      expiresAt: z.string(),
      toldAt: z.string(),
    }),
  ),
});
export type WalletAlerts = z.infer<typeof walletAlertsSchema>;
export type ExpiringGrant = WalletAlerts['expiring'][number];

/** A wallet before anything was told about it. */
export function noAlerts(wallet: WalletRef): WalletAlerts {
  const { userId, creditType } = wallet;
  return {
    userId,
    creditType,
    threshold: null,
    low: false,
    seq: 0,
    available: 0,
    limit: 0,
    expiring: [],
  };
}

/**
 * The crossing that a change of a wallet makes, or null: down once, and not again before it has been up. A wallet that
 * has never had as much as the threshold is not told that it is low: a new user's bonus is no news.
 */
export function crossing(
  known: WalletAlerts | null,
  change: {
    /** Null before the wallet's first entry. */
    readonly before: Head | null;
    readonly after: Head;
    /** The threshold of wallets whose owner has set none. */
    readonly standard: number;
  },
): WalletAlerts | null {
  const { before, after, standard } = change;
  if (known && after.seq <= known.seq) return null;
  const limit = known?.threshold ?? standard;
  const available = availableOf(after);
  const low = available < limit;
  const wasLow = known ? known.low : before === null || availableOf(before) < limit;
  if (low === wasLow || (!known && wasLow)) return null;
  return { ...(known ?? noAlerts(after)), low, seq: after.seq, available, limit };
}

/** Grants with credits left that expire by `horizon` and were not told of: each is told once, for ever. */
export function expiringSoon(
  known: WalletAlerts | null,
  state: { readonly head: Head; readonly now: string; readonly horizon: string },
): WalletAlerts | null {
  const { head, now, horizon } = state;
  const told = known?.expiring ?? [];
  const news = head.grants.flatMap((grant): readonly ExpiringGrant[] => {
    const { id, expiresAt, remaining } = grant;
    if (expiresAt === null || expiresAt <= now || expiresAt > horizon || remaining === 0) return [];
    if (told.some(({ grantId }) => grantId === id)) return [];
    return [{ grantId: id, amount: remaining, expiresAt, toldAt: now }];
  });
  if (news.length === 0) return null;
  // A refund may bring a grant back after it was used up, so what was told is forgotten only with its expiry.
  const kept = told.filter(({ expiresAt }) => expiresAt > now);
  return { ...(known ?? noAlerts(head)), expiring: [...kept, ...news] };
}

/** What one change of the alerts tells: the same from the stream's images, however often they come. */
export type Alert =
  | { readonly kind: 'low' | 'recovered'; readonly alerts: WalletAlerts }
  | { readonly kind: 'expiring'; readonly alerts: WalletAlerts; readonly grant: ExpiringGrant };

export function alertsOf(before: WalletAlerts | null, after: WalletAlerts): readonly Alert[] {
  const crossed = (before?.low ?? false) !== after.low;
  const told = new Set(before?.expiring.map(({ grantId }) => grantId));
  return [
    ...(crossed ? [{ kind: after.low ? 'low' : 'recovered', alerts: after } as const] : []),
    ...after.expiring
      .filter(({ grantId }) => !told.has(grantId))
      .map((grant) => ({ kind: 'expiring', alerts: after, grant }) as const),
  ];
}
