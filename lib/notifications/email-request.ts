import * as z from 'zod';
import { alertsOf, type WalletAlerts } from '#lib/alerts/wallet-alerts';
import type { TableChange } from '#lib/ports';
import type { Purchase } from '#lib/purchases/purchase';
import { statusOf } from '#lib/purchases/purchase-status';
import type { Subscription } from '#lib/subscriptions/subscription';
import {
  type ChangeOfSubscription,
  type SubscriptionChange,
  subscriptionNews,
} from '#lib/subscriptions/subscription-news';
import type { TopUp } from '#lib/topups/top-up';

export const EMAIL_KINDS = [
  'purchase_receipt',
  'payment_failed',
  'refund_done',
  'dispute_inquiry',
  'dispute_notice',
  'balance_low',
  'credits_expiring',
  'topup_suspended',
  'topup_action_required',
  'subscription_started',
  'subscription_changed',
  'subscription_ending',
  'subscription_ended',
  'subscription_payment_failed',
] as const;
export type EmailKind = (typeof EMAIL_KINDS)[number];

/**
 * That somebody is to be told something. It names what the mail is about and nothing of what it says: content and
 * address are looked up when it is sent, so a message cannot say anything, or reach anyone, that the table does not.
 */
export interface EmailRequest {
  readonly kind: EmailKind;
  readonly userId: string;
  /** What its content is looked up from: a purchase id, the credit type of a wallet, or a provider's subscription. */
  readonly about: string;
  /**
   * What it is sent once for: the purchase itself, the provider's id of a refund or dispute, the crossing of a
   * threshold, a grant, the purchase that a top-up has stopped with, the provider's invoice, or a subscription with
   * what became of it.
   */
  readonly subjectId: string;
}

const messageSchema = z.strictObject({
  kind: z.enum(EMAIL_KINDS),
  user_id: z.string(),
  about: z.string(),
  subject_id: z.string(),
});

/** What people are told about a change of the table: what is to be told of its new state and was not of the old one. */
export function emailRequestsOf(change: TableChange): readonly EmailRequest[] {
  switch (change.kind) {
    case 'purchase_changed':
      return requestsOfPurchase(change);
    case 'alerts_changed':
      return requestsOfAlerts(change);
    case 'top_up_changed':
      return requestsOfTopUp(change);
    case 'subscription_changed':
      return requestsOfSubscription(change);
    case 'entry_created':
    case 'wallet_changed':
    case 'other':
      return [];
  }
}

function requestsOfPurchase(change: {
  readonly before: Purchase | null;
  readonly after: Purchase;
}): readonly EmailRequest[] {
  const { before, after } = change;
  const told = new Set(before ? requestsOf(before).map(toMessage) : []);
  return requestsOf(after).filter((request) => !told.has(toMessage(request)));
}

/**
 * A recovery is an event and no mail: whoever bought has a receipt. Grants that are told of at one time share a mail,
 * named for the first of them.
 */
function requestsOfAlerts(change: {
  readonly before: WalletAlerts | null;
  readonly after: WalletAlerts;
}): readonly EmailRequest[] {
  const { userId, creditType } = change.after;
  const about = { userId, about: creditType };
  const alerts = alertsOf(change.before, change.after);
  const low = alerts.filter(({ kind }) => kind === 'low');
  const [expiring] = alerts.flatMap((alert) => (alert.kind === 'expiring' ? [alert.grant] : []));
  return [
    ...low.map(({ alerts: { seq } }): EmailRequest => ({
      kind: 'balance_low',
      ...about,
      subjectId: lowSubjectId({ creditType, seq }),
    })),
    ...(expiring
      ? [{ kind: 'credits_expiring', ...about, subjectId: expiring.grantId } as const]
      : []),
  ];
}

/** That a top-up has stopped, once for the purchase that did it. */
function requestsOfTopUp(change: {
  readonly before: TopUp | null;
  readonly after: TopUp;
}): readonly EmailRequest[] {
  const { creditType: about, stop, userId } = change.after;
  if (!stop || change.before?.stop?.purchaseId === stop.purchaseId) return [];
  const kind = stop.kind === 'suspended' ? 'topup_suspended' : 'topup_action_required';
  return [{ kind, userId, about, subjectId: stop.purchaseId }];
}

