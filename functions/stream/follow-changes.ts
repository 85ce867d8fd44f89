import { alertRefs, followWallets, type WalletChange } from '#lib/alerts/follow-wallets';
import type { WalletRef } from '#lib/ledger/wallet';
import type { LedgerStore } from '#lib/ports';
import type { TopUpQueue } from '#lib/topups/top-up-queue';
import { isTopUpWanted, topUpRefs } from '#lib/topups/wanted-top-ups';

/** Something to tell, and the record that says so. */
export interface Told<T> {
  readonly index: number;
  readonly value: T;
}

/** The first record that was not told completely. */
export interface Failure {
  readonly index: number;
  readonly cause: unknown;
}

/** A change of a wallet, and when the table was written. */
export type TimedChange = WalletChange & { readonly at: Date };

export interface FollowDependencies {
  readonly store: Pick<LedgerStore, 'load' | 'write'>;
  readonly topUps: TopUpQueue;
}

/** Two records of each wallet and a setting are read at once: no more than one read can bring. */
const WALLETS_READ_MAX = 49;

/**
 * Follows wallets through a batch: what crosses its threshold is noted, and what wants to be topped up is asked to be
 * looked at. Each wallet's changes go in their order, so that a balance that falls, rises and falls again is told so.
 */
export async function followChanges(
  deps: FollowDependencies,
  changes: readonly Told<TimedChange>[],
): Promise<Failure | null> {
  const names = [...new Set(changes.map(({ value }) => nameOf(value.after)))];
  for (let start = 0; start < names.length; start += WALLETS_READ_MAX) {
    const group = new Set(names.slice(start, start + WALLETS_READ_MAX));
    const failure = await followGroup(
      deps,
      changes.filter(({ value }) => group.has(nameOf(value.after))),
    );
    // The groups share the batch: what comes before the failure in another one comes again, and changes nothing.
    if (failure) return { ...failure, index: start === 0 ? failure.index : 0 };
  }
  return null;
}

/** Asks for a look at each wallet once, whatever number of records want it. */
export async function wakeTopUps(
  topUps: TopUpQueue,
  wallets: readonly Told<WalletRef>[],
): Promise<Failure | null> {
  const woken = new Set<string>();
  for (const { index, value } of wallets) {
    if (woken.has(nameOf(value))) continue;
    woken.add(nameOf(value));
    try {
      await topUps.send(value);
    } catch (cause) {
      return { index, cause };
    }
  }
  return null;
}

async function followGroup(
  { store, topUps }: FollowDependencies,
  changes: readonly Told<TimedChange>[],
): Promise<Failure | null> {
  let index = changes[0]?.index ?? 0;
  const wallets = [
    ...new Map(changes.map(({ value }) => [nameOf(value.after), refOf(value.after)])).values(),
  ];
  const low = new Map<string, Told<WalletRef>>();
  try {
    const read = await store.load([...alertRefs(wallets), ...topUpRefs(wallets)]);
    const noteCrossing = followWallets(store, { wallets, read });
    for (const change of changes) {
      ({ index } = change);
      const { after, at } = change.value;
      await noteCrossing(change.value);
      // As it was last: what has come in since is no reason to buy.
      const isWanted = isTopUpWanted(read, { after, at: at.toISOString() });
      if (isWanted) low.set(nameOf(after), { index, value: refOf(after) });
      else low.delete(nameOf(after));
    }
  } catch (cause) {
    return { index, cause };
  }
  return wakeTopUps(topUps, [...low.values()]);
}

function refOf({ creditType, userId }: WalletRef): WalletRef {
  return { userId, creditType };
}

function nameOf({ creditType, userId }: WalletRef): string {
  return `${userId}#${creditType}`;
}
