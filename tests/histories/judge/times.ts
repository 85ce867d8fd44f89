import type { Case } from '#tests/histories/judge/chain';
import type { Attempt, Entry, WalletName } from '#tests/histories/judge/history';

/** Who could know what at which step. */
export interface Times {
  /** The step at which an entry was first asked for; null for what nobody asked for. */
  readonly askedAt: (entry: Entry) => number | null;
  /** The newest entry of a wallet that somebody had been told of before a step. */
  readonly knownAt: (wallet: WalletName, step: number) => number;
  /** The newest entry of a wallet that may have been there by a step. */
  readonly newestBefore: (wallet: WalletName, step: number) => number;
}

export function openTimes(found: Case): Times {
  const firstAsked = new Map<number, number>();
  for (const { operation, invoked } of found.attempts) {
    firstAsked.set(operation, Math.min(invoked, firstAsked.get(operation) ?? Infinity));
  }
  const firstAskedFor = (entry: Entry): number | null => {
    const asked = found
      .authorsOf(entry)
      .filter(
        ({ payment }) => !payment || entry.type !== 'purchase' || payment.fact.kind === 'paid',
      )
      .map(({ id }) => firstAsked.get(id) ?? Infinity);
    return asked.length === 0 ? null : Math.min(...asked);
  };
  const asked = new Map(found.entries.map((entry) => [entry, firstAskedFor(entry)]));
  const askedAt = (entry: Entry): number | null => asked.get(entry) ?? null;
  const known = knowledgeOf(found);
  return {
    askedAt,
    knownAt: (wallet, step) => {
      const told = known.get(wallet) ?? [];
      // The last one that was told before this step holds the highest number until then.
      let [low, high] = [0, told.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((told[middle]?.step ?? Infinity) < step) low = middle + 1;
        else high = middle;
      }
      return told[low - 1]?.seq ?? 0;
    },
    newestBefore: (wallet, step) => {
      const { entries } = found.chainOf(wallet);
      // What time alone adds comes in the transaction of an entry that somebody asked for, or of a sweep: behind the
      // last entry asked for by then, it may be there.
      const next = entries.findLastIndex((entry) => {
        const asked = askedAt(entry);
        return asked !== null && asked < step;
      });
      const later = entries.findIndex((entry, at) => at > next && askedAt(entry) !== null);
      return later === -1 ? entries.length : later;
    },
  };
}

type Knowledge = ReadonlyMap<
  WalletName,
  readonly { readonly step: number; readonly seq: number }[]
>;

/** For each wallet the highest number that anybody had been told, by the step at which it rose. */
function knowledgeOf(found: Case): Knowledge {
  const known = new Map<WalletName, { step: number; seq: number }[]>();
  for (const attempt of found.attempts.toSorted((a, b) => a.returned - b.returned)) {
    for (const { wallet, seq } of toldBy(found, attempt)) {
      const told = known.get(wallet) ?? [];
      if (seq > (told.at(-1)?.seq ?? 0)) told.push({ step: attempt.returned, seq });
      known.set(wallet, told);
    }
  }
  return known;
}

function toldBy(
  found: Case,
  { answer, operation }: Attempt,
): readonly { readonly wallet: WalletName; readonly seq: number }[] {
  switch (answer.kind) {
    case 'balance':
      return [{ wallet: answer.wallet, seq: answer.version }];
    case 'page':
      return [{ wallet: answer.wallet, seq: answer.asOf }];
    case 'done': {
      const received = found.entryById.get(answer.received ?? '');
      const { payment } = found.operation(operation);
      const bought =
        payment?.fact.kind === 'paid'
          ? found.entries.filter(({ cause }) => cause === `purchase:${payment.purchase}`)
          : [];
      return [...answer.entries, ...(received ? [received] : []), ...bought];
    }
    case 'refused':
    case 'unknown':
    case 'unexpected':
      return [];
  }
}
