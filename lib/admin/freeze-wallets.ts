import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { type CreditType, CREDIT_TYPES } from '#lib/contract/credit-types';
import type { Command, Refusal } from '#lib/ledger/decision';
import { type Entry, entryId } from '#lib/ledger/entry';
import { freeze, unfreeze } from '#lib/ledger/freeze';
import { type Head, isFrozen } from '#lib/ledger/wallet';
import { type Committed, ContentionError, type LedgerStore } from '#lib/ports';

const ATTEMPTS_MAX = 10;

export interface FreezeInput {
  readonly userId: string;
  readonly freeze: boolean;
  /** One wallet, or every wallet that the account has or can have. */
  readonly creditType: CreditType | null;
  /** Its description is the reason. */
  readonly command: Command;
  readonly audit: AuditContext;
}

export type FreezeOutcome =
  | { readonly kind: 'done' | 'replayed'; readonly entries: readonly Entry[] }
  | { readonly kind: 'refused'; readonly code: 'ALREADY_FROZEN' | 'NOT_FROZEN' }
  | { readonly kind: 'reused' }
  | { readonly kind: 'missing' };

/**
 * Freezes or releases a wallet, or all of an account in one transaction, with the audit record in it. The first wallet's
 * entry has the request's cause; the others' follow from it, because a request's cause stands for all of a user's.
 */
export async function freezeWallets(
  ledger: Pick<LedgerStore, 'load' | 'loadEntry' | 'loadHead' | 'loadHeads' | 'run'>,
  input: FreezeInput,
): Promise<FreezeOutcome> {
  const { command, creditType, userId } = input;
  const types = creditType === null ? CREDIT_TYPES : [creditType];
  const known = (await ledger.loadHeads(userId)).length > 0;
  const account = { record: 'account', id: { userId } } as const;
  if (!known && !(await ledger.load([account]))('account', account.id)) return { kind: 'missing' };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const first = entryId({ userId, creditType: types[0] }, command.cause);
    const done = await ledger.loadEntry({ userId, entryId: first });
    if (done) return repeated(ledger, input, done);
    const heads = await Promise.all(
      types.map((type) => ledger.loadHead({ userId, creditType: type })),
    );
    const [head, ...others] = heads.filter((each) => isFrozen(each) !== input.freeze);
    if (!head) return { kind: 'refused', code: input.freeze ? 'ALREADY_FROZEN' : 'NOT_FROZEN' };
    let made: readonly Committed[] = [];
    const outcome = await ledger.run<Refusal>({
      wallets: [head, ...others],
      cause: command.cause,
      fingerprint: command.fingerprint ?? null,
      decide: ({ heads: fresh }) => {
        const decisions: Committed[] = [];
        for (const each of fresh) {
          const decision = decide(each, input, decisions[0]?.entry ?? null);
          if (!decision.ok) return decision;
          decisions.push(decision);
        }
        made = decisions;
        return { ok: true, decisions, writes: [recordOf(input, fresh)] };
      },
    });
    if (outcome.kind === 'committed') {
      return { kind: 'done', entries: made.map(({ entry }) => entry) };
    }
    // Somebody has frozen or released one of them since, or this very request was done: look again.
  }
  throw new ContentionError('freezes of one account raced past the bound');
}

function decide(head: Head, input: FreezeInput, first: Entry | null) {
  const cause = first === null ? input.command.cause : followingCause(first);
  const command = { ...input.command, cause };
  return input.freeze ? freeze(head, command) : unfreeze(head, command);
}

function followingCause(first: Entry): string {
  return `account:${first.id}`;
}

/** The first answer again: the entries that it made, found by their causes. */
async function repeated(
  ledger: Pick<LedgerStore, 'loadEntry'>,
  { command, userId }: FreezeInput,
  first: Entry,
): Promise<FreezeOutcome> {
  if (first.fingerprint !== (command.fingerprint ?? null)) return { kind: 'reused' };
  const following = await Promise.all(
    CREDIT_TYPES.map((creditType) =>
      ledger.loadEntry({ userId, entryId: entryId({ userId, creditType }, followingCause(first)) }),
    ),
  );
  return { kind: 'replayed', entries: [first, ...following.filter((entry) => entry !== null)] };
}

function recordOf({ audit, command, freeze: frozen, userId }: FreezeInput, heads: readonly Head[]) {
  const credit_types = heads.map(({ creditType }) => creditType);
  return auditWrite(audit, {
    action: frozen ? 'freezeUser' : 'unfreezeUser',
    userId,
    before: { credit_types, frozen: !frozen },
    after: { credit_types, frozen },
    reason: command.description,
  });
}
