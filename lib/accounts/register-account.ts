import { invariant } from '#lib/invariant';
import { add } from '#lib/ledger/inflow';
import { type Entry, entryId } from '#lib/ledger/entry';
import type { Account } from '#lib/accounts/account';
import { ContentionError, type LedgerStore, type Reader } from '#lib/ports';
import {
  type KeyedRequest,
  requestOf,
  requestRefs,
  requestWrites,
} from '#lib/requests/request-record';
import { settingOf } from '#lib/settings/settings';
import { addMonths } from '#lib/subscriptions/months';
import { freeSubscription } from '#lib/subscriptions/subscription';

/** Who is registered by whom, and by which request, where a caller can repeat it. */
export type Registration = (KeyedRequest | { readonly fingerprint: null }) & {
  readonly userId: string;
  readonly email: string | null;
  readonly now: string;
  readonly actor: string;
};

export type RegistrationOutcome =
  | {
      /** `replayed`: the same request again. `existing`: the user was there before, and nothing changed. */
      readonly kind: 'registered' | 'replayed' | 'existing';
      readonly account: Account;
      /** The signup bonus; null where the setting gives none. */
      readonly entry: Entry | null;
    }
  /** The Idempotency-Key has registered somebody else, or the same user otherwise. */
  | { readonly kind: 'reused'; readonly entry: null };

type Store = Pick<LedgerStore, 'load' | 'loadEntry' | 'run' | 'write'>;

const SETTING = { key: 'signup_bonus' } as const;
const SIGNUP = 'signup';
const RACES_MAX = 5;

/**
 * Makes a user's account with the signup bonus, in one transaction and once for ever: the bonus has the cause
 * `signup`, whoever registers the user and however often. The months of FREE begin with it.
 */
export async function registerAccount(
  ledger: Store,
  registration: Registration,
): Promise<RegistrationOutcome> {
  const id = { userId: registration.userId };
  const refs = [
    { record: 'account', id },
    { record: 'subscription', id },
    ...requestRefs(requestIn(registration)),
  ] as const;
  for (let race = 0; race < RACES_MAX; race += 1) {
    const read = await ledger.load([...refs, { record: 'setting', id: SETTING }]);
    const bonus = settingOf('signup_bonus', read('setting', SETTING));
    if (bonus > 0) return registerWithBonus(ledger, registration, { bonus, refs });
    if (isTaken(read, registration)) return standing(ledger, registration);
    if (await ledger.write(writesOf(read, registration))) {
      return { kind: 'registered', account: accountOf(registration), entry: null };
    }
  }
  throw new ContentionError('the records of one registration changed each time');
}

async function registerWithBonus(
  ledger: Store,
  registration: Registration,
  { bonus, refs }: { readonly bonus: number; readonly refs: Parameters<Store['load']>[0] },
): Promise<RegistrationOutcome> {
  const { actor, now, userId } = registration;
  const outcome = await ledger.run<'taken'>({
    wallets: [{ userId, creditType: 'general' }],
    cause: SIGNUP,
    fingerprint: null,
    reads: refs,
    decide: ({ heads: [head], read }) => {
      // Somebody who was registered while there was no bonus does not get one by registering again.
      if (isTaken(read, registration)) return { ok: false, refusal: 'taken' };
      const terms = { category: 'promotional', priority: 50, expiresAt: null } as const;
      const command = { now, actor, cause: SIGNUP, description: 'Signup bonus' };
      const decision = add(head, { ...command, ...terms, type: 'bonus', amount: bonus });
      invariant(decision.ok, 'a new wallet has room for a signup bonus');
      return { ok: true, decisions: [decision], writes: writesOf(read, registration) };
    },
  });
  if (outcome.kind !== 'committed') return standing(ledger, registration);
  return { kind: 'registered', account: accountOf(registration), entry: outcome.entry };
}

function isTaken(read: Reader, registration: Registration): boolean {
  const { userId } = registration;
  return read('account', { userId }) !== null || requestOf(read, requestIn(registration)) !== null;
}

function writesOf(read: Reader, registration: Registration) {
  const { now, userId } = registration;
  const id = { userId };
  const free = freeSubscription({ userId, now, periodEnd: addMonths(now, 1) });
  return [
    { record: 'account', id, value: accountOf(registration), version: null },
    // A backend may have sold a plan before it registers the user.
    ...(read('subscription', id)
      ? []
      : [{ record: 'subscription', id, value: free, version: null } as const]),
    ...requestWrites(requestIn(registration), now),
  ] as const;
}

/** What is there already: read after whatever told that there is something, because a batch of reads is no snapshot. */
async function standing(
  ledger: Pick<Store, 'load' | 'loadEntry'>,
  registration: Registration,
): Promise<RegistrationOutcome> {
  const { userId } = registration;
  const id = { userId };
  const request = requestIn(registration);
  const [read, entry] = await Promise.all([
    ledger.load([{ record: 'account', id }, ...requestRefs(request)]),
    ledger.loadEntry({ userId, entryId: entryId({ userId, creditType: 'general' }, SIGNUP) }),
  ]);
  const keyed = requestOf(read, request);
  if (keyed && !keyed.isSame) return { kind: 'reused', entry: null };
  const account = read('account', id)?.value ?? accountOf(registration);
  return { kind: keyed ? 'replayed' : 'existing', account, entry };
}

function accountOf({ email, now, userId }: Registration): Account {
  return { userId, email, createdAt: now };
}

/** Without a key it is nobody's to repeat. */
function requestIn(registration: Registration): KeyedRequest {
  return { cause: SIGNUP, ...registration };
}
