import { EMPTY, viewAt } from '#tests/histories/judge/wallet-state';
import { openCase } from '#tests/histories/judge/chain';
import { openTimes } from '#tests/histories/judge/times';
import type {
  Answer,
  Attempt,
  Entry,
  History,
  Intent,
  Operation,
  Told,
} from '#tests/histories/judge/history';

/** Chooses where a bug goes; throws where a history has no place for it. */
export type Choose = <T>(places: readonly T[]) => T;
type Plant = (history: History, pick: Choose) => History;

/**
 * Histories as a ledger with a bug would have left them: each bug is planted into one that was recorded, and everything
 * else is made to fit it. By the name of the bug, with what the judge has to call it.
 */
export const plantedBugs: Readonly<
  Record<string, { readonly code: string; readonly plant: Plant }>
> = {
  'a lost write': {
    code: 'LOST_WRITE',
    plant: (history, pick) => without(history, pick(toldEntries(history))),
  },
  'a lost update': {
    code: 'BROKEN_CHAIN',
    plant: (history, pick) => {
      const late = pick(history.entries.filter(({ seq, amount }) => seq > 1 && amount !== 0));
      const before = at(history, late.wallet, late.seq - 1);
      // Decided on what the one before it had found, and written over what it had left.
      const lost = before.amount === 0 ? 1 : before.amount;
      return fitted(history, (entry) =>
        entry.wallet === late.wallet && entry.seq >= late.seq
          ? { ...entry, before: entry.before - lost }
          : entry,
      );
    },
  },
  'a write applied twice': {
    code: 'DONE_TWICE',
    plant: (history, pick) => {
      const entry = pick(toldEntries(history));
      return withEntry(history, { ...entry, id: `${entry.id}_again`, seq: entry.seq + 1 });
    },
  },
  'a gap in the numbers': {
    code: 'GAP',
    plant: (history, pick) => {
      const from = pick(history.entries);
      return fitted(history, (entry) =>
        entry.wallet === from.wallet && entry.seq >= from.seq
          ? { ...entry, seq: entry.seq + 1 }
          : entry,
      );
    },
  },
  'an entry of what was refused': {
    code: 'PHANTOM',
    plant: (history, pick) => {
      const operation = pick(refusedOperations(history));
      const [intent] = operation.intents;
      if (!intent) throw new Error('an outflow means an entry');
      return withEntry(history, { ...entryOf(intent, history), id: 'txn_phantom' });
    },
  },
  'a wrong answer': {
    code: 'WRONG_ANSWER',
    plant: (history, pick) =>
      changedAnswer(history, pick(tellingAttempts(history)), (told) => ({
        ...told,
        after: told.after + 1,
      })),
  },
  'a stale read': {
    code: 'STALE_READ',
    plant: (history, pick) => {
      const found = openCase(history);
      const times = openTimes(found);
      const late = balances(history).filter(
        ({ answer, invoked }) => times.knownAt(answer.wallet, invoked) > 0,
      );
      const { attempt, answer } = pick(late);
      const version = times.knownAt(answer.wallet, attempt.invoked) - 1;
      const state = found.chainOf(answer.wallet).states[version] ?? EMPTY;
      return answered(history, attempt, { ...answer, ...viewAt(state, attempt.now), version });
    },
  },
  'a read of what was asked for later': {
    code: 'FUTURE_READ',
    plant: (history, pick) => {
      const found = openCase(history);
      const times = openTimes(found);
      const early = balances(history).filter(
        ({ answer, attempt }) =>
          times.newestBefore(answer.wallet, attempt.returned) <
          found.chainOf(answer.wallet).entries.length,
      );
      const { attempt, answer } = pick(early);
      const version = found.chainOf(answer.wallet).entries.length;
      const state = found.chainOf(answer.wallet).states[version] ?? EMPTY;
      return answered(history, attempt, { ...answer, ...viewAt(state, attempt.now), version });
    },
  },
  'a read of a balance that never was': {
    code: 'WRONG_READ',
    plant: (history, pick) => {
      const { attempt, answer } = pick(balances(history));
      return answered(history, attempt, { ...answer, balance: answer.balance + 1 });
    },
  },
  'an order that nobody could have seen': {
    code: 'OUT_OF_ORDER',
    plant: (history, pick) => {
      const times = openTimes(openCase(history));
      // The first of the two was known before the second was asked for.
      const late = history.entries.filter((entry) => {
        const asked = times.askedAt(entry);
        return (
          asked !== null && entry.seq > 1 && times.knownAt(entry.wallet, asked) >= entry.seq - 1
        );
      });
      const { wallet, seq } = pick(late);
      const places = new Map([
        [seq, seq - 1],
        [seq - 1, seq],
      ]);
      return renumbered(history, (entry) =>
        entry.wallet === wallet ? (places.get(entry.seq) ?? entry.seq) : entry.seq,
      );
    },
  },
  'a spend of more than there is': {
    code: 'OVERDRAFT',
    plant: (history, pick) => {
      const spend = pick(history.entries.filter(({ type }) => type === 'usage'));
      return withAmount(history, spend, spend.amount - spend.before - 1);
    },
  },
  'a refusal with a wrong reason': {
    code: 'FALSE_REFUSAL',
    plant: (history, pick) => {
      const { attempt, answer } = pick(insufficient(history));
      return answered(history, attempt, { ...answer, available: (answer.available ?? 0) + 1_000 });
    },
  },
  'a refusal of what was covered': {
    code: 'FALSE_REFUSAL',
    plant: (history, pick) => {
      const { attempt, answer } = pick(insufficient(history));
      return answered(history, attempt, { ...answer, required: answer.available ?? 0 });
    },
  },
  'half a transfer': {
    code: 'TORN_TRANSFER',
    plant: (history, pick) =>
      without(history, pick(history.entries.filter(({ type }) => type === 'transfer_in'))),
  },
  'credits that a transfer makes': {
    code: 'CONSERVATION',
    plant: (history, pick) => {
      const entry = pick(history.entries.filter(({ type }) => type === 'transfer_in'));
      return withAmount(history, entry, entry.amount + 1);
    },
  },
  'a refund of more than was spent': {
    code: 'REFUNDED_TOO_MUCH',
    plant: (history, pick) => {
      const entry = pick(history.entries.filter(({ type }) => type === 'refund'));
      return withAmount(history, entry, entry.amount + 1_000);
    },
  },
  'an amount that nobody asked for': {
    code: 'WRONG_ENTRY',
    plant: (history, pick) => {
      const entry = pick(
        history.entries.filter(({ type, hold }) => type === 'usage' && hold === null),
      );
      return fitted(history, (each) =>
        each === entry ? { ...each, ...amountOf(entry, entry.amount - 1) } : each,
      );
    },
  },
  'an entry that nobody asked for': {
    code: 'UNASKED',
    plant: (history, pick) => {
      const entry = pick(toldEntries(history));
      return withEntry(history, { ...entry, id: 'txn_unasked', cause: 'request:nobody' });
    },
  },
  'credits that expire before their time': {
    code: 'UNASKED',
    plant: (history, pick) => {
      const entry = pick(history.entries.filter(({ type }) => type === 'expiry'));
      const draws = entry.draws.map((draw) => ({ ...draw, expiresAt: '2999-01-01T00:00:00.000Z' }));
      return fitted(history, (each) => (each === entry ? { ...each, draws } : each));
    },
  },
  'a replay with another answer': {
    code: 'CHANGED_ANSWER',
    plant: (history, pick) => {
      const first = pick(tellingAttempts(history));
      const again = { ...first, invoked: first.returned + 0.25, returned: first.returned + 0.5 };
      const both = { ...history, attempts: [...history.attempts, again] };
      return changedAnswer(both, again, (told) => ({ ...told, seq: told.seq + 1 }));
    },
  },
  'a purchase that is credited twice': {
    code: 'WRONG_PURCHASE',
    plant: (history, pick) => {
      const entry = pick(
        history.entries.filter(
          ({ cause, type }) => type === 'purchase' && /^purchase:/.test(cause),
        ),
      );
      return withEntry(history, { ...entry, id: 'txn_again', cause: `${entry.cause}:event` });
    },
  },
  'a code that gives too often': {
    code: 'REDEEMED_TOO_OFTEN',
    plant: (history, pick) => {
      const { cause } = pick(history.entries.filter(({ type }) => type === 'promo'));
      const isOf = (intent: Intent): boolean => intent.cause === cause;
      const operations = history.operations.map((operation) =>
        operation.intents.some(isOf) ? { ...operation, usesMax: 0 } : operation,
      );
      return { ...history, operations };
    },
  },
  'a head that is not what its entries say': {
    code: 'WRONG_HEAD',
    plant: (history, pick) => {
      const wrong = pick(history.heads);
      const heads = history.heads.map((head) =>
        head === wrong ? { ...head, balance: head.balance + 1 } : head,
      );
      return { ...history, heads };
    },
  },
  'time that runs back': {
    code: 'TIME_RAN_BACK',
    plant: (history, pick) => {
      const entry = pick(history.entries.filter(({ seq }) => seq > 1));
      const createdAt = '2001-01-01T00:00:00.000Z';
      return fitted(history, (each) => (each === entry ? { ...each, createdAt } : each));
    },
  },
};

