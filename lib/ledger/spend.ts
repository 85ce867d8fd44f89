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
import { checkAmount } from '#lib/ledger/limits';
import { availableOf, type Head, isFrozen } from '#lib/ledger/wallet';

/** Takes `amount` credits out of a wallet in burn order: all of them or none (DESIGN 3.4, 3.7). */
export function spend(head: Head, command: Command & { readonly amount: number }): Decision {
  const { amount, ...draft } = command;
  checkAmount(amount);
  const posting = advance(head, command.now);
  const refusal = outflowRefusal(posting.head, amount);
  if (refusal) return refuse(refusal);
  const draws = drawInBurnOrder(posting.head, amount);
  return decided(post(posting, { ...draft, type: 'usage', draws }), command);
}

/** Why credits cannot leave a wallet that is advanced to now, or null. */
export function outflowRefusal(head: Head, required: number): Refusal | null {
  return isFrozen(head) ? { code: 'WALLET_FROZEN' } : insufficient(head, required);
}

/** The refusal of an outflow that available credits do not cover, or null. */
export function insufficient(head: Head, required: number): Refusal | null {
  const available = availableOf(head);
  if (available >= required) return null;
  return { code: 'INSUFFICIENT_CREDITS', required, available, shortfall: required - available };
}
