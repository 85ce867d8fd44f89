import { advance } from '#lib/ledger/advance';
import { availableOf, type WalletRef } from '#lib/ledger/wallet';
import { ContentionError, type LedgerStore, type Reader, type RecordRef } from '#lib/ports';
import {
  type KeyedRequest,
  requestAbout,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';
import { attemptRefs, capsOf, refusedTerms, resumed } from '#lib/topups/attempt';
import { noTopUp, type TopUp, type TopUpReason, type TopUpTerms } from '#lib/topups/top-up';

type Store = Pick<LedgerStore, 'load' | 'loadHead' | 'write'>;

/** A top-up with what is available in its wallet. */
export interface TopUpView {
  readonly topUp: TopUp;
  readonly available: number;
}

export type TopUpRefusal =
  | { readonly code: 'terms_missing' | 'target_too_low' }
  | { readonly code: 'not_buyable'; readonly reason: TopUpReason; readonly currency: string }
  | {
      readonly code: 'above_limit';
      readonly field: 'max_per_month' | 'max_amount_per_month';
      readonly limit: number;
    };

export type TopUpOutcome =
  | { readonly kind: 'done' | 'replayed'; readonly view: TopUpView }
  | { readonly kind: 'reused' }
  | { readonly kind: 'refused'; readonly refusal: TopUpRefusal };

const RACES_MAX = 10;

/** What a wallet's top-up wants and does. */
export async function readTopUp(
  store: Pick<LedgerStore, 'load' | 'loadHead'>,
  about: { readonly wallet: WalletRef; readonly now: string },
): Promise<TopUpView> {
  const { now, wallet } = about;
  const [read, head] = await Promise.all([store.load([topUpRef(wallet)]), store.loadHead(wallet)]);
  const topUp = read('topUp', wallet)?.value ?? noTopUp(wallet);
  return { topUp, available: availableOf(advance(head, now).head) };
}

/**
 * Turns a wallet's top-up on or off, and says what to buy when. What is left out stays as it was. Terms that cannot be
 * bought are refused now, while their owner is there to hear it.
 */
export async function putTopUp(
  store: Store,
  input: {
    readonly wallet: WalletRef;
    readonly enabled: boolean;
    readonly change: Partial<TopUpTerms>;
    readonly request: KeyedRequest;
    readonly now: string;
  },
): Promise<TopUpOutcome> {
  const { change, enabled, wallet } = input;
  return changeTopUp(store, input, async (topUp) => {
    const terms = mergeTerms(topUp.terms, change);
    const isChanged = Object.keys(change).length > 0;
    if (terms === null && (enabled || isChanged)) return refuse({ code: 'terms_missing' });
    if (terms && (enabled || isChanged)) {
      const wanting = { terms, creditType: wallet.creditType };
      const refusal = refusalOf(wanting, await store.load(attemptRefs(terms)));
      if (refusal) return refuse(refusal);
    }
    // New terms are a new start: what could not be bought before perhaps can be now. A decline stays one.
    const pause = topUp.declines > 0 ? topUp.pause : null;
    const checkAt = topUp.attempt ? topUp.checkAt : (pause?.until ?? null);
    return { ok: true, topUp: { ...topUp, ...wallet, enabled, terms, pause, checkAt } };
  });
}

/** The owner lets a top-up that has stopped, or waits after a decline, try again. */
export async function resumeTopUp(
  store: Store,
  input: { readonly wallet: WalletRef; readonly request: KeyedRequest; readonly now: string },
): Promise<TopUpOutcome> {
  return changeTopUp(store, input, async (topUp) => ({
    ok: true,
    topUp: { ...resumed(topUp), checkAt: topUp.attempt ? topUp.checkAt : null },
  }));
}

export function topUpRef(wallet: WalletRef) {
  const { creditType, userId } = wallet;
  return { record: 'topUp', id: { userId, creditType } } as const;
}

type Change =
  | { readonly ok: true; readonly topUp: TopUp }
  | { readonly ok: false; readonly refusal: TopUpRefusal };

async function changeTopUp(
  store: Store,
  input: { readonly wallet: WalletRef; readonly request: KeyedRequest; readonly now: string },
  change: (topUp: TopUp) => Promise<Change>,
): Promise<TopUpOutcome> {
  const { now, wallet } = input;
  const request = requestAbout(wallet.userId, input.request);
  const ref = topUpRef(wallet);
  const refs: readonly RecordRef[] = [ref, ...requestRefs(request)];
  for (let race = 0; race < RACES_MAX; race += 1) {
    const read = await store.load(refs);
    const keyed = requestOf(read, request);
    if (keyed && !keyed.isSame) return { kind: 'reused' };
    if (keyed) return { kind: 'replayed', view: await readTopUp(store, { wallet, now }) };
    const stored = read('topUp', ref.id);
    const changed = await change(stored?.value ?? noTopUp(wallet));
    if (!changed.ok) return { kind: 'refused', refusal: changed.refusal };
    // Its owner has been here: that alone is a reason to look at the wallet.
    const value: TopUp = { ...changed.topUp, asked: (stored?.value.asked ?? 0) + 1 };
    const isWritten = await store.write([
      { ...ref, value, version: stored?.version ?? null },
      ...requestWrites(request, now),
    ]);
    if (isWritten) return { kind: 'done', view: await readTopUp(store, { wallet, now }) };
  }
  throw new ContentionError('the top-up of a wallet changed each time');
}

/** Null where not everything is said. */
function mergeTerms(known: TopUpTerms | null, change: Partial<TopUpTerms>): TopUpTerms | null {
  const { amountMinorMax, countMax, currency, fill, threshold } = { ...known, ...change };
  if (amountMinorMax === undefined || countMax === undefined) return null;
  if (currency === undefined || fill === undefined || threshold === undefined) return null;
  return { amountMinorMax, countMax, currency, fill, threshold };
}

function refusalOf(
  wanting: { readonly terms: TopUpTerms; readonly creditType: string },
  read: Reader,
): TopUpRefusal | null {
  const { terms } = wanting;
  if (terms.fill.kind === 'target' && terms.fill.credits <= terms.threshold) {
    return { code: 'target_too_low' };
  }
  const reason = refusedTerms(wanting, read);
  if (reason !== null) return { code: 'not_buyable', reason, currency: terms.currency };
  const { amountMinorMax, countMax } = capsOf(terms, read);
  if (terms.countMax > countMax) {
    return { code: 'above_limit', field: 'max_per_month', limit: countMax };
  }
  if (amountMinorMax !== null && terms.amountMinorMax > amountMinorMax) {
    return { code: 'above_limit', field: 'max_amount_per_month', limit: amountMinorMax };
  }
  return null;
}

function refuse(refusal: TopUpRefusal): Change {
  return { ok: false, refusal };
}
