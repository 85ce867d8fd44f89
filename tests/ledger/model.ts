import { BALANCE_MAX, GRANTS_MAX, HOLDS_MAX } from '#lib/ledger/limits';
import type { Refusal } from '#lib/ledger/decision';
import {
  type Bucket,
  burnOrder,
  compare,
  type Piece,
  pieceOf,
  popCredits,
  rank,
  sum,
  termsOf,
} from '#tests/ledger/buckets';
import { hour } from '#tests/ledger/wallets';

/*
 * A wallet written a second time, as plainly as possible: buckets that are filled and emptied in place, stacks for
 * what may come back, hours for time. It shares no rule with lib/ledger, so what both agree on is no accident.
 */

/** One step of a reversal: `piece` null for what the balance did not cover. */
interface Undo {
  readonly kind: 'taken' | 'debt' | 'forgiven';
  readonly piece: Piece | null;
  amount: number;
}
interface ModelHold {
  readonly ends: number;
  readonly parts: { bucket: Bucket; amount: number }[];
}
export interface Model {
  time: number;
  debt: number;
  /** Nothing that anybody asks for leaves it. */
  isFrozen: boolean;
  buckets: Bucket[];
  readonly holds: Map<string, ModelHold>;
  /** By cause: what refunds may still give back. */
  readonly spends: Map<string, Piece[]>;
  /** By payment: what reinstatements may still undo. */
  readonly undos: Map<string, Undo[]>;
  /** Every spend there ever was, by its hour. */
  readonly spendings: { readonly hour: number; readonly amount: number }[];
  /** Credits in and out, by the name of the running total. */
  readonly totals: Map<string, number>;
}

/** Why the model refuses; thrown, so that a half-done command is dropped with the copy it worked on. */
export class ModelRefusalError extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

export function emptyModel(): Model {
  return {
    time: -Infinity,
    debt: 0,
    isFrozen: false,
    buckets: [],
    holds: new Map(),
    spends: new Map(),
    undos: new Map(),
    spendings: [],
    totals: new Map(),
  };
}

export function available(model: Model): number {
  return model.buckets.reduce((sum, bucket) => sum + bucket.free, 0);
}

/** Lets time pass: holds end, credits expire. */
export function tick(model: Model, now: number): void {
  model.time = Math.max(model.time, now);
  for (const [id, hold] of model.holds) {
    if (hold.ends <= model.time) freeHold(model, id);
  }
  afterFreeing(model);
}

export function add(model: Model, total: string, grant: Omit<Bucket, 'held'>): void {
  if (grant.expires <= model.time) throw new ModelRefusalError({ code: 'ALREADY_EXPIRED' });
  give(model, total, [{ ...grant, amount: grant.free }]);
}

/** Takes credits in burn order; the buckets `first` before all. */
export function take(
  model: Model,
  total: string,
  amount: number,
  first: readonly Bucket[] = [],
): Piece[] {
  const there = available(model);
  if (there < amount) {
    const shortfall = amount - there;
    throw new ModelRefusalError({
      code: 'INSUFFICIENT_CREDITS',
      required: amount,
      available: there,
      shortfall,
    });
  }
  const pieces: Piece[] = [];
  let left = amount;
  for (const bucket of [...first, ...burnOrder(model.buckets)]) {
    const taken = Math.min(left, bucket.free);
    if (taken === 0) continue;
    bucket.free -= taken;
    left -= taken;
    pieces.push(pieceOf(bucket, taken));
  }
  count(model, total, amount);
  sweep(model);
  return pieces;
}

export function freeze(model: Model, on: boolean): void {
  if (model.isFrozen === on) {
    throw new ModelRefusalError({ code: on ? 'ALREADY_FROZEN' : 'NOT_FROZEN' });
  }
  model.isFrozen = on;
}

/** Before a user's credits move because somebody asks for it; corrections and reversals do not ask. */
export function expectThawed(model: Model): void {
  if (model.isFrozen) throw new ModelRefusalError({ code: 'WALLET_FROZEN' });
}

/** At most so many credits in an hour and in a day; absent for as many as there are. */
export interface ModelCaps {
  readonly hour?: number | undefined;
  readonly day?: number | undefined;
}

export function spend(model: Model, cause: string, amount: number, caps: ModelCaps): void {
  expectThawed(model);
  const pieces = take(model, 'used', amount);
  expectRoom(model, amount, caps);
  model.spends.set(cause, pieces);
  model.spendings.push({ hour: model.time, amount });
}

/** What has been spent in this hour or day, counted anew from every spend of the wallet. */
export function spentIn(model: Model, period: 'hour' | 'day'): number {
  const length = period === 'hour' ? 1 : 24;
  const current = Math.floor(model.time / length);
  return sum(model.spendings.filter(({ hour }) => Math.floor(hour / length) === current));
}

