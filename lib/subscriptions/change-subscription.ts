import { unreachable } from '#lib/invariant';
import { ContentionError, type LedgerStore } from '#lib/ports';
import { ensureCustomer } from '#lib/purchases/provider-customer';
import { type ProviderRefusal, providerRefusal } from '#lib/purchases/provider-refusal';
import { type RedirectUrls, refusedUrl, type UrlRefusal } from '#lib/purchases/redirect-urls';
import { type KeyedRequest, requestAbout } from '#lib/requests/request-record';
import { decideChange, type Wish, type WishRefusal } from '#lib/subscriptions/decide-change';
import { askProvider, keepAnswer } from '#lib/subscriptions/provider-truth';
import { readSubscription, type SubscriptionView } from '#lib/subscriptions/read-subscription';
import { endPlanCredits } from '#lib/subscriptions/end-plan-credits';
import type { SubscriptionProvider } from '#lib/subscriptions/subscription-provider';
import {
  type Decided,
  isRepeatable,
  type OpenedPage,
  type SubscriptionRequest,
  subscriptionRequestRef,
} from '#lib/subscriptions/subscription-request';

export interface ChangeDependencies {
  readonly ledger: Pick<LedgerStore, 'load' | 'loadHead' | 'run' | 'write'>;
  readonly provider: SubscriptionProvider;
  /** Origins that a subscriber may be sent back to. */
  readonly redirectOrigins: ReadonlySet<string>;
}

export interface ChangeInput {
  readonly userId: string;
  readonly wish: Wish;
  /** Where a first subscription's page leads back to; whoever has one already needs none. */
  readonly urls: RedirectUrls | null;
  readonly request: KeyedRequest;
  readonly actor: string;
  readonly now: string;
}

export type ChangeRefusal =
  | WishRefusal
  | UrlRefusal
  | ProviderRefusal
  | { readonly code: 'IDEMPOTENCY_KEY_REUSED' | 'PAYMENT_DECLINED' | 'urls_missing' }
  /** Another subscription of the user runs: a person has to look at it. */
  | { readonly code: 'CONFLICT'; readonly detail: string };

export type ChangeOutcome =
  | { readonly kind: 'page'; readonly page: OpenedPage; readonly replayed: boolean }
  | { readonly kind: 'changed'; readonly view: SubscriptionView; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: ChangeRefusal };

type Refused = Extract<ChangeOutcome, { readonly kind: 'refused' }>;

const RACES_MAX = 5;

/**
 * Does what somebody wishes of a subscription (DESIGN 5). The provider is asked first how it stands, because its truth
 * wins, and afterwards what has become of it; credits come with the invoice that was paid, never from here. A request
 * with an Idempotency-Key is stored before it asks for anything, and sent again asks for the very same.
 */
export async function changeSubscription(
  deps: ChangeDependencies,
  asked: ChangeInput,
): Promise<ChangeOutcome> {
  const input = { ...asked, request: requestAbout(asked.userId, asked.request) };
  const forbidden = input.urls && refusedUrl(deps.redirectOrigins, input.urls);
  if (forbidden) return refused(forbidden);
  for (let race = 0; race < RACES_MAX; race += 1) {
    const stored = await storedRequest(deps, input.request);
    const known = stored?.value ?? null;
    if (known && known.fingerprint !== input.request.fingerprint) {
      return refused({ code: 'IDEMPOTENCY_KEY_REUSED' });
    }
    if (known && known.doneAt !== null) return replay(deps, input, known);
    const isRepeated = known !== null;
    if (known && isRepeatable(known, input.now)) {
      return perform(deps, input, { decided: known.decided, isRepeated });
    }
    const decided = await decide(deps, input);
    if (decided.kind === 'refused') return decided;
    const isKept = await keepRequest(deps, input, {
      value: { decided, doneAt: null, page: null },
      version: stored?.version ?? null,
    });
    if (isKept) return perform(deps, input, { decided, isRepeated });
  }
  throw new ContentionError('a request was sent again each time that it was looked at');
}

async function decide(
  { ledger, provider }: ChangeDependencies,
  { now, urls, userId, wish }: ChangeInput,
): Promise<Decided | Refused> {
  const truth = await askProvider({ ledger, provider }, { userId, now });
  if (!truth.ok) return refused(truth.refusal);
  const decision = decideChange(truth.subscription, wish, truth.tiers);
  if (!decision.ok) return refused(decision.refusal);
  const { decided } = decision;
  return decided.kind === 'page' && !urls ? refused({ code: 'urls_missing' }) : decided;
}

