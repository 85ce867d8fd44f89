import { unreachable } from '#lib/invariant';
import type { ToldSubscription } from '#lib/payments/subscription-event';
import type { LedgerStore } from '#lib/ports';
import { customerRef } from '#lib/purchases/provider-customer';
import { type ProviderRefusal, providerRefusal } from '#lib/purchases/provider-refusal';
import { settingOf } from '#lib/settings/settings';
import { runningOf } from '#lib/subscriptions/decide-change';
import { recordProviderState } from '#lib/subscriptions/provider-state';
import type { Subscription } from '#lib/subscriptions/subscription';
import type {
  SubscriptionAnswer,
  SubscriptionProvider,
} from '#lib/subscriptions/subscription-provider';
import type { Tiers } from '#lib/subscriptions/tiers';
import { stateOfTold } from '#lib/subscriptions/told-state';

export type TruthRefusal = ProviderRefusal | { readonly code: 'CONFLICT'; readonly detail: string };

export type Truth =
  | { readonly ok: true; readonly subscription: Subscription | null; readonly tiers: Tiers }
  | { readonly ok: false; readonly refusal: TruthRefusal };

type Store = Pick<LedgerStore, 'load' | 'write'>;

const TIERS = { key: 'tiers' } as const;

/**
 * How a user's subscription stands at the provider, written down before anything is made of it: an event that says it
 * may still be on its way. Who has never been the provider's customer has none, and nobody is asked.
 */
export async function askProvider(
  { ledger, provider }: { readonly ledger: Store; readonly provider: SubscriptionProvider },
  { now, userId }: { readonly userId: string; readonly now: string },
): Promise<Truth> {
  const customer = customerRef({ userId, provider: 'stripe' });
  const read = await ledger.load([
    { record: 'subscription', id: { userId } },
    { record: 'setting', id: TIERS },
    customer,
  ]);
  const tiers = settingOf('tiers', read('setting', TIERS));
  const standing = read('subscription', { userId })?.value ?? null;
  const running = runningOf(standing);
  const ref =
    running?.provider.customerId ?? read('providerCustomer', customer.id)?.value.customerRef;
  if (ref === undefined) return { ok: true, subscription: standing, tiers };
  const found = await provider.findRunning(ref);
  const isOurs =
    found.kind === 'told' && found.told.subscriptionId === running?.provider.subscriptionId;
  let subscription = standing;
  if (running && !isOurs) {
    // It has ended, then: how, it says itself.
    const { subscriptionId } = running.provider;
    const kept = await keepTold(ledger, await provider.find(subscriptionId), { userId, now });
    if (!kept.ok) return kept;
    subscription = kept.subscription;
    if (runningOf(subscription)) return { ok: true, subscription, tiers };
  }
  if (found.kind === 'absent') return { ok: true, subscription, tiers };
  const kept = await keepTold(ledger, found, { userId, now });
  return kept.ok ? { ...kept, tiers } : kept;
}

/** Writes down what the provider has answered, and tells how the subscription stands then. */
export async function keepAnswer(
  ledger: Store,
  {
    now,
    told,
    userId,
  }: {
    readonly told: ToldSubscription;
    readonly userId: string;
    readonly now: string;
  },
): Promise<
  | { readonly ok: true; readonly subscription: Subscription | null }
  | { readonly ok: false; readonly refusal: TruthRefusal }
> {
  const id = { userId };
  const read = await ledger.load([{ record: 'setting', id: TIERS }]);
  const tiers = settingOf('tiers', read('setting', TIERS));
  const made = stateOfTold(told, { userId, tiers, at: now });
  if (!made.ok) {
    return { ok: false, refusal: { code: 'PAYMENT_PROVIDER_FAILED', detail: made.detail } };
  }
  const { state } = made;
  const change = await recordProviderState(ledger, { state, now, authoritative: true });
  if (change.kind === 'applied') return { ok: true, subscription: change.subscription };
  if (change.kind === 'conflict') {
    const { subscriptionId } = change;
    const detail = `${subscriptionId} runs beside ${told.subscriptionId}`;
    return { ok: false, refusal: { code: 'CONFLICT', detail } };
  }
  // An event that came in between has told newer things.
  const newer = (await ledger.load([{ record: 'subscription', id }]))('subscription', id);
  return { ok: true, subscription: newer?.value ?? null };
}

async function keepTold(
  ledger: Store,
  answer: SubscriptionAnswer,
  of: { readonly userId: string; readonly now: string },
): ReturnType<typeof keepAnswer> {
  switch (answer.kind) {
    case 'told':
      return keepAnswer(ledger, { ...of, told: answer.told });
    case 'unknown':
      return { ok: false, refusal: providerRefusal(answer) };
    case 'absent': {
      const refusal = { kind: 'refused', detail: 'no such subscription' } as const;
      return { ok: false, refusal: providerRefusal(refusal) };
    }
    case 'declined':
    case 'refused':
      return { ok: false, refusal: providerRefusal({ kind: 'refused', detail: answer.detail }) };
    default:
      return unreachable(answer);
  }
}
