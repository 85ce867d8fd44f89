import { advance } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post, refuse } from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { add } from '#lib/ledger/inflow';
import { checkAmount } from '#lib/ledger/limits';
import { insufficient } from '#lib/ledger/spend';
import type { GrantTerms, Head } from '#lib/ledger/wallet';

/** A person's correction: positive adds a grant, negative takes in burn order and never below zero (DESIGN 3.7). */
export function adjust(
  head: Head,
  command: Command & { readonly amount: number; readonly terms: Omit<GrantTerms, 'grantedAt'> },
): Decision {
  const { amount, terms, ...draft } = command;
  checkAmount(Math.abs(amount));
  if (amount > 0) return add(head, { ...draft, ...terms, amount, type: 'adjustment' });
  const posting = advance(head, command.now);
  const refusal = insufficient(posting.head, -amount);
  if (refusal) return refuse(refusal);
  const draws = drawInBurnOrder(posting.head, -amount);
  return decided(post(posting, { ...draft, type: 'adjustment', draws }), command);
}
