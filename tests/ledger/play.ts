import { advance } from '#lib/ledger/advance';
import type { Decision, Refusal } from '#lib/ledger/decision';
import { type Entry, entryId } from '#lib/ledger/entry';
import { grantIdOf } from '#lib/ledger/inflow';
import { reversedCredits } from '#lib/ledger/reversal';
import type { TransferDecision } from '#lib/ledger/transfer';
import { availableOf, type Head, heldOf, type WalletRef } from '#lib/ledger/wallet';
import * as model from '#tests/ledger/model';
import type { Step, StepTerms } from '#tests/ledger/steps';
import { ALICE, BOB, hour, openWallet, type TestWallet } from '#tests/ledger/wallets';

interface Payment {
  readonly id: string;
  readonly entry: Entry;
  readonly history: Entry[];
}

/** One wallet, told twice: by the ledger and by the model. */
export interface Lane {
  readonly ref: WalletRef;
  readonly wallet: TestWallet;
  model: model.Model;
  readonly spends: { readonly entry: Entry; refunded: number }[];
  readonly payments: Payment[];
  readonly holdIds: string[];
}
export interface Bench {
  readonly lanes: readonly [Lane, Lane];
  clock: number;
}
/** What both said to one step: null for done. */
export interface Said {
  readonly ledger: Refusal | null;
  readonly model: Refusal | null;
}

const GRACE_HOURS = 24 * 7;
const DONE: Said = { ledger: null, model: null };

export function openBench(): Bench {
  const lane = (ref: WalletRef): Lane => ({
    ref,
    wallet: openWallet(ref),
    model: model.emptyModel(),
    spends: [],
    payments: [],
    holdIds: [],
  });
  return { lanes: [lane(ALICE), lane(BOB)], clock: 0 };
}

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
      const decision = lane.wallet.spend({ amount });
      const said = both(bench, [lane], decision, ([copy]) =>
        model.spend(copy, nameOf(decision), amount),
      );
      if (decision.ok) lane.spends.push({ entry: decision.entry, refunded: 0 });
      return said;
    }
    case 'transfer':
      return playTransfer(bench, lane, step.amount);
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
        lane.wallet.placeHold({ holdId, amount, expiresAt: hour(ends) }),
        ([copy]) => model.placeHold(copy, holdId, amount, ends),
      );
    }
    case 'capture':
    case 'release':
      return playEnd(bench, lane, step);
  }
}

/** What the model says that a head must be, and what it is. */
export function views(lane: Lane): { readonly ledger: object; readonly model: object } {
  return { ledger: headView(lane.wallet.head), model: modelView(lane.model) };
}