function toldEntries(history: History): readonly Entry[] {
  const told = new Set(tellingAttempts(history).flatMap(({ answer }) => idsIn(answer)));
  return history.entries.filter(({ id }) => told.has(id));
}

function idsIn(answer: Answer): readonly string[] {
  return answer.kind === 'done' ? answer.entries.map(({ id }) => id) : [];
}

function tellingAttempts({ attempts }: History): readonly Attempt[] {
  return attempts.filter(({ answer }) => idsIn(answer).length > 0);
}

function balances({ attempts }: History) {
  return attempts.flatMap((attempt) => {
    const { answer, invoked } = attempt;
    return answer.kind === 'balance' ? [{ attempt, answer, invoked }] : [];
  });
}

function insufficient({ attempts }: History) {
  return attempts.flatMap((attempt) => {
    const { answer } = attempt;
    const isIt = answer.kind === 'refused' && answer.code === 'INSUFFICIENT_CREDITS';
    return isIt ? [{ attempt, answer }] : [];
  });
}

/** Spends that were refused, once and for all. */
function refusedOperations({ attempts, operations }: History): readonly Operation[] {
  const byOperation = Map.groupBy(attempts, ({ operation }) => operation);
  return operations.filter(
    ({ id, kind }) =>
      kind === 'deduct' && byOperation.get(id)?.every(({ answer }) => answer.kind === 'refused'),
  );
}

