import { advance } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post, type Refusal } from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { type Draw, entryId } from '#lib/ledger/entry';
import { bringIn, grantIdOf } from '#lib/ledger/inflow';
import { insufficient } from '#lib/ledger/spend';
import type { Head } from '#lib/ledger/wallet';

type Moved = Extract<Decision, { ok: true }>;

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
  if (heads.from.userId === heads.to.userId) return denied({ code: 'SELF_TRANSFER' });
  const source = advance(heads.from, command.now);
  const refusal = insufficient(source.head, amount);
  if (refusal) return denied(refusal);

  const draws = drawInBurnOrder(source.head, amount);
  const from = decided(
    post(
      source,
      { ...draft, type: 'transfer_out', draws, reference: { type: 'user', id: heads.to.userId } },
      command.now,
    ),
    command,
  );
  const id = entryId(heads.to, command.cause);
  const moved = draws.map((draw, part): Draw => ({
    ...draw,
    grantId: grantIdOf(id, part),
    amount: -draw.amount,
  }));
  const reference = { type: 'user', id: heads.from.userId };
  const to = bringIn(
    advance(heads.to, command.now),
    { ...draft, type: 'transfer_in', draws: moved, reference },
    command.now,
  );
  if (!from.ok) return from;
  return to.ok ? { ok: true, from, to } : to;
}

function denied(refusal: Refusal): TransferDecision {
  return { ok: false, refusal };
}
