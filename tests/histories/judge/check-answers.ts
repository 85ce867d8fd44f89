import type { Case } from '#tests/histories/judge/chain';
import { nameOf } from '#tests/histories/judge/check-chains';
import type { Attempt, Entry, Operation, Problem, Told } from '#tests/histories/judge/history';
import { EMPTY } from '#tests/histories/judge/wallet-state';

/** What callers were told is in the ledger, what was refused is not, and nothing is there that nobody asked for. */
export function checkAnswers(found: Case): readonly Problem[] {
  const byOperation = Map.groupBy(found.attempts, ({ operation }) => operation);
  return [
    ...found.operations.flatMap((operation) =>
      operationProblems(found, operation, byOperation.get(operation.id) ?? []),
    ),
    ...found.entries.flatMap((entry) => entryProblems(found, entry)),
    ...twiceDone(found),
  ];
}

function operationProblems(
  found: Case,
  operation: Operation,
  attempts: readonly Attempt[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (code: string, detail: string): void => {
    problems.push({ code, detail: `operation ${operation.id} (${operation.kind}): ${detail}` });
  };
  const answers = attempts.map(({ answer }) => answer);
  for (const answer of answers) {
    if (answer.kind === 'unexpected') report('UNEXPECTED', answer.detail);
  }
  const done = answers.filter((answer) => answer.kind === 'done');
  const [first, ...again] = done;
  for (const answer of again) {
    if (JSON.stringify(answer) === JSON.stringify(first)) continue;
    report('CHANGED_ANSWER', `first ${JSON.stringify(first)}, then ${JSON.stringify(answer)}`);
  }
  const causes = new Set(operation.intents.map(({ cause }) => cause));
  for (const told of done.flatMap(({ entries }) => entries)) {
    const entry = found.entryById.get(told.id);
    if (!entry) report('LOST_WRITE', `it was told of ${told.id}, which is not there`);
    else if (!isAsTold(entry, told)) report('WRONG_ANSWER', `${nameOf(entry)} is not ${told.seq}`);
    else if (!causes.has(entry.cause)) report('WRONG_ANSWER', `${nameOf(entry)} is not its own`);
  }
  if (first && operation.receiver !== undefined && !found.entryById.has(first.received ?? '')) {
    report('LOST_WRITE', 'what it sent has not arrived');
  }
  const told = new Set(first?.entries.map(({ id }) => id));
  const isOpen = answers.some(({ kind }) => kind === 'unknown') && !first;
  for (const intent of operation.intents) {
    const entry = found.entryOf(intent);
    const isMade = entry && !told.has(entry.id) && !isOpen;
    if (isMade && !found.authorsOf(entry).some((other) => mayHaveMade(found, operation, other))) {
      report('PHANTOM', `it was refused, and ${nameOf(entry)} is there`);
    }
  }
  return problems;
}

/** Whether an entry that an operation did not make is another's: one that was done, or that nobody knows about. */
function mayHaveMade(found: Case, not: Operation, other: Operation): boolean {
  if (other === not) return false;
  return found.attempts.some(
    ({ operation, answer }) =>
      operation === other.id && (answer.kind === 'done' || answer.kind === 'unknown'),
  );
}

function isAsTold(entry: Entry, told: Told): boolean {
  return (
    entry.wallet === told.wallet &&
    entry.seq === told.seq &&
    entry.amount === told.amount &&
    entry.before + entry.amount === told.after
  );
}

function entryProblems(found: Case, entry: Entry): readonly Problem[] {
  const code = faultOf(found, entry);
  return code === null ? [] : [{ code, detail: `${nameOf(entry)}, cause ${entry.cause}` }];
}

/** What is wrong with an entry as the work of somebody: of an operation that meant it, or of time. */
function faultOf(found: Case, entry: Entry): 'UNASKED' | 'WRONG_ENTRY' | 'TORN_TRANSFER' | null {
  const authors = found.authorsOf(entry);
  if (entry.type === 'transfer_in' || entry.type === 'transfer_out') {
    if (authors.length === 0) return 'UNASKED';
    return isWhole(found, entry) ? null : 'TORN_TRANSFER';
  }
  if (authors.length > 0) {
    return authors.some((author) => isMeant(author, entry)) ? null : 'WRONG_ENTRY';
  }
  return isWorkOfTime(found, entry) ? null : 'UNASKED';
}

function isMeant({ intents, payment }: Operation, entry: Entry): boolean {
  if (payment) return true;
  return intents.some(
    ({ wallet, cause, type, amount }) =>
      wallet === entry.wallet &&
      cause === entry.cause &&
      type === entry.type &&
      (amount === null || amount === entry.amount),
  );
}

function isWhole(found: Case, entry: Entry): boolean {
  const [operation] = found.authorsOf(entry);
  const [intent] = operation?.intents ?? [];
  const sent = intent && found.entryOf(intent);
  if (!sent || operation?.receiver === undefined) return false;
  const cause = `transfer:${sent.id}`;
  const received = found.entryOf({ wallet: operation.receiver, cause });
  if (!received || sent.amount !== intent.amount) return false;
  return received.amount === -sent.amount && received.createdAt === sent.createdAt;
}

/** Expired grants leave with all that is free of them, expired holds end, and what comes in pays what is owed. */
function isWorkOfTime(found: Case, entry: Entry): boolean {
  const { states } = found.chainOf(entry.wallet);
  const before = states[entry.seq - 1] ?? EMPTY;
  switch (entry.type) {
    case 'expiry':
      return entry.draws.every(({ grant, amount, expiresAt }) => {
        const bucket = before.grants.get(grant);
        const isOver = expiresAt !== null && expiresAt <= entry.createdAt;
        return bucket !== undefined && isOver && amount === bucket.held - bucket.left;
      });
    case 'release':
      return entry.hold?.action === 'expired' && entry.hold.expiresAt <= entry.createdAt;
    case 'reversal':
      return entry.debtChange < 0 && entry.amount === entry.debtChange;
    default:
      return false;
  }
}

/** One cause, one entry: a caller's key stands for all wallets of a user. */
function twiceDone({ entries }: Case): readonly Problem[] {
  const seen = new Map<string, Entry>();
  return entries.flatMap((entry) => {
    const [user = ''] = entry.wallet.split('/');
    const key = `${entry.cause.startsWith('request:') ? user : entry.wallet} ${entry.cause}`;
    const before = seen.get(key);
    seen.set(key, entry);
    if (!before) return [];
    return [{ code: 'DONE_TWICE', detail: `${nameOf(before)} and ${nameOf(entry)}` }];
  });
}
