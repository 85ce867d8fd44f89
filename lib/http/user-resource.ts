import type { UserState } from '#lib/admin/read-user';
import type * as contract from '#lib/contract/user-view';
import type * as wire from '#lib/contract/wire';
import { toApplication } from '#lib/http/application-resource';
import type { Wire } from '#lib/http/endpoint';
import { toHold } from '#lib/http/hold-resource';
import { toPurchase } from '#lib/http/purchase-resource';
import { toTopUp } from '#lib/http/top-up-resource';
import { toBalanceAt, toCreditType, toTransaction } from '#lib/http/wallet-resource';
import type { WalletVerification } from '#lib/wallets/verify-wallets';

type View = Wire<typeof contract.userView>;

/** A user as support sees one at an instant. */
export function toUserView(user: UserState, now: string): View {
  const { account, verification } = user;
  const wallets = user.heads.map((head) => toBalanceAt(head, now));
  return {
    user_id: user.userId,
    account: account && {
      user_id: account.userId,
      email: account.email,
      created_at: account.createdAt,
    },
    wallets,
    open_holds: user.openHolds.map((hold) => toHold(hold, now)),
    transactions: user.entries.map(toTransaction),
    purchases: user.purchases.purchases.map(toPurchase),
    purchases_total: user.purchases.total,
    applications: user.applications.applications.map(toApplication),
    applications_total: user.applications.total,
    redemptions: user.redemptions.map((entry) => ({
      code: entry.reference?.id ?? '',
      credits: entry.amount,
      credit_type: toCreditType(entry.creditType),
      transaction_id: entry.id,
      redeemed_at: entry.createdAt,
    })),
    subscription: toSubscription(user.subscription),
    auto_topups: user.topUps.map((topUp) => {
      const wallet = wallets.find((each) => each.credit_type === topUp.creditType);
      return toTopUp({ topUp, available: wallet?.credits_available ?? 0 }, now);
    }),
    emails: user.emails.emails.map((email) => ({
      kind: email.kind,
      subject_id: email.subjectId,
      state: email.state,
      attempts: email.attempts,
      reason: email.reason,
      message_id: email.messageId,
      updated_at: email.updatedAt,
    })),
    emails_complete: user.emails.isComplete,
    audit: user.audit.map((record) => ({
      audit_id: record.id,
      created_at: record.at,
      actor: record.actor,
      action: record.action,
      outcome: record.outcome,
      code: record.code,
      reason: record.reason,
    })),
    verification: {
      entries: user.entriesInAll,
      result: verification && toVerification(verification),
    },
  };
}

function toSubscription(subscription: UserState['subscription']): View['subscription'] {
  return (
    subscription && {
      tier: subscription.tier,
      status: subscription.status,
      subscription_id: subscription.provider?.subscriptionId ?? null,
      current_period_start: subscription.currentPeriodStart,
      current_period_end: subscription.currentPeriodEnd,
      cancel_at_period_end: subscription.cancelAtPeriodEnd,
      pending_tier: subscription.pendingChange?.tier ?? null,
      past_due_since: subscription.pastDueSince,
      ended_at: subscription.endedAt,
    }
  );
}

/** What a proof of a user's wallets has found. */
export function toVerification(
  wallets: readonly WalletVerification[],
): Wire<typeof wire.verification> {
  return {
    ok: wallets.every(({ problems }) => problems.length === 0),
    wallets: wallets.map(({ creditType, entries, problems }) => ({
      credit_type: toCreditType(creditType),
      ok: problems.length === 0,
      entries,
      problems,
    })),
  };
}
