import type { Decision } from '#lib/ledger/decision';
import { entryId } from '#lib/ledger/entry';
import { grantIdOf } from '#lib/ledger/inflow';
import { reversedCredits } from '#lib/ledger/reversal';
import type { SpendingCap } from '#lib/ledger/spending-cap';
import type { TransferDecision } from '#lib/ledger/transfer';
import type { GrantTerms } from '#lib/ledger/wallet';
import {
  availableNow,
  type Bench,
  both,
  type Lane,
  type Payment,
  type Said,
  timeOf,
} from '#tests/ledger/bench';
import type { Terms } from '#tests/ledger/buckets';
import * as model from '#tests/ledger/model';
import type { Step, StepTerms } from '#tests/ledger/steps';
import { hour } from '#tests/ledger/wallets';

const CAP_PERIODS = ['hour', 'day'] as const;
const GRACE_HOURS = 24 * 7;
const DONE: Said = { ledger: null, model: null };

/** Lets one thing happen to the ledger and to the model. */
export function play(bench: Bench, step: Step): Said {
  if (step.kind === 'clock') {
    bench.clock += step.hours;
    for (const { wallet } of bench.lanes) wallet.at(hour(bench.clock));
    return DONE;
  }
  const lane = bench.lanes[step.lane] ?? bench.lanes[0];
  switch (step.kind) {
    case 'add':
      return playAdd(bench, lane, step);
    case 'adjust':
      return playAdjust(bench, lane, step);
    case 'spend': {
      const amount = step.amount ?? availableNow(bench, lane);
      const decision = lane.wallet.spend({ amount, caps: capsOf(lane) });
      const said = both(bench, [lane], decision, ([copy]) =>
        model.spend(copy, nameOf(decision), amount, lane.caps),
      );
      if (decision.ok) lane.spends.push({ entry: decision.entry, refunded: 0 });
      return said;
    }
    case 'caps':
      lane.caps = { hour: step.hour, day: step.day };
      return DONE;
    case 'freeze': {
      const decision = step.on ? lane.wallet.freeze() : lane.wallet.unfreeze();
      return both(bench, [lane], decision, ([copy]) => model.freeze(copy, step.on));
    }
    case 'transfer':
      return playTransfer(bench, lane, step);
    case 'refund':
      return playRefund(bench, lane, step);
    case 'reverse':
      return playReverse(bench, lane, step);
    case 'reinstate':
      return playReinstate(bench, lane, step);
    case 'place': {
      const holdId = `hold-${lane.wallet.entries.length}`;
      const ends = timeOf(bench, lane) + step.endsIn;
      const amount = step.amount ?? availableNow(bench, lane);
      lane.holdIds.push(holdId);
      return both(
        bench,
        [lane],
        lane.wallet.placeHold({ holdId, amount, caps: capsOf(lane), expiresAt: hour(ends) }),
        ([copy]) => model.placeHold(copy, { id: holdId, amount, ends, caps: lane.caps }),
      );
    }
    case 'capture':
    case 'release':
      return playEnd(bench, lane, step);
  }
}

type StepOf<K extends Step['kind']> = Extract<Step, { readonly kind: K }>;

function playAdd(bench: Bench, lane: Lane, step: StepOf<'add'>): Said {
  const terms = termsAt(timeOf(bench, lane), step.terms);
  const decision = lane.wallet.add({ ...step, ...terms.ledger });
  if (decision.ok && step.type === 'purchase') {
    const { entry } = decision;
    lane.payments.push({ id: entry.id, entry, history: [] });
  }
  const total = step.type === 'purchase' ? 'purchased' : 'granted';
  return both(bench, [lane], decision, ([copy]) =>
    model.add(copy, total, bucket(lane, terms.model, copy.time, step.amount, decision)),
  );
}

function playAdjust(bench: Bench, lane: Lane, step: StepOf<'adjust'>): Said {
  const terms = termsAt(timeOf(bench, lane), step.terms);
  const decision = lane.wallet.adjust({ amount: step.amount, terms: terms.ledger });
  return both(bench, [lane], decision, ([copy]) => {
    if (step.amount < 0) model.take(copy, 'taken by admins', -step.amount);
    else {
      const grant = bucket(lane, terms.model, copy.time, step.amount, decision);
      model.add(copy, 'given by admins', grant);
    }
  });
}

function playTransfer(bench: Bench, from: Lane, { amount, pick }: StepOf<'transfer'>): Said {
  const others = bench.lanes.filter((lane) => lane !== from);
  const to = choose(others, pick) ?? from;
  const decision = from.wallet.transferTo(to.wallet, { amount });
  return both(bench, [from, to], decision, ([giver, receiver]) => {
    if (!receiver) throw new Error('a transfer has two sides');
    const time = Math.max(giver.time, receiver.time);
    model.tick(giver, time);
    model.tick(receiver, time);
    model.expectThawed(giver);
    model.expectThawed(receiver);
    const newId = newIds(to, decision.ok ? decision.to.entry.cause : 'refused');
    const pieces = model.take(giver, 'transferredOut', amount);
    model.give(
      receiver,
      'transferredIn',
      pieces.map((piece, part) => ({ ...piece, id: newId(part) })),
    );
  });
}

