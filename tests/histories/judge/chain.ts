import type { Entry, History, Operation, WalletName } from '#tests/histories/judge/history';
import { EMPTY, type State, stateAfter } from '#tests/histories/judge/wallet-state';

/** A wallet's entries in their order, and what it was after each: `states[n]` after entry n, `states[0]` before all. */
export interface Chain {
  readonly wallet: WalletName;
  readonly entries: readonly Entry[];
  readonly states: readonly State[];
}

/** A history with what every check looks up in it. */
export interface Case extends History {
  readonly chains: ReadonlyMap<WalletName, Chain>;
  readonly chainOf: (wallet: WalletName) => Chain;
  /** The entry of a cause in a wallet. */
  readonly entryOf: (intent: {
    readonly wallet: WalletName;
    readonly cause: string;
  }) => Entry | undefined;
  readonly entryById: ReadonlyMap<string, Entry>;
  readonly operation: (id: number) => Operation;
  /** Who may have made an entry: the operations that meant it. */
  readonly authorsOf: (entry: Entry) => readonly Operation[];
}

export function openCase(history: History): Case {
  const chains = new Map<WalletName, Chain>();
  for (const [wallet, entries] of Map.groupBy(history.entries, (entry) => entry.wallet)) {
    const inOrder = entries.toSorted((a, b) => a.seq - b.seq);
    const states = [EMPTY];
    for (const entry of inOrder) states.push(stateAfter(states.at(-1) ?? EMPTY, entry));
    chains.set(wallet, { wallet, entries: inOrder, states });
  }
  const byCause = new Map(history.entries.map((entry) => [causeKey(entry), entry]));
  const entryById = new Map(history.entries.map((entry) => [entry.id, entry]));
  const operations = new Map(history.operations.map((operation) => [operation.id, operation]));
  const intended = Map.groupBy(
    history.operations.flatMap((operation) =>
      operation.intents.map((intent) => ({ key: causeKey(intent), operation })),
    ),
    ({ key }) => key,
  );
  const byPurchase = Map.groupBy(history.operations, ({ payment }) => payment?.purchase);
  const authorsOf = (entry: Entry): readonly Operation[] => {
    const own = intended.get(causeKey(entry))?.map(({ operation }) => operation);
    if (own) return own;
    if (entry.reference?.type === 'purchase') return byPurchase.get(entry.reference.id) ?? [];
    const [, sent] = /^transfer:(.+)$/.exec(entry.cause) ?? [];
    const other = sent === undefined ? undefined : entryById.get(sent);
    return other ? authorsOf(other).filter(({ receiver }) => receiver === entry.wallet) : [];
  };
  return {
    ...history,
    chains,
    chainOf: (wallet) => chains.get(wallet) ?? { wallet, entries: [], states: [EMPTY] },
    entryOf: (intent) => byCause.get(causeKey(intent)),
    entryById,
    operation: (id) => {
      const found = operations.get(id);
      if (!found) throw new Error(`the history has no operation ${id}`);
      return found;
    },
    authorsOf,
  };
}

function causeKey({
  wallet,
  cause,
}: {
  readonly wallet: WalletName;
  readonly cause: string;
}): string {
  return `${wallet} ${cause}`;
}
