import { invariant } from '#lib/invariant';
import { advance } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post, type Refusal } from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { type Draw, type Entry, entryId } from '#lib/ledger/entry';
import { bringIn, grantIdOf } from '#lib/ledger/inflow';
import { checkAmount } from '#lib/ledger/limits';
import { outflowRefusal } from '#lib/ledger/spend';
import { type Head, isFrozen, type WalletRef } from '#lib/ledger/wallet';

type Moved = Extract<Decision, { readonly ok: true }>;

export type TransferDecision =
  | { readonly ok: true; readonly from: Moved; readonly to: Moved }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Moves credits between two users' wallets of one type. What moves keeps its category, priority, expiry and age:
 * promotional credits do not become bought ones by changing hands.
 */
export function transfer(
  heads: { readonly from: Head; readonly to: Head },
  command: Command & { readonly amount: number },
): TransferDecision {
  const { amount, ...draft } = command;
  checkAmount(amount);
  invariant(heads.from.creditType === heads.to.creditType, 'a transfer keeps the credit type');
  if (heads.from.userId === heads.to.userId) return denied({ code: 'SELF_TRANSFER' });
  // Credits come into a frozen wallet from outside, but no user's are sent where they could not be used.
  if (isFrozen(heads.to)) return denied({ code: 'WALLET_FROZEN' });
  // One instant for both sides: what has not expired for the giver has not expired for the receiver.
  const { updatedAt } = heads.to;
  const source = advance(heads.from, command.now > updatedAt ? command.now : updatedAt);
  const refusal = outflowRefusal(source.head, amount);
  if (refusal) return denied(refusal);

  const draws = drawInBurnOrder(source.head, amount);
  const from = decided(
    post(source, {
      ...draft,
      type: 'transfer_out',
      draws,
      reference: { type: 'user', id: heads.to.userId },
    }),
    command,
  );
  const cause = receivedCause(from.entry);
  const id = receivedEntryId(heads.to, from.entry);
  const moved = draws.map((draw, part): Draw => ({
    ...draw,
    grantId: grantIdOf(id, part),
    amount: -draw.amount,
  }));
  const reference = { type: 'user', id: heads.from.userId };
  const to = bringIn(advance(heads.to, source.now), {
    ...draft,
    cause,
    type: 'transfer_in',
    draws: moved,
    reference,
  });
  return to.ok ? { ok: true, from, to } : to;
}

/** The id of the receiver's entry, which follows from the sender's. */
export function receivedEntryId(to: WalletRef, sent: Pick<Entry, 'id'>): string {
  return entryId(to, receivedCause(sent));
}

/** A caller's key stands for one transfer of one sender: two senders may use the same, and meet in one receiver. */
function receivedCause(sent: Pick<Entry, 'id'>): string {
  return `transfer:${sent.id}`;
}

function denied(refusal: Refusal): TransferDecision {
  return { ok: false, refusal };
}
