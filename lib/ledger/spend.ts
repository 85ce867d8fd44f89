import { advance } from '#lib/ledger/advance';
import {
  type Command,
  type Decision,
  decided,
  post,
  type Posting,
  type Refusal,
  refuse,
} from '#lib/ledger/decision';
import { drawInBurnOrder } from '#lib/ledger/draws';
import { checkAmount } from '#lib/ledger/limits';
import { capRefusal, type SpendingCap } from '#lib/ledger/spending-cap';
import { availableOf, type Head, isFrozen } from '#lib/ledger/wallet';

/** What spends, now or later: every command that does must say which caps hold for the wallet. */
export interface SpendCommand extends Command {
  readonly amount: number;
  readonly caps: readonly SpendingCap[];
}

/** Takes `amount` credits out of a wallet in burn order: all of them or none (DESIGN 3.4, 3.7). */
export function spend(head: Head, command: SpendCommand): Decision {
  const { amount, caps, ...draft } = command;
  checkAmount(amount);
  const posting = advance(head, command.now);
  const refusal = spendRefusal(posting, { amount, caps });
  if (refusal) return refuse(refusal);
  const draws = drawInBurnOrder(posting.head, amount);
  return decided(post(posting, { ...draft, type: 'usage', draws }), command);
}

/** Why a wallet that is advanced to now cannot spend so much, or null: what waiting does not mend comes first. */
export function spendRefusal(
  posting: Pick<Posting, 'head' | 'now'>,
  wanted: Pick<SpendCommand, 'amount' | 'caps'>,
): Refusal | null {
  return outflowRefusal(posting.head, wanted.amount) ?? capRefusal(posting, wanted);
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