function expectRoom(model: Model, amount: number, caps: ModelCaps): void {
  const held = model.buckets.reduce((all, bucket) => all + bucket.held, 0);
  // What resets later counts more.
  for (const period of ['day', 'hour'] as const) {
    const limit = caps[period] ?? Infinity;
    const used = spentIn(model, period);
    if (used + held + amount <= limit) continue;
    const hours = period === 'hour' ? 1 : 24 - mod(model.time, 24);
    throw new ModelRefusalError({
      code: 'SPENDING_CAP',
      period,
      limit,
      used,
      held,
      resetsAt: hour(model.time + hours),
      retryAfterSeconds: hours * 3_600,
    });
  }
}

/** Clocks of these histories may lie before their start. */
function mod(hours: number, length: number): number {
  return ((hours % length) + length) % length;
}

export function refund(
  model: Model,
  request: {
    readonly spend: string;
    readonly amount: number | undefined;
    readonly grace: number;
    readonly newId: (part: number) => string;
  },
): void {
  const stack = model.spends.get(request.spend) ?? [];
  const refundable = sum(stack);
  if (refundable === 0) throw new ModelRefusalError({ code: 'ALREADY_REFUNDED' });
  const amount = request.amount ?? refundable;
  if (amount > refundable) {
    throw new ModelRefusalError({ code: 'REFUND_EXCEEDS_SPEND', refundable });
  }
  give(model, 'refunded', revived(model, popCredits(stack, amount), request));
}

export function reverse(
  model: Model,
  request: {
    readonly payment: string;
    /** What the payment gave; it may have been joined to an older one since. */
    readonly grant: Omit<Piece, 'amount'>;
    readonly amount: number;
    readonly policy: 'debt' | 'floor';
  },
): void {
  const covered = Math.min(request.amount, available(model));
  const rest = request.amount - covered;
  const stack = model.undos.get(request.payment) ?? [];
  const { grant } = request;
  const own = model.buckets.filter(({ id }) => id === grant.id);
  const joined = burnOrder(model.buckets).filter(
    (bucket) =>
      bucket.id !== grant.id &&
      termsOf(bucket) === termsOf(grant) &&
      bucket.granted <= grant.granted,
  );
  for (const piece of take(model, 'reversed', covered, [...own, ...joined])) {
    stack.push({ kind: 'taken', piece, amount: piece.amount });
  }
  if (rest > 0) {
    stack.push({
      kind: request.policy === 'debt' ? 'debt' : 'forgiven',
      piece: null,
      amount: rest,
    });
    if (request.policy === 'debt') model.debt += rest;
  }
  model.undos.set(request.payment, stack);
}

export function reinstate(
  model: Model,
  request: {
    readonly payment: string;
    readonly grant: Omit<Piece, 'amount'>;
    readonly amount: number;
    readonly grace: number;
    readonly newId: (part: number) => string;
  },
): void {
  const undone = popCredits(model.undos.get(request.payment) ?? [], request.amount);
  const pieces = undone.flatMap(({ piece, amount }) => (piece ? [{ ...piece, amount }] : []));
  const owed = sum(undone.filter((undo) => undo.kind === 'debt'));
  const stillOpen = Math.min(owed, model.debt);
  model.debt -= stillOpen;
  if (owed > stillOpen) pieces.push({ ...request.grant, amount: owed - stillOpen });
  give(model, 'reinstated', revived(model, pieces, request));
}

export function placeHold(
  model: Model,
  hold: {
    readonly id: string;
    readonly amount: number;
    readonly ends: number;
    readonly caps: ModelCaps;
  },
): void {
  const { id, amount, ends, caps } = hold;
  if (ends <= model.time) throw new ModelRefusalError({ code: 'ALREADY_EXPIRED' });
  if (model.holds.has(id)) throw new ModelRefusalError({ code: 'HOLD_EXISTS' });
  expectThawed(model);
  const pieces = take(model, 'held', amount);
  expectRoom(model, amount, caps);
  if (model.holds.size >= HOLDS_MAX) {
    throw new ModelRefusalError({ code: 'TOO_MANY_HOLDS', limit: HOLDS_MAX });
  }
  const parts = pieces.map((piece) => {
    const bucket = open(model, piece);
    bucket.held += piece.amount;
    return { bucket, amount: piece.amount };
  });
  model.holds.set(id, { ends, parts });
}

