import type { TopUp, TopUpAttempt } from '#lib/topups/top-up';

/** What one change of a top-up tells: the same from the stream's images, however often they come. */
export type TopUpNews = { readonly userId: string; readonly creditType: string } & (
  | { readonly kind: 'started'; readonly attempt: TopUpAttempt }
  | { readonly kind: 'succeeded'; readonly purchaseId: string }
  | {
      readonly kind: 'failed';
      readonly purchaseId: string;
      readonly reason: string;
      readonly declines: number;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly until: string }
  | { readonly kind: 'suspended' | 'action_required'; readonly purchaseId: string }
);

export function topUpNews(change: {
  readonly before: TopUp | null;
  readonly after: TopUp;
}): readonly TopUpNews[] {
  const { after, before } = change;
  const { attempt, creditType, last, pause, stop, userId } = after;
  const wallet = { userId, creditType };
  const news: TopUpNews[] = [];
  if (attempt && attempt.number !== before?.attempt?.number) {
    news.push({ ...wallet, kind: 'started', attempt });
  }
  if (last && last.purchaseId !== before?.last?.purchaseId) {
    const { purchaseId, reason } = last;
    if (last.kind === 'paid') news.push({ ...wallet, kind: 'succeeded', purchaseId });
    if (last.kind === 'failed') {
      // An owner whom the bank wants to see has nothing to count.
      const declines = after.declines;
      news.push({ ...wallet, kind: 'failed', purchaseId, reason: reason ?? '', declines });
    }
  }
  const isBackoff = last?.kind === 'failed' && pause?.at === last.at;
  if (pause && !isBackoff && pause.at !== before?.pause?.at) {
    const { reason, until } = pause;
    news.push({ ...wallet, kind: 'refused', reason, until });
  }
  if (stop && stop.purchaseId !== before?.stop?.purchaseId) {
    news.push({ ...wallet, kind: stop.kind, purchaseId: stop.purchaseId });
  }
  return news;
}
