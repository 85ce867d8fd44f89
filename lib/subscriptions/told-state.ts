import type { ToldSubscription } from '#lib/payments/subscription-event';
import type { ProviderState } from '#lib/subscriptions/provider-state';
import { compareTiers, isTier, type Tier, tierBilled, type Tiers } from '#lib/subscriptions/tiers';

/** It bills something that is no tier of ours, or more than one. */
export interface UnknownPrice {
  readonly ok: false;
  readonly reason: 'UNKNOWN_PRICE';
  readonly detail: string;
}

/** What a provider tells, as the state of a user's subscription: the tier follows from the price that it bills. */
export function stateOfTold(
  told: ToldSubscription,
  of: { readonly userId: string; readonly tiers: Tiers; readonly at: string },
): { readonly ok: true; readonly state: ProviderState } | UnknownPrice {
  const { tiers, userId } = of;
  // As providers tell times: what we ask is never taken for newer than an event of that second.
  const at = new Date(Math.floor(Date.parse(of.at) / 1000) * 1000).toISOString();
  const { currency, customerId, lines, subscriptionId, ...said } = told;
  const ours = lines.flatMap((line) => {
    const tier = tierBilled(tiers, { priceId: line.priceId, currency });
    return tier === null ? [] : [{ ...line, tier }];
  });
  const [line, another] = ours;
  if (!line || another) {
    const prices = lines.map(({ priceId }) => priceId).join(', ');
    const detail = `${subscriptionId} bills ${prices} in ${currency}: ${ours.length} prices of tiers, not one`;
    return { ok: false, reason: 'UNKNOWN_PRICE', detail };
  }
  const { end, itemId, priceId, start, tier } = line;
  const paid = paidTier(told, line);
  return {
    ok: true,
    state: {
      userId,
      provider: { name: 'stripe', subscriptionId, customerId, itemId, priceId, currency },
      tier: paid ?? tier,
      pendingChange: paid && { tier, at: end },
      status: said.status,
      anchor: said.anchor,
      currentPeriodStart: start,
      currentPeriodEnd: end,
      cancelAtPeriodEnd: said.cancelAtPeriodEnd,
      cancelReason: said.cancelReason,
      // What ended without a word of when has ended by the time that we hear of it.
      endedAt: said.status === 'CANCELED' ? (said.endedAt ?? at) : said.endedAt,
      at,
    },
  };
}

/**
 * The tier of the running period where a downgrade waits for its end: its price is billed from the next one on. What
 * stands there from another period, or of a tier that is no more than what is billed, says nothing.
 */
function paidTier(
  { paidFor }: ToldSubscription,
  billed: { readonly tier: Tier; readonly end: string },
): Tier | null {
  if (paidFor?.until !== billed.end || !isTier(paidFor.tier)) return null;
  return compareTiers(billed.tier, paidFor.tier) > 0 ? paidFor.tier : null;
}
