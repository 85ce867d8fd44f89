import { type Account, unixSeconds } from '#infra/local/stripe/account';
import { renderDispute } from '#infra/local/stripe/dispute-shape';
import { invalidRequest, missingResource } from '#infra/local/stripe/errors';
import { type Cause, NO_REQUEST } from '#infra/local/stripe/event-log';
import { newId } from '#infra/local/stripe/ids';
import type { Charge, Dispute } from '#infra/local/stripe/records';

/** How a dispute begins: with the money gone (`open`), or as a bank's question that takes none (`inquire`). */
const BEGINNINGS = ['open', 'inquire'] as const;
/** How it goes on: `escalate` turns an inquiry into a dispute, `withdraw` lets it rest. */
const STEP_NAMES = ['respond', 'escalate', 'withdraw', 'win', 'lose', 'appeal'] as const;
type Step = (typeof STEP_NAMES)[number];

export const DISPUTE_ACTS = [...BEGINNINGS, ...STEP_NAMES] as const;
export type DisputeAct = (typeof DISPUTE_ACTS)[number];

/** Opens a dispute of a charge, or takes its latest one on. `of` is the charge or its payment intent. */
export function actOnDispute(
  account: Account,
  act: { readonly of: string; readonly step: DisputeAct; readonly amount?: number | undefined },
): Dispute {
  const { of, step, amount } = act;
  if (step === 'open' || step === 'inquire') return openDispute(account, { of, as: step, amount });
  const charge = disputedCharge(account, of);
  const latest = account.records.disputes.list().findLast((made) => made.charge === charge.id);
  if (!latest) throw invalidRequest(`Charge ${charge.id} is not disputed.`);
  return stepDispute(account, { id: latest.id, step });
}

/**
 * What the customer's bank does: disputes a charge, of all that was not refunded unless told how much. Stripe takes the
 * money at once and says so in two events.
 */
function openDispute(
  account: Account,
  act: {
    readonly of: string;
    readonly as: (typeof BEGINNINGS)[number];
    readonly amount?: number | undefined;
  },
): Dispute {
  const { clock, records } = account;
  return records.transaction(() => {
    const charge = disputedCharge(account, act.of);
    const left = charge.amount - charge.amount_refunded;
    const amount = act.amount ?? (left > 0 ? left : charge.amount);
    if (amount > charge.amount) throw invalidRequest('A dispute is of no more than the charge.');
    const dispute: Dispute = {
      id: newId('dispute'),
      created: unixSeconds(clock.now()),
      charge: charge.id,
      payment_intent: charge.payment_intent,
      amount,
      currency: charge.currency,
      status: act.as === 'open' ? 'needs_response' : 'warning_needs_response',
      movements: [],
      responded: false,
    };
    records.charges.put(charge.id, { ...charge, disputed: true });
    if (act.as === 'inquire') return tell(account, dispute, { types: ['created'] });
    return tell(account, withdrawn(account, dispute), { types: ['created', 'funds_withdrawn'] });
  });
}

/** Takes a dispute one step on. Throws `StripeApiError` when there is none, or it is not where the step begins. */
export function stepDispute(
  account: Account,
  act: { readonly id: string; readonly step: Step; readonly cause?: Cause },
): Dispute {
  const { records } = account;
  return records.transaction(() => {
    const dispute = records.disputes.get(act.id);
    if (!dispute) throw missingResource('dispute', act.id, { param: 'dispute', inPath: true });
    const { from, to, types } = STEPS[act.step];
    if (!from.some((status) => status === dispute.status)) {
      throw invalidRequest(`This dispute is ${dispute.status}: it cannot ${act.step}.`);
    }
    const status = to[dispute.status] ?? dispute.status;
    const isAnswer = act.step === 'respond' || act.step === 'appeal';
    const next = { ...dispute, status, responded: dispute.responded || isAnswer };
    const settled = types.some((type) => type === 'funds_withdrawn')
      ? withdrawn(account, next)
      : types.some((type) => type === 'funds_reinstated')
        ? reinstated(account, next)
        : next;
    return tell(account, settled, { types, ...(act.cause && { cause: act.cause }) });
  });
}

type EventName = 'created' | 'updated' | 'closed' | 'funds_withdrawn' | 'funds_reinstated';
type Status = Dispute['status'];

/** docs.stripe.com/disputes/how-disputes-work: where each step begins, where it leads, and what is told of it. */
const STEPS: Readonly<
  Record<
    Step,
    {
      readonly from: readonly Status[];
      readonly to: Readonly<Partial<Record<Status, Status>>>;
      readonly types: readonly EventName[];
    }
  >
> = {
  respond: {
    from: ['needs_response', 'warning_needs_response'],
    to: { needs_response: 'under_review', warning_needs_response: 'warning_under_review' },
    types: ['updated'],
  },
  escalate: {
    from: ['warning_needs_response', 'warning_under_review'],
    to: { warning_needs_response: 'needs_response', warning_under_review: 'needs_response' },
    types: ['updated', 'funds_withdrawn'],
  },
  withdraw: {
    from: ['warning_needs_response', 'warning_under_review'],
    to: { warning_needs_response: 'warning_closed', warning_under_review: 'warning_closed' },
    types: ['closed'],
  },
  win: {
    from: ['needs_response', 'under_review', 'appeal_under_review'],
    to: { needs_response: 'won', under_review: 'won', appeal_under_review: 'won' },
    types: ['closed', 'funds_reinstated'],
  },
  lose: {
    from: ['needs_response', 'under_review', 'appeal_under_review'],
    to: { needs_response: 'lost', under_review: 'lost', appeal_under_review: 'lost' },
    types: ['closed'],
  },
  appeal: { from: ['lost'], to: { lost: 'appeal_under_review' }, types: ['updated'] },
};

function withdrawn(account: Account, dispute: Dispute): Dispute {
  return moved(account, dispute, -dispute.amount);
}

function reinstated(account: Account, dispute: Dispute): Dispute {
  return moved(account, dispute, dispute.amount);
}

function moved(account: Account, dispute: Dispute, amount: number): Dispute {
  const at = unixSeconds(account.clock.now());
  const movement = { id: newId('balanceTransaction'), amount, at };
  return { ...dispute, movements: [...dispute.movements, movement] };
}

function tell(
  account: Account,
  dispute: Dispute,
  told: { readonly types: readonly EventName[]; readonly cause?: Cause },
): Dispute {
  const { records, recordEvent } = account;
  records.disputes.put(dispute.id, dispute);
  const object = renderDispute(dispute);
  for (const type of told.types) {
    recordEvent({ type: `charge.dispute.${type}`, object, cause: told.cause ?? NO_REQUEST });
  }
  return dispute;
}

function disputedCharge({ records }: Account, of: string): Charge {
  const intent = records.payments.get(of);
  const charge = records.charges.get(intent?.latest_charge ?? of);
  if (!charge) throw missingResource('charge', of, { param: 'charge', inPath: true });
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${charge.id} has not succeeded and cannot be disputed.`);
  }
  return charge;
}
