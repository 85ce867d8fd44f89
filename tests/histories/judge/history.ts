/*
 * What a run leaves for its judge: who asked for what and when, what they were told, and what the ledger holds in the
 * end. Nothing in this folder imports anything of the product (`tests/style/import-rules.ts` holds it to that), so what
 * the judge and the ledger agree on is no accident.
 */

/** `ann/general`: whose credits, and what for. */
export type WalletName = string;

/** One entry of the ledger, as its item says. */
export interface Entry {
  readonly wallet: WalletName;
  readonly id: string;
  readonly seq: number;
  readonly type: string;
  readonly amount: number;
  readonly before: number;
  readonly cause: string;
  readonly createdAt: string;
  readonly debt: number;
  readonly debtChange: number;
  readonly forgiven: number;
  readonly draws: readonly Draw[];
  readonly hold: {
    readonly id: string;
    readonly action: string;
    readonly expiresAt: string;
  } | null;
  /** Two grants that became one. */
  readonly merged: readonly { readonly from: string; readonly into: string }[];
  readonly reference: { readonly type: string; readonly id: string } | null;
}

export interface Draw {
  readonly grant: string;
  readonly amount: number;
  readonly held: number;
  readonly expiresAt: string | null;
}

/** A wallet's head item: what every decision starts from. */
export interface Head {
  readonly wallet: WalletName;
  readonly version: number;
  readonly balance: number;
  readonly debt: number;
}

/** One entry that an operation is to make, if it is done. Its cause names it: one cause, one entry, for ever. */
export interface Intent {
  readonly wallet: WalletName;
  readonly cause: string;
  readonly type: string;
  /** With its sign; null where the ledger knows it and the caller does not (all that is left of a spend). */
  readonly amount: number | null;
}

/** What is wanted. Attempts of one operation share its key, so that it may happen once, and need not. */
export interface Operation {
  readonly id: number;
  readonly kind: string;
  readonly intents: readonly Intent[];
  /** The spend that a refund gives back. */
  readonly refunds?: string;
  /** The hold that a capture or a release ends. */
  readonly hold?: string;
  /** When what it brings in is over. */
  readonly expiresAt?: string;
  /** Whose wallet a transfer goes to. */
  readonly receiver?: WalletName;
  /** How often a code may be redeemed by everybody together. */
  readonly usesMax?: number;
  /** What a provider told of a purchase. */
  readonly payment?: PaymentFact;
}

export interface PaymentFact {
  readonly purchase: string;
  readonly credits: number;
  readonly paidMinor: number;
  readonly fact:
    | { readonly kind: 'paid' }
    | { readonly kind: 'refunded'; readonly id: string; readonly minor: number }
    | { readonly kind: 'disputed' | 'dispute_won' };
}

/** One try. Steps are one clock for the whole run: what returned at a lower step than another began came before it. */
export interface Attempt {
  readonly operation: number;
  readonly client: number;
  readonly invoked: number;
  readonly returned: number;
  /** The time of the function that served it. */
  readonly now: string;
  readonly answer: Answer;
}

/** An entry that an answer tells of. */
export interface Told {
  readonly wallet: WalletName;
  readonly id: string;
  readonly seq: number;
  readonly amount: number;
  readonly after: number;
}

export type Answer =
  /** Done, now or by an earlier attempt; an acknowledged event tells of no entry. */
  | { readonly kind: 'done'; readonly entries: readonly Told[]; readonly received?: string }
  | {
      readonly kind: 'balance';
      readonly wallet: WalletName;
      readonly version: number;
      readonly balance: number;
      readonly held: number;
      readonly available: number;
      readonly debt: number;
    }
  | {
      readonly kind: 'page';
      readonly wallet: WalletName;
      readonly asOf: number;
      readonly total: number;
      readonly entries: readonly Told[];
    }
  | {
      readonly kind: 'refused';
      readonly wallet: WalletName;
      readonly code: string;
      readonly required?: number;
      readonly available?: number;
      readonly refundable?: number;
    }
  /** The answer was lost, or the function ended: it may have happened or not, or be about to. */
  | { readonly kind: 'unknown' }
  /** What no caller should see. */
  | { readonly kind: 'unexpected'; readonly detail: string };

export interface History {
  readonly operations: readonly Operation[];
  /** In the order in which they returned. */
  readonly attempts: readonly Attempt[];
  readonly entries: readonly Entry[];
  readonly heads: readonly Head[];
}

export interface Problem {
  readonly code: string;
  readonly detail: string;
}
