import type { BusEvent } from '#lib/messaging/event-bus';
import { type Alert, alertsOf } from '#lib/alerts/wallet-alerts';
import type { EventName, eventSchemas } from '#lib/contract/events';
import type { Wire } from '#lib/http/endpoint';
import { toCurrency, toPurchase } from '#lib/http/purchase-resource';
import { toReason } from '#lib/http/top-up-resource';
import { toCreditType, toTransaction } from '#lib/http/wallet-resource';
import { invariant } from '#lib/invariant';
import type { Entry } from '#lib/ledger/entry';
import type { TableChange } from '#lib/ports';
import { becamePaid, statusOf } from '#lib/purchases/purchase-status';
import {
  type ChangeOfSubscription,
  type SubscriptionNews,
  subscriptionNews,
} from '#lib/subscriptions/subscription-news';
import { type TopUpNews, topUpNews } from '#lib/topups/top-up-news';

type Detail<N extends EventName> = Wire<(typeof eventSchemas)[N]>;
type PurchaseChange = Extract<TableChange, { readonly kind: 'purchase_changed' }>;
type PurchaseEvent = Extract<EventName, `credits.purchase.${string}`>;

/** Beside every detail; which fields a version has is in `lib/contract/events.ts`. */
const VERSIONED = { schema_version: 1 } as const;

/**
 * What a change of the table means to the world outside (DESIGN 7). An event may come more than once and out of order:
 * type and `transaction_id`, `purchase_id` or `subscription_id` with its period tell the same one.
 */
export function factsOf(change: TableChange, at: Date): readonly BusEvent[] {
  switch (change.kind) {
    case 'entry_created':
      return [
        told('credits.entry.created', at, {
          ...VERSIONED,
          transaction: toTransaction(change.entry),
        }),
        ...holdFacts(change.entry, at),
      ];
    case 'purchase_changed': {
      const detail = {
        ...VERSIONED,
        purchase: toPurchase(change.after),
        previous_status: change.before && statusOf(change.before),
      };
      return namesOf(change).map((name) => told(name, at, detail));
    }
    case 'alerts_changed':
      return alertsOf(change.before, change.after).map((alert) => alertFact(alert, at));
    case 'top_up_changed':
      return topUpNews(change).map((news) => topUpFact(news, at));
    case 'subscription_changed':
      return subscriptionNews(change).map((news) => subscriptionFact(news, change, at));
    // A wallet is told by its entries.
    case 'wallet_changed':
    case 'other':
      return [];
  }
}

/** TypeScript holds each detail to the schema of its name. */
function told<N extends EventName>(type: N, at: Date, detail: Detail<N>): BusEvent {
  return { type, at, detail };
}

/** What an entry did to a hold. */
function holdFacts(entry: Entry, at: Date): readonly BusEvent[] {
  if (!entry.hold) return [];
  const { id, action, expiresAt } = entry.hold;
  const held = entry.draws.reduce((sum, draw) => sum + draw.held, 0);
  return [
    told(`credits.hold.${action}`, at, {
      ...VERSIONED,
      hold_id: id,
      user_id: entry.userId,
      credit_type: toCreditType(entry.creditType),
      amount: Math.abs(held),
      expires_at: expiresAt,
      transaction_id: entry.id,
      seq: entry.seq,
    }),
  ];
}

function alertFact(alert: Alert, at: Date): BusEvent {
  const { userId, creditType, available, limit, seq } = alert.alerts;
  const wallet = { ...VERSIONED, user_id: userId, credit_type: toCreditType(creditType) };
  if (alert.kind !== 'expiring') {
    return told(`credits.balance.${alert.kind}`, at, {
      ...wallet,
      available,
      threshold: limit,
      seq,
    });
  }
  const { grantId, amount, expiresAt } = alert.grant;
  return told('credits.grant.expiring', at, {
    ...wallet,
    grant_id: grantId,
    amount,
    expires_at: expiresAt,
  });
}

function topUpFact(news: TopUpNews, at: Date): BusEvent {
  const wallet = {
    ...VERSIONED,
    user_id: news.userId,
    credit_type: toCreditType(news.creditType),
  };
  switch (news.kind) {
    case 'started': {
      const { amountMinor: amount, credits, currency, purchaseId: purchase_id } = news.attempt;
      return told('credits.topup.started', at, {
        ...wallet,
        purchase_id,
        credits,
        amount,
        currency: toCurrency(currency),
      });
    }
    case 'failed':
      return told('credits.topup.failed', at, {
        ...wallet,
        purchase_id: news.purchaseId,
        reason: toReason(news.reason),
        declines: news.declines,
      });
    case 'refused':
      return told('credits.topup.refused', at, {
        ...wallet,
        reason: toReason(news.reason),
        until: news.until,
      });
    case 'succeeded':
    case 'suspended':
    case 'action_required':
      return told(`credits.topup.${news.kind}`, at, { ...wallet, purchase_id: news.purchaseId });
  }
}

function subscriptionFact(
  news: SubscriptionNews,
  { after, before }: ChangeOfSubscription,
  at: Date,
): BusEvent {
  const { provider } = after;
  invariant(provider, 'only what is subscribed to is told of');
  const named = {
    ...VERSIONED,
    user_id: after.userId,
    subscription_id: provider.subscriptionId,
    tier: after.tier,
    status: after.status,
  };
  if (news.kind === 'payment_failed') {
    const { amountMinor: amount, currency, invoiceId, nextAttemptAt } = news.invoice;
    return told('credits.subscription.payment_failed', at, {
      ...named,
      invoice_id: invoiceId,
      amount,
      currency: toCurrency(currency),
      next_attempt_at: nextAttemptAt,
    });
  }
  const isSame = before?.provider?.subscriptionId === provider.subscriptionId;
  return told(`credits.subscription.${news.kind}`, at, {
    ...named,
    previous_tier: isSame ? before.tier : null,
    current_period_start: after.currentPeriodStart,
    current_period_end: after.currentPeriodEnd,
    cancel_at_period_end: after.cancelAtPeriodEnd,
    cancel_reason: after.cancelReason,
    pending_change: after.pendingChange,
    past_due_since: after.pastDueSince,
    ended_at: after.endedAt,
  });
}

/** A purchase says `paid` once, when its money arrives, even if a refund was known before it; then what follows. */
function namesOf(change: PurchaseChange): readonly PurchaseEvent[] {
  const status = statusOf(change.after);
  const arrived: readonly PurchaseEvent[] = becamePaid(change) ? ['credits.purchase.paid'] : [];
  if (change.before && statusOf(change.before) === status) return arrived;
  switch (status) {
    // It has only just begun: nothing has happened to it yet.
    case 'pending':
      return arrived;
    // A refund that failed, or a dispute won, makes it paid again.
    case 'paid':
      return arrived.length > 0 ? arrived : ['credits.purchase.restored'];
    case 'failed':
    case 'expired':
    case 'partially_refunded':
    case 'refunded':
    case 'disputed':
      return [...arrived, `credits.purchase.${status}`];
  }
}
