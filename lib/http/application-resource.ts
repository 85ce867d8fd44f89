import type { Application } from '#lib/applications/application';
import { refundableUntil } from '#lib/applications/application';
import type * as contract from '#lib/contract/applications';
import type { Wire } from '#lib/http/endpoint';
import { toCreditType, toMovement, toTransaction } from '#lib/http/wallet-resource';
import type { Entry } from '#lib/ledger/entry';

/** Applications to projects, as the API shows them. */

export function toApplication(application: Application): Wire<typeof contract.application> {
  const { closed } = application;
  return {
    application_id: application.id,
    project_id: application.projectId,
    user_id: application.userId,
    status: closed?.kind ?? 'applied',
    credits: application.credits,
    credit_type: toCreditType(application.creditType),
    transaction_id: application.entryId,
    metadata: application.metadata,
    applied_at: application.appliedAt,
    closed_at: closed?.at ?? null,
    credits_refunded: closed?.refunded ?? 0,
    refund_transaction_id: closed?.refundEntryId ?? null,
  };
}

export function toApplied(application: Application, spend: Entry): Wire<typeof contract.applied> {
  return {
    ...toMovement(spend),
    application_id: application.id,
    credits_balance: spend.balanceAfter,
    application: toApplication(application),
  };
}

export function toEligibility(
  application: Application,
  reason: string | null,
): Wire<typeof contract.refundEligibility> {
  return {
    application_id: application.id,
    eligible: reason === null,
    reason,
    credits: reason === null ? application.credits : 0,
    refundable_until: refundableUntil(application),
  };
}

export function toWithdrawal(
  application: Application,
  refund: Entry | null,
): Wire<typeof contract.withdrawal> {
  return {
    success: true,
    application: toApplication(application),
    refunded: refund !== null,
    credits_refunded: refund?.amount ?? 0,
    reason: application.closed?.reason ?? null,
    transaction: refund && toTransaction(refund),
  };
}
