import { invariant } from '#lib/invariant';
import { add } from '#lib/ledger/inflow';
import type { Entry } from '#lib/ledger/entry';
import type { Account } from '#lib/accounts/account';
import type { LedgerStore, Reader } from '#lib/ports';
import { settingOf } from '#lib/settings/settings';
import { addMonths } from '#lib/subscriptions/months';
import { freeSubscription } from '#lib/subscriptions/subscription';

export interface Registration {
  readonly userId: string;
  readonly email: string | null;
  readonly now: string;
  readonly actor: string;
  /** Names the request that registers, where a caller can repeat it. */
  readonly fingerprint: string | null;
}

export interface RegistrationOutcome {
  /** `replayed`: the same request again. `existing`: the user was there before, and nothing changed. */
  readonly kind: 'registered' | 'replayed' | 'existing';
  readonly account: Account;
  /** The signup bonus; null where the setting gives none. */
  readonly entry: Entry | null;
}

const SETTING = { key: 'signup_bonus' } as const;

/**
 * Makes a user's account with the signup bonus, in one transaction and once for ever: the bonus has the cause
 * `signup`, whoever registers the user and however often. The months of FREE begin with it.
 */
export async function registerAccount(
  ledger: LedgerStore,
  registration: Registration,
): Promise<RegistrationOutcome> {
  const { userId, email, now, actor, fingerprint } = registration;
  const id = { userId };
  const account = { userId, email, createdAt: now };
  const write = { record: 'account', id, value: account, version: null } as const;
  const free = freeSubscription({ userId, now, periodEnd: addMonths(now, 1) });
  // A backend may have sold a plan before it registers the user.
  const writesAfter = (fresh: Reader) =>
    [
      write,
      ...(fresh('subscription', id)
        ? []
        : [{ record: 'subscription', id, value: free, version: null } as const]),
    ] as const;

  const read = await ledger.load([
    { record: 'account', id },
    { record: 'subscription', id },
    { record: 'setting', id: SETTING },
  ]);
  const bonus = settingOf('signup_bonus', read('setting', SETTING));
  if (bonus === 0) {
    const made = !read('account', id) && (await ledger.write(writesAfter(read)));
    if (made) return { kind: 'registered', account, entry: null };
    return { kind: 'existing', account: await existingAccount(ledger, account), entry: null };
  }

  const outcome = await ledger.run({
    wallets: [{ userId, creditType: 'general' }],
    cause: 'signup',
    fingerprint,
    reads: [
      { record: 'account', id },
      { record: 'subscription', id },
    ],
    decide: ({ heads: [head], read: fresh }) => {
      // Somebody who was registered while there was no bonus does not get one by registering again.
      if (fresh('account', id)) return { ok: false, refusal: 'existing' };
      const terms = { category: 'promotional', priority: 50, expiresAt: null } as const;
      const command = { now, actor, fingerprint, cause: 'signup', description: 'Signup bonus' };
      const decision = add(head, { ...command, ...terms, type: 'bonus', amount: bonus });
      invariant(decision.ok, 'a new wallet has room for a signup bonus');
      return { ok: true, decisions: [decision], writes: writesAfter(fresh) };
    },
  });
  if (outcome.kind === 'committed') return { kind: 'registered', account, entry: outcome.entry };
  const same = outcome.kind === 'replayed' && fingerprint !== null;
  return {
    kind: same ? 'replayed' : 'existing',
    account: await existingAccount(ledger, account),
    entry: outcome.kind === 'refused' ? null : outcome.entry,
  };
}

async function existingAccount(ledger: LedgerStore, wanted: Account): Promise<Account> {
  const id = { userId: wanted.userId };
  const read = await ledger.load([{ record: 'account', id }]);
  return read('account', id)?.value ?? wanted;
}
