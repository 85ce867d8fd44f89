import type * as wire from '#lib/contract/wire';
import type { Wire } from '#lib/http/endpoint';
import { entryOf, movementAnswer } from '#lib/http/movement';
import { toCreditType } from '#lib/http/wallet-resource';
import type { Entry } from '#lib/ledger/entry';
import type { Outcome } from '#lib/ports';
import { type HoldRecord, stateOf } from '#lib/wallets/hold';
import type { WalletRefusal } from '#lib/wallets/refusal';

/** A hold as the API shows it at an instant. */
export function toHold(hold: HoldRecord, now: string): Wire<typeof wire.hold> {
  const state = stateOf(hold, now);
  return {
    hold_id: hold.id,
    user_id: hold.userId,
    credit_type: toCreditType(hold.creditType),
    state,
    amount: hold.amount,
    captured: hold.end?.captured ?? 0,
    description: hold.description,
    reference: hold.reference,
    metadata: hold.metadata,
    created_at: hold.createdAt,
    expires_at: hold.expiresAt,
    ended_at: hold.end?.at ?? (state === 'expired' ? hold.expiresAt : null),
    transaction_id: hold.entryId,
  };
}

/** The answer to a command about a hold: its entry, and the hold as that entry left it. Throws as `entryOf` does. */
export function holdAnswer(
  outcome: Outcome<WalletRefusal>,
  holdAfter: (entry: Entry) => HoldRecord,
): {
  readonly status: 201;
  readonly body: Wire<typeof wire.holdMovement>;
  readonly replayed: boolean;
} {
  const entry = entryOf(outcome);
  const { body, ...answer } = movementAnswer(outcome);
  return { ...answer, body: { ...body, hold: toHold(holdAfter(entry), entry.createdAt) } };
}
