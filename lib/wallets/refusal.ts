import type { Refusal } from '#lib/ledger/decision';

/** Why a command about wallets cannot be done: what the ledger refuses, and what only settings and records know. */
export type WalletRefusal =
  | Refusal
  | { readonly code: 'HOLD_TOO_LONG'; readonly limitSeconds: number }
  | { readonly code: 'HOLD_ALREADY_CAPTURED' | 'HOLD_ALREADY_RELEASED' }
  | { readonly code: 'RECEIVER_MISSING' }
  | {
      readonly code: 'TRANSFER_LIMIT_EXCEEDED';
      readonly limit: number;
      readonly remaining: number;
      /** Until the next UTC day begins. */
      readonly retryAfterSeconds: number;
    };