/** The same for a reader who comes at this instant, before anything is written. */
export function viewsNow(bench: Bench, lane: Lane): ReturnType<typeof views> {
  const copy = structuredClone(lane.model);
  model.tick(copy, bench.clock);
  const seen = advance(lane.wallet.head, hour(bench.clock)).head;
  return { ledger: headView(seen), model: modelView(copy) };
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

function playTransfer(bench: Bench, from: Lane, amount: number): Said {
  const to = bench.lanes.find((lane) => lane !== from) ?? from;
  const decision = from.wallet.transferTo(to.wallet, { amount });
  return both(bench, [from, to], decision, ([giver, receiver]) => {
    if (!receiver) throw new Error('a transfer has two sides');
    const time = Math.max(giver.time, receiver.time);
    model.tick(giver, time);
    model.tick(receiver, time);
    const newId = newIds(to, nameOf(decision));
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
  const grantId = payment.entry.draws[0]?.grantId ?? '';
  const clawback = step.policy === 'floor' ? 'floor' : 'debt';
  const decision = lane.wallet.reverse({ amount, grantId, clawback });
  if (decision.ok) payment.history.push(decision.entry);
  return both(bench, [lane], decision, ([copy]) =>
    model.reverse(copy, { payment: payment.id, grantId, amount, policy: clawback }),
  );
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
      grant: {
        id,
        category,
        priority,
        expires: expiresAt === null ? Infinity : hoursOf(expiresAt),
        granted: hoursOf(grantedAt),
      },
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
    ? lane.wallet.captureHold({ holdId, ...asked })
    : lane.wallet.releaseHold({ holdId });
  if (decision.ok && isCapture) lane.spends.push({ entry: decision.entry, refunded: 0 });
  return both(bench, [lane], decision, ([copy]) =>
    model.endHold(copy, {
      id: holdId,
      wasOpen,
      capture: isCapture ? asked.amount : null,
      cause: nameOf(decision),
    }),
  );
}

/** Lets the model do what the ledger just did: on copies, which count only when it does not refuse. */
function both(
  bench: Bench,
  lanes: readonly [Lane, ...Lane[]],
  decision: Decision | TransferDecision,
  act: (copies: readonly [model.Model, ...model.Model[]]) => void,
): Said {
  const ledger = decision.ok ? null : decision.refusal;
  const [first, ...others] = lanes;
  const copies = [
    structuredClone(first.model),
    ...others.map((lane) => structuredClone(lane.model)),
  ] as const;
  try {
    for (const copy of copies) model.tick(copy, bench.clock);
    act(copies);
  } catch (error) {
    if (!(error instanceof model.ModelRefusalError)) throw error;
    return { ledger, model: error.refusal };
  }
  lanes.forEach((lane, index) => {
    lane.model = copies[index] ?? lane.model;
  });
  return { ledger, model: null };
}

function termsAt(
  time: number,
  { expiresIn, ...terms }: StepTerms,
): {
  readonly ledger: StepTerms extends { category: infer C }
    ? { category: C; priority: number; expiresAt: string | null }
    : never;
  readonly model: model.Terms;
} {
  const expires = expiresIn === null ? Infinity : time + expiresIn;
  return {
    ledger: { ...terms, expiresAt: expiresIn === null ? null : hour(expires) },
    model: { ...terms, expires },
  };
}

/** Names are no rule: the model calls a grant what the ledger calls it. */
function bucket(
  lane: Lane,
  terms: model.Terms,
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

function timeOf(bench: Bench, lane: Lane): number {
  return Math.max(bench.clock, lane.model.time);
}

/** At least 1, so that an empty wallet is asked too. */
function availableNow(bench: Bench, lane: Lane): number {
  const copy = structuredClone(lane.model);
  model.tick(copy, bench.clock);
  return Math.max(1, model.available(copy));
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

function headView(head: Head): object {
  const { totals } = head;
  return {
    balance: head.balance,
    held: heldOf(head),
    available: availableOf(head),
    debt: head.debt,
    grants: head.grants.map(
      ({ id, category, priority, expiresAt, grantedAt, remaining, held }) => ({
        id,
        terms: [category, priority, expiresAt, grantedAt],
        remaining,
        held,
      }),
    ),
    holds: head.holds.map(({ id, expiresAt, slices }) => ({
      id,
      expiresAt,
      slices: slices.map(({ grantId, amount }) => [grantId, amount]),
    })),
    totals: {
      purchased: totals.purchased,
      granted: totals.granted,
      used: totals.used,
      refunded: totals.refunded,
      expired: totals.expired,
      reversed: totals.reversed,
      reinstated: totals.reinstated,
      transferredIn: totals.transferredIn,
      transferredOut: totals.transferredOut,
      adjusted: totals.adjusted,
    },
  };
}

function modelView({ buckets, holds, debt, totals }: model.Model): object {
  const held = buckets.reduce((sum, each) => sum + each.held, 0);
  const free = buckets.reduce((sum, each) => sum + each.free, 0);
  const total = (name: string) => totals.get(name) ?? 0;
  return {
    balance: free + held,
    held,
    available: free,
    debt,
    grants: buckets
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((each) => ({
        id: each.id,
        terms: [
          each.category,
          each.priority,
          each.expires === Infinity ? null : hour(each.expires),
          hour(each.granted),
        ],
        remaining: each.free + each.held,
        held: each.held,
      })),
    holds: [...holds].map(([id, { ends, parts }]) => ({
      id,
      expiresAt: hour(ends),
      slices: partsByBucket(parts),
    })),
    totals: {
      purchased: total('purchased'),
      granted: total('granted'),
      used: total('used'),
      refunded: total('refunded'),
      expired: total('expired'),
      reversed: total('reversed'),
      reinstated: total('reinstated'),
      transferredIn: total('transferredIn'),
      transferredOut: total('transferredOut'),
      adjusted: total('given by admins') - total('taken by admins'),
    },
  };
}

function partsByBucket(
  parts: readonly { readonly bucket: { readonly id: string }; readonly amount: number }[],
): readonly (readonly [string, number])[] {
  const amounts = new Map<string, number>();
  for (const {
    bucket: { id },
    amount,
  } of parts)
    amounts.set(id, (amounts.get(id) ?? 0) + amount);
  return [...amounts];
}