function at(history: History, wallet: string, seq: number): Entry {
  const found = history.entries.find((entry) => entry.wallet === wallet && entry.seq === seq);
  if (!found) throw new Error(`${wallet} has no entry ${seq}`);
  return found;
}

/** The entry that an intent would have made, as the newest of its wallet. */
function entryOf(intent: Intent, { entries }: History): Entry {
  const [some] = entries;
  if (!some) throw new Error('the history has no entry');
  const newest = entries
    .filter(({ wallet }) => wallet === intent.wallet)
    .toSorted(bySeq)
    .at(-1);
  return {
    ...some,
    ...intent,
    seq: (newest?.seq ?? 0) + 1,
    ...amountOf({ draws: [] }, intent.amount ?? 0),
    createdAt: newest?.createdAt ?? some.createdAt,
    debtChange: 0,
    forgiven: 0,
    hold: null,
    merged: [],
    reference: null,
  };
}

/** An amount with one draw that says so. */
function amountOf(
  { draws }: Pick<Entry, 'draws'>,
  amount: number,
): Pick<Entry, 'amount' | 'draws'> {
  const [first, ...others] = draws;
  const rest = others.reduce((sum, draw) => sum + draw.amount, 0);
  const draw = first ?? { grant: 'grn_none', amount: 0, held: 0, expiresAt: null };
  return { amount, draws: [{ ...draw, amount: amount - rest }, ...others] };
}

function withAmount(history: History, entry: Entry, amount: number): History {
  const changed = renumbered(
    {
      ...history,
      entries: history.entries.map((each) =>
        each === entry ? { ...each, ...amountOf(entry, amount) } : each,
      ),
    },
    ({ seq }) => seq,
  );
  const operations = changed.operations.map((operation) => ({
    ...operation,
    intents: operation.intents.map((intent) =>
      intent.wallet === entry.wallet && intent.cause === entry.cause
        ? { ...intent, amount }
        : intent,
    ),
  }));
  return { ...changed, operations };
}

function without(history: History, gone: Entry): History {
  const entries = history.entries.filter((entry) => entry !== gone);
  return renumbered({ ...history, entries }, ({ seq }) => seq);
}

/** One more entry, before those that have its number. */
function withEntry(history: History, extra: Entry): History {
  const entries = [...history.entries, { ...extra, seq: extra.seq - 0.5 }];
  return renumbered({ ...history, entries }, ({ seq }) => seq);
}

const bySeq = (a: Entry, b: Entry): number => a.seq - b.seq;

/** Numbers entries anew in the order that `placeOf` says, with the balances that follow; heads and answers fit them. */
function renumbered(history: History, placeOf: (entry: Entry) => number): History {
  const made: Entry[] = [];
  for (const entries of Map.groupBy(history.entries, ({ wallet }) => wallet).values()) {
    let balance = 0;
    let debt = 0;
    for (const entry of entries.toSorted((a, b) => placeOf(a) - placeOf(b))) {
      debt += entry.debtChange;
      made.push({
        ...entry,
        seq: (made.at(-1)?.wallet === entry.wallet ? (made.at(-1)?.seq ?? 0) : 0) + 1,
        before: balance,
        debt,
      });
      balance += entry.amount;
    }
  }
  return fitted({ ...history, entries: made }, (entry) => entry);
}

/** Entries as `change` makes them, with heads and answers that say the same. */
function fitted(history: History, change: (entry: Entry) => Entry): History {
  const entries = history.entries.map(change);
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const heads = history.heads.map((head) => {
    const last = entries
      .filter(({ wallet }) => wallet === head.wallet)
      .toSorted(bySeq)
      .at(-1);
    if (!last) return head;
    return { ...head, version: last.seq, balance: last.before + last.amount, debt: last.debt };
  });
  const attempts = history.attempts.map((attempt) =>
    changedAnswer({ ...history, attempts: [attempt] }, attempt, (told) => {
      const entry = byId.get(told.id);
      if (!entry) return told;
      const { amount, before, seq } = entry;
      return { ...told, seq, amount, after: before + amount };
    }),
  );
  return { ...history, entries, heads, attempts: attempts.flatMap((each) => each.attempts) };
}

function answered(history: History, attempt: Attempt, answer: Answer): History {
  const attempts = history.attempts.map((each) => (each === attempt ? { ...each, answer } : each));
  return { ...history, attempts };
}

function changedAnswer(history: History, attempt: Attempt, change: (told: Told) => Told): History {
  const { answer } = attempt;
  if (answer.kind !== 'done') return history;
  return answered(history, attempt, { ...answer, entries: answer.entries.map(change) });
}
