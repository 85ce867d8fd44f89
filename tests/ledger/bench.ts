import type { Decision, Refusal } from '#lib/ledger/decision';
import type { Entry } from '#lib/ledger/entry';
import type { TransferDecision } from '#lib/ledger/transfer';
import type { WalletRef } from '#lib/ledger/wallet';
import {
  available,
  emptyModel,
  type Model,
  type ModelCaps,
  ModelRefusalError,
  tick,
} from '#tests/ledger/model';
import { ALICE, BOB, openWallet, type TestWallet } from '#tests/ledger/wallets';

export interface Payment {
  readonly id: string;
  readonly entry: Entry;
  readonly history: Entry[];
}

/** One wallet, told twice: by the ledger and by the model. */
export interface Lane {
  readonly ref: WalletRef;
  readonly wallet: TestWallet;
  model: Model;
  readonly spends: { readonly entry: Entry; refunded: number }[];
  readonly payments: Payment[];
  readonly holdIds: string[];
  /** What its operator allows now. */
  caps: ModelCaps;
}
export interface Bench {
  readonly lanes: readonly [Lane, ...Lane[]];
  clock: number;
}
/** What both said to one step: null for done. */
export interface Said {
  readonly ledger: Refusal | null;
  readonly model: Refusal | null;
}

/** Alice's wallet beside those of others. */
export function openBench(others: readonly WalletRef[] = [BOB]): Bench {
  const lane = (ref: WalletRef): Lane => ({
    ref,
    wallet: openWallet(ref),
    model: emptyModel(),
    spends: [],
    payments: [],
    holdIds: [],
    caps: {},
  });
  return { lanes: [lane(ALICE), ...others.map(lane)], clock: 0 };
}

/** Lets the model do what the ledger just did: on copies, which count only when it does not refuse. */
export function both(
  bench: Bench,
  lanes: readonly [Lane, ...Lane[]],
  decision: Decision | TransferDecision,
  act: (copies: readonly [Model, ...Model[]]) => void,
): Said {
  const ledger = decision.ok ? null : decision.refusal;
  const [first, ...others] = lanes;
  const copies = [
    structuredClone(first.model),
    ...others.map((lane) => structuredClone(lane.model)),
  ] as const;
  try {
    for (const copy of copies) tick(copy, bench.clock);
    act(copies);
  } catch (error) {
    if (!(error instanceof ModelRefusalError)) throw error;
    return { ledger, model: error.refusal };
  }
  lanes.forEach((lane, index) => {
    lane.model = copies[index] ?? lane.model;
  });
  return { ledger, model: null };
}

/** The wallet's time at this clock: it never runs backwards. */
export function timeOf(bench: Bench, lane: Lane): number {
  return Math.max(bench.clock, lane.model.time);
}

/** What can be spent now; at least 1, so that an empty wallet is asked too. */
export function availableNow(bench: Bench, lane: Lane): number {
  const copy = structuredClone(lane.model);
  tick(copy, bench.clock);
  return Math.max(1, available(copy));
}
