import type { WalletRef } from '#lib/ledger/wallet';
import type { SavedCardEvent } from '#lib/payments/payment-event';
import { ContentionError, type LedgerStore } from '#lib/ports';
import { customerRef, ensureCustomer } from '#lib/purchases/provider-customer';
import { type ProviderRefusal, providerRefusal } from '#lib/purchases/provider-refusal';
import { refusedUrl, type UrlRefusal } from '#lib/purchases/redirect-urls';
import {
  type KeyedRequest,
  requestAbout,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';
import type { CardProvider } from '#lib/topups/card-provider';
import { topUpRef } from '#lib/topups/change-top-up';
import { noTopUp } from '#lib/topups/top-up';

export type SetupRefusal =
  { readonly code: 'IDEMPOTENCY_KEY_REUSED' } | UrlRefusal | ProviderRefusal;

export type SetupOutcome =
  | {
      readonly ok: true;
      readonly sessionId: string;
      readonly url: string;
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly refusal: SetupRefusal };

const RACES_MAX = 5;

/**
 * Opens a page of the provider on which a user saves a card for later; nothing is charged. The card comes back as an
 * event about a customer whom we have stored before.
 */
export async function setUpCard(
  deps: {
    readonly store: Pick<LedgerStore, 'load' | 'write'>;
    readonly cards: CardProvider;
    readonly redirectOrigins: ReadonlySet<string>;
  },
  input: {
    readonly wallet: WalletRef;
    readonly successUrl: string;
    readonly cancelUrl: string;
    readonly request: KeyedRequest;
    readonly now: string;
  },
): Promise<SetupOutcome> {
  const { cards, redirectOrigins, store } = deps;
  const { cancelUrl, now, successUrl, wallet } = input;
  const { creditType, userId } = wallet;
  const request = requestAbout(userId, input.request);
  const forbidden = refusedUrl(redirectOrigins, { successUrl, cancelUrl });
  if (forbidden) return refused(forbidden);
  const keyed = await takeKey(store, request, now);
  if (keyed === 'reused') return refused({ code: 'IDEMPOTENCY_KEY_REUSED' });
  const open = cards.openCustomer;
  const customer = await ensureCustomer(store, { userId, provider: 'stripe', now, open });
  if (customer.kind !== 'made') return refused(providerRefusal(customer));
  const answer = await cards.openSetup({
    userId,
    creditType,
    customerRef: customer.customerRef,
    successUrl,
    cancelUrl,
    cause: request.cause,
  });
  if (answer.kind !== 'opened') return refused(providerRefusal(answer));
  const { sessionId, url } = answer;
  return { ok: true, sessionId, url, replayed: keyed === 'known' };
}

/**
 * Keeps a card that a user has saved. Its event names the user, and counts only if it is about that user's own customer;
 * an older card does not replace a newer one, whichever is told of last.
 */
export async function saveCard(
  store: Pick<LedgerStore, 'load' | 'write'>,
  event: SavedCardEvent,
): Promise<'saved' | 'unchanged' | 'foreign'> {
  const { at, creditType, customerRef: customer, methodRef, provider, userId } = event;
  const ref = topUpRef({ userId, creditType });
  const owner = customerRef({ userId, provider });
  for (let race = 0; race < RACES_MAX; race += 1) {
    const read = await store.load([ref, owner]);
    if (read('providerCustomer', owner.id)?.value.customerRef !== customer) return 'foreign';
    const stored = read('topUp', ref.id);
    const topUp = stored?.value ?? noTopUp(ref.id);
    const isNews =
      topUp.card === null || (topUp.card.savedAt <= at && topUp.card.methodRef !== methodRef);
    if (!isNews) return 'unchanged';
    const card = { customerRef: customer, methodRef, savedAt: at };
    const value = { ...topUp, card, asked: topUp.asked + 1 };
    if (await store.write([{ ...ref, value, version: stored?.version ?? null }])) return 'saved';
  }
  throw new ContentionError('the top-up of a wallet changed each time');
}

async function takeKey(
  store: Pick<LedgerStore, 'load' | 'write'>,
  request: KeyedRequest,
  now: string,
): Promise<'new' | 'known' | 'reused'> {
  for (let race = 0; race < RACES_MAX; race += 1) {
    const keyed = requestOf(await store.load(requestRefs(request)), request);
    if (keyed) return keyed.isSame ? 'known' : 'reused';
    const [first, ...others] = requestWrites(request, now);
    if (!first || (await store.write([first, ...others]))) return 'new';
  }
  throw new ContentionError('an Idempotency-Key was taken each time');
}

function refused(refusal: SetupRefusal) {
  return { ok: false, refusal } as const;
}
