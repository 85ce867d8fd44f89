import { advance } from '#lib/ledger/advance';
import {
  type Command,
  type Decision,
  decided,
  post,
  type Refusal,
  refuse,
} from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { availableOf, type Head } from '#lib/ledger/wallet';

/** Takes `amount` credits out of a wallet in burn order: all of them or none (DESIGN 3.4, 3.7). */
export function spend(head: Head, command: Command & { readonly amount: number }): Decision {
  const { head: current, entries } = advance(head, command.now);
  const refusal = insufficient(current, command.amount);
  if (refusal) return refuse(refusal);
  const draws = drawInBurnOrder(current, command.amount);
  return decided(
    post({ head: current, entries }, { ...command, type: 'usage', draws }, command.now),
    command,
  );
}

/** The refusal of an outflow that available credits do not cover, or null. */
export function insufficient(head: Head, required: number): Refusal | null {
  const available = availableOf(head);
  if (available >= required) return null;
  return { code: 'INSUFFICIENT_CREDITS', required, available, shortfall: required - available };
}