async function perform(
  deps: ChangeDependencies,
  input: ChangeInput,
  { decided, isRepeated }: { readonly decided: Decided; readonly isRepeated: boolean },
): Promise<ChangeOutcome> {
  switch (decided.kind) {
    case 'page':
      return openPage(deps, input, decided);
    case 'change':
      return change(deps, input, { decided, isRepeated });
    default:
      return unreachable(decided);
  }
}

async function openPage(
  deps: ChangeDependencies,
  input: ChangeInput,
  decided: Extract<Decided, { readonly kind: 'page' }>,
): Promise<ChangeOutcome> {
  const { ledger, provider } = deps;
  const { now, request, urls, userId } = input;
  if (!urls) return refused({ code: 'urls_missing' });
  const open = provider.openCustomer;
  const customer = await ensureCustomer(ledger, { userId, provider: 'stripe', now, open });
  if (customer.kind !== 'made') return refused(providerRefusal(customer));
  const { customerRef } = customer;
  const { priceId } = decided;
  const { cause } = request;
  const answer = await provider.openPage({ ...urls, userId, customerRef, priceId, cause });
  if (answer.kind !== 'opened') return refused(providerRefusal(answer));
  const page = { sessionId: answer.sessionId, url: answer.url };
  await finishRequest(deps, input, { decided, page });
  return { kind: 'page', page, replayed: false };
}

async function change(
  deps: ChangeDependencies,
  input: ChangeInput,
  {
    decided,
    isRepeated,
  }: {
    readonly decided: Extract<Decided, { readonly kind: 'change' }>;
    readonly isRepeated: boolean;
  },
): Promise<ChangeOutcome> {
  const { ledger, provider } = deps;
  const { actor, now, request, userId } = input;
  const { act, subscriptionId } = decided;
  const done = await provider.change({ subscriptionId, act, cause: request.cause });
  // Asked again under a key, Stripe gives its first answer again, which may be older than what we know
  // (docs.stripe.com/api/idempotent_requests).
  const isOld = isRepeated && done.kind === 'told';
  const answer = isOld ? await provider.find(subscriptionId) : done;
  if (answer.kind === 'declined') return refused({ code: 'PAYMENT_DECLINED' });
  if (answer.kind === 'absent') {
    return refused({
      code: 'PAYMENT_PROVIDER_FAILED',
      detail: `no subscription ${subscriptionId}`,
    });
  }
  if (answer.kind !== 'told') return refused(providerRefusal(answer));
  const kept = await keepAnswer(ledger, { told: answer.told, userId, now });
  if (!kept.ok) return refused(kept.refusal);
  // What was not paid out in use ends with the plan; a period that ends by itself lets its credits expire.
  if (act.kind === 'end_now') await endPlanCredits(ledger, { userId, command: { now, actor } });
  await finishRequest(deps, input, { decided, page: null });
  return {
    kind: 'changed',
    view: await readSubscription(ledger, { userId, now }),
    replayed: false,
  };
}

async function replay(
  { ledger }: ChangeDependencies,
  { now, userId }: ChangeInput,
  { page }: SubscriptionRequest,
): Promise<ChangeOutcome> {
  if (page) return { kind: 'page', page, replayed: true };
  return { kind: 'changed', view: await readSubscription(ledger, { userId, now }), replayed: true };
}

async function storedRequest(
  { ledger }: Pick<ChangeDependencies, 'ledger'>,
  request: KeyedRequest,
) {
  const ref = subscriptionRequestRef(request);
  return ref && (await ledger.load([ref]))('subscriptionRequest', ref.id);
}

async function keepRequest(
  { ledger }: Pick<ChangeDependencies, 'ledger'>,
  { now, request }: ChangeInput,
  kept: {
    readonly value: Omit<SubscriptionRequest, 'at' | 'fingerprint'>;
    readonly version: number | null;
  },
): Promise<boolean> {
  const ref = subscriptionRequestRef(request);
  if (!ref || request.fingerprint === null) return true;
  const value = { ...kept.value, fingerprint: request.fingerprint, at: now };
  return ledger.write([{ ...ref, value, version: kept.version }]);
}

/** Where somebody else has finished the same request, theirs stands. */
async function finishRequest(
  deps: Pick<ChangeDependencies, 'ledger'>,
  input: ChangeInput,
  done: Pick<SubscriptionRequest, 'decided' | 'page'>,
): Promise<void> {
  const stored = await storedRequest(deps, input.request);
  if (!stored || stored.value.doneAt !== null) return;
  const { version } = stored;
  await keepRequest(deps, input, { value: { ...done, doneAt: input.now }, version });
}

function refused(refusal: ChangeRefusal): Refused {
  return { kind: 'refused', refusal };
}