/**
 * What a subscriber hears of us: that it began, what it became, and that money is missing. A renewal that goes well is
 * what was agreed, and the provider's own receipt tells of it; what is scheduled for the end of the period is told when
 * it is an end.
 */
function requestsOfSubscription(change: ChangeOfSubscription): readonly EmailRequest[] {
  const { after } = change;
  const about = after.provider?.subscriptionId ?? '';
  const { userId } = after;
  return subscriptionNews(change).flatMap((news): EmailRequest[] => {
    if (news.kind === 'payment_failed') {
      const subjectId = news.invoice.invoiceId;
      return [{ kind: 'subscription_payment_failed', userId, about, subjectId }];
    }
    const kind = SUBSCRIPTION_KINDS[news.kind];
    return kind ? [{ kind, userId, about, subjectId: subscriptionSubjectId(kind, after) }] : [];
  });
}

const SUBSCRIPTION_KINDS: Readonly<Partial<Record<SubscriptionChange, EmailKind>>> = {
  started: 'subscription_started',
  changed: 'subscription_changed',
  ending: 'subscription_ending',
  ended: 'subscription_ended',
};

/** It begins and ends once; in a period it becomes each tier once, and is going to end once. */
export function subscriptionSubjectId(
  kind: EmailKind,
  { currentPeriodEnd, provider, tier }: Subscription,
): string {
  const id = provider?.subscriptionId ?? '';
  const period = Date.parse(currentPeriodEnd) / 1000;
  switch (kind) {
    case 'subscription_changed':
      return `${id}-${tier}-${period}`;
    case 'subscription_ending':
      return `${id}-${period}`;
    default:
      return id;
  }
}

/** Names one crossing of a threshold. */
export function lowSubjectId(at: { readonly creditType: string; readonly seq: number }): string {
  return `${at.creditType}-${at.seq}`;
}

/** Everything that is to be told about a purchase as it is. */
function requestsOf(purchase: Purchase): readonly EmailRequest[] {
  const about = { userId: purchase.userId, about: purchase.id };
  const ofPurchase = (kind: EmailKind): EmailRequest => ({
    kind,
    ...about,
    subjectId: purchase.id,
  });
  // A declined card is the page's to tell, which takes another one; this is told once nothing can come any more.
  // An automatic top-up tries again, and says when it stops.
  if (statusOf(purchase) === 'failed') {
    return purchase.origin === 'auto_topup' ? [] : [ofPurchase('payment_failed')];
  }
  // A refund or dispute that we hear of before its payment is told when that has come.
  if (purchase.payments.length === 0) return [];
  const refunds = purchase.refunds.filter(({ state }) => state === 'succeeded');
  return [
    ofPurchase('purchase_receipt'),
    ...refunds.map(({ id }) => ({ kind: 'refund_done', ...about, subjectId: id }) as const),
    ...purchase.disputes.flatMap(({ id, state }) => {
      const kind = DISPUTE_KINDS[state];
      return kind === null ? [] : [{ kind, ...about, subjectId: id }];
    }),
  ];
}

/** An inquiry that becomes a dispute is told again: the money is gone now, and another deadline runs. */
const DISPUTE_KINDS = {
  inquiry: 'dispute_inquiry',
  open: 'dispute_notice',
  lost: 'dispute_notice',
  // There is nothing left to do about it.
  won: null,
} as const satisfies Record<Purchase['disputes'][number]['state'], EmailKind | null>;

/** The queue message of a request. */
export function toMessage({ kind, userId, about, subjectId }: EmailRequest): string {
  return JSON.stringify({ kind, user_id: userId, about, subject_id: subjectId });
}

/** Reads a queue message. Anything else in that queue is a mistake of ours: it throws, and the message is kept. */
export function parseMessage(message: string): EmailRequest {
  const { kind, user_id, about, subject_id } = messageSchema.parse(JSON.parse(message));
  return { kind, userId: user_id, about, subjectId: subject_id };
}