function playRefund(bench: Bench, lane: Lane, step: StepOf<'refund'>): Said {
  const spend = choose(lane.spends, step.pick);
  if (!spend) return DONE;
  const grace = timeOf(bench, lane) + GRACE_HOURS;
  const decision = lane.wallet.refund({
    spend: spend.entry,
    refunded: spend.refunded,
    graceExpiresAt: hour(grace),
    ...(step.amount !== undefined && { amount: step.amount }),
  });
  if (decision.ok) spend.refunded += decision.entry.amount;
  return both(bench, [lane], decision, ([copy]) =>
    model.refund(copy, {
      spend: spend.entry.cause,
      amount: step.amount,
      grace,
      newId: newIds(lane, nameOf(decision)),
    }),
  );
}

function playReverse(bench: Bench, lane: Lane, step: StepOf<'reverse'>): Said {
  const payment = choose(
    lane.payments.filter((each) => reversible(each) > 0),
    step.pick,
  );
  if (!payment) return DONE;
  const amount = Math.min(step.amount, reversible(payment));
  const grant = grantOf(payment);
  const clawback = step.policy === 'floor' ? 'floor' : 'debt';
  const decision = lane.wallet.reverse({ amount, grantId: grant.id, clawback });
  if (decision.ok) payment.history.push(decision.entry);
  return both(bench, [lane], decision, ([copy]) =>
    model.reverse(copy, { payment: payment.id, grant, amount, policy: clawback }),
  );
}

/** What a payment gave, in the model's words. */
function grantOf({ entry: { draws } }: Lane['payments'][number]) {
  const [draw] = draws;
  if (!draw) throw new Error('a payment gives credits');
  const { category, expiresAt, grantId: id, grantedAt, priority } = draw;
  const expires = expiresAt === null ? Infinity : hoursOf(expiresAt);
  return { id, category, priority, expires, granted: hoursOf(grantedAt) };
}

function playReinstate(bench: Bench, lane: Lane, step: StepOf<'reinstate'>): Said {
  const payment = choose(
    lane.payments.filter(({ history }) => reversedCredits(history) > 0),
    step.pick,
  );
  const draw = payment?.entry.draws[0];
  if (!payment || !draw) return DONE;
  const amount = Math.min(step.amount, reversedCredits(payment.history));
  const grace = timeOf(bench, lane) + GRACE_HOURS;
  const { grantId: id, category, priority, expiresAt, grantedAt } = draw;
  const decision = lane.wallet.reinstate({
    amount,
    history: [...payment.history],
    paymentGrant: { id, category, priority, expiresAt, grantedAt },
    graceExpiresAt: hour(grace),
  });
  if (decision.ok) payment.history.push(decision.entry);
  return both(bench, [lane], decision, ([copy]) =>
    model.reinstate(copy, {
      payment: payment.id,
      grant: grantOf(payment),
      amount,
      grace,
      newId: newIds(lane, nameOf(decision)),
    }),
  );
}

function playEnd(bench: Bench, lane: Lane, step: StepOf<'capture'> | StepOf<'release'>): Said {
  // Mostly an open hold; now and then one that has ended.
  const open = lane.holdIds.filter((id) => lane.model.holds.has(id));
  const holdId = choose(step.pick % 5 === 0 ? lane.holdIds : open, step.pick);
  if (holdId === undefined) return DONE;
  const wasOpen = lane.model.holds.has(holdId);
  const isCapture = step.kind === 'capture';
  const asked = isCapture && step.amount !== undefined ? { amount: step.amount } : {};
  const decision = isCapture
    ? lane.wallet.captureHold({ holdId, caps: capsOf(lane), ...asked })
    : lane.wallet.releaseHold({ holdId });
  if (decision.ok && isCapture) lane.spends.push({ entry: decision.entry, refunded: 0 });
  return both(bench, [lane], decision, ([copy]) =>
    model.endHold(copy, {
      id: holdId,
      wasOpen,
      capture: isCapture ? asked.amount : null,
      caps: lane.caps,
      cause: nameOf(decision),
    }),
  );
}

function capsOf({ caps }: Lane): readonly SpendingCap[] {
  return CAP_PERIODS.flatMap((period) => {
    const credits = caps[period];
    return credits === undefined ? [] : [{ period, credits }];
  });
}

type LedgerTerms = Omit<GrantTerms, 'grantedAt'>;

function termsAt(
  time: number,
  { expiresIn, ...terms }: StepTerms,
): { readonly ledger: LedgerTerms; readonly model: Terms } {
  const expires = expiresIn === null ? Infinity : time + expiresIn;
  return {
    ledger: { ...terms, expiresAt: expiresIn === null ? null : hour(expires) },
    model: { ...terms, expires },
  };
}

/** Names are no rule: the model calls a grant what the ledger calls it. */
function bucket(
  lane: Lane,
  terms: Terms,
  granted: number,
  free: number,
  decision: Decision,
): Parameters<typeof model.add>[2] {
  const id = grantIdOf(entryId(lane.ref, nameOf(decision)));
  return {
    id,
    category: terms.category,
    priority: terms.priority,
    expires: terms.expires,
    granted,
    free,
  };
}

function newIds(lane: Lane, cause: string): (part: number) => string {
  return (part) => grantIdOf(entryId(lane.ref, cause), part);
}

/** The cause of a command that was accepted; what was refused needs no name. */
function nameOf(decision: Decision | TransferDecision): string {
  if (!decision.ok) return 'refused';
  return 'entry' in decision ? decision.entry.cause : decision.from.entry.cause;
}

function reversible({ entry, history }: Payment): number {
  return entry.amount - reversedCredits(history);
}

function choose<T>(from: readonly T[], pick: number): T | undefined {
  return from.length === 0 ? undefined : from[pick % from.length];
}

function hoursOf(instant: string): number {
  return (Date.parse(instant) - Date.parse(hour(0))) / 3_600_000;
}