/** `wasOpen`: the hold was there before time passed. */
export function endHold(
  model: Model,
  request: {
    readonly id: string;
    readonly wasOpen: boolean;
    /** Null releases; undefined captures all of it. */
    readonly capture: number | null | undefined;
    readonly caps: ModelCaps;
    readonly cause: string;
  },
): void {
  const hold = model.holds.get(request.id);
  if (!hold) {
    throw new ModelRefusalError({ code: request.wasOpen ? 'HOLD_EXPIRED' : 'HOLD_NOT_OPEN' });
  }
  const held = sum(hold.parts);
  const amount = request.capture === undefined ? held : (request.capture ?? 0);
  const beyond = Math.max(0, amount - held);
  if (beyond > 0) expectThawed(model);
  if (beyond > available(model)) {
    const reach = available(model) + held;
    throw new ModelRefusalError({
      code: 'INSUFFICIENT_CREDITS',
      required: amount,
      available: reach,
      shortfall: amount - reach,
    });
  }
  if (beyond > 0) expectRoom(model, beyond, request.caps);
  const pieces: Piece[] = [];
  let left = amount - beyond;
  for (const part of hold.parts) {
    const used = Math.min(left, part.amount);
    part.bucket.held -= used;
    part.amount -= used;
    left -= used;
    if (used > 0) pieces.push(pieceOf(part.bucket, used));
  }
  count(model, 'used', amount - beyond);
  freeHold(model, request.id);
  for (const piece of take(model, 'used', beyond)) {
    const same = pieces.find((before) => before.id === piece.id);
    if (same) same.amount += piece.amount;
    else pieces.push(piece);
  }
  if (request.capture !== null) {
    model.spends.set(request.cause, pieces);
    model.spendings.push({ hour: model.time, amount });
  }
  afterFreeing(model);
}

/** Pours pieces into their buckets, joining buckets when there are too many; then what came in pays debt. */
export function give(model: Model, total: string, pieces: readonly Piece[]): void {
  const amount = sum(pieces);
  const balance = model.buckets.reduce((all, bucket) => all + bucket.free + bucket.held, 0);
  if (balance + amount > BALANCE_MAX) {
    throw new ModelRefusalError({ code: 'BALANCE_LIMIT_EXCEEDED', limit: BALANCE_MAX });
  }
  const isBought =
    total === 'purchased' &&
    pieces.every(
      ({ category, expires, priority }) =>
        category === 'paid' && priority === 50 && expires === Infinity,
    );
  const room = isBought ? GRANTS_MAX + 1 : Math.max(GRANTS_MAX, model.buckets.length);
  for (const piece of pieces) open(model, piece).free += piece.amount;
  count(model, total, amount);
  while (model.buckets.length > room) joinOldestPair(model);
  payDebt(model);
}

function payDebt(model: Model): void {
  const paid = Math.min(model.debt, available(model));
  model.debt -= paid;
  take(model, 'reversed', paid);
}

function afterFreeing(model: Model): void {
  for (const bucket of model.buckets.filter((each) => each.expires <= model.time)) {
    count(model, 'expired', bucket.free);
    bucket.free = 0;
  }
  sweep(model);
  payDebt(model);
}

function freeHold(model: Model, id: string): void {
  for (const { bucket, amount } of model.holds.get(id)?.parts ?? []) {
    bucket.held -= amount;
    bucket.free += amount;
  }
  model.holds.delete(id);
}

function joinOldestPair(model: Model): void {
  const oldest = model.buckets.toSorted((a, b) =>
    compare([a.granted, ...rank(a)], [b.granted, ...rank(b)]),
  );
  for (const [index, young] of oldest.entries()) {
    const old = oldest.slice(0, index).find((before) => termsOf(before) === termsOf(young));
    if (!old) continue;
    old.free += young.free;
    old.held += young.held;
    model.buckets = model.buckets.filter((bucket) => bucket !== young);
    for (const { parts } of model.holds.values()) {
      for (const part of parts) if (part.bucket === young) part.bucket = old;
    }
    return;
  }
  throw new ModelRefusalError({ code: 'TOO_MANY_GRANTS', limit: GRANTS_MAX });
}

/** The bucket of a piece, opened again when it was emptied before. */
function open(model: Model, piece: Piece): Bucket {
  const there = model.buckets.find((bucket) => bucket.id === piece.id);
  if (there) return there;
  const { id, category, priority, expires, granted } = piece;
  const bucket = { id, category, priority, expires, granted, free: 0, held: 0 };
  model.buckets.push(bucket);
  return bucket;
}

/** Pieces as they may come back now: those past their expiry live on for the days of grace. */
function revived(
  model: Model,
  pieces: readonly Piece[],
  grace: { readonly grace: number; readonly newId: (part: number) => string },
): Piece[] {
  return pieces.map((piece, part) =>
    piece.expires <= model.time
      ? { ...piece, id: grace.newId(part), expires: grace.grace }
      : { ...piece },
  );
}

function sweep(model: Model): void {
  model.buckets = model.buckets.filter((bucket) => bucket.free + bucket.held > 0);
}

function count(model: Model, total: string, amount: number): void {
  model.totals.set(total, (model.totals.get(total) ?? 0) + amount);
}
