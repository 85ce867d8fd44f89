import { advance } from '#lib/ledger/advance';
import { type Command, type Decision, decided, post, refuse } from '#lib/ledger/decision';
import { type Head, isFrozen } from '#lib/ledger/wallet';

/**
 * Freezes a wallet: nothing that its owner or the app asks for leaves it, while credits may come in, expire and be
 * taken back. One without any entry can be frozen as well, so that an account is before its credits come.
 */
export function freeze(head: Head, command: Command): Decision {
  if (isFrozen(head)) return refuse({ code: 'ALREADY_FROZEN' });
  const posting = advance(head, command.now);
  return decided(post(posting, { ...command, type: 'freeze', draws: [] }), command);
}

export function unfreeze(head: Head, command: Command): Decision {
  if (!isFrozen(head)) return refuse({ code: 'NOT_FROZEN' });
  const posting = advance(head, command.now);
  return decided(post(posting, { ...command, type: 'unfreeze', draws: [] }), command);
}
