import type { Case } from '#tests/histories/judge/chain';
import { nameOf } from '#tests/histories/judge/check-chains';
import type { Answer, Attempt, Entry, Problem, WalletName } from '#tests/histories/judge/history';
import { refusalProblem } from '#tests/histories/judge/check-refusals';
import { openTimes, type Times } from '#tests/histories/judge/times';
import { EMPTY, viewAt } from '#tests/histories/judge/wallet-state';

/**
 * Real time. Entries are numbered, so the order in which things happened is known and needs no search: an entry stands
 * behind all that anybody knew of when it was first asked for; a read sees at least that much and nothing that was asked
 * for after it; and a refusal is true of some moment between question and answer.
 */
export function checkOrder(found: Case): readonly Problem[] {
  const times = openTimes(found);
  return [
    ...found.entries.flatMap((entry) => placeProblems(times, entry)),
    ...found.attempts.flatMap((attempt) => attemptProblems(found, times, attempt)),
  ];
}

function placeProblems(times: Times, entry: Entry): readonly Problem[] {
  const asked = times.askedAt(entry);
  if (asked === null) return [];
  const known = times.knownAt(entry.wallet, asked);
  if (entry.seq > known) return [];
  const detail = `${nameOf(entry)} was asked for when ${known} was known`;
  return [{ code: 'OUT_OF_ORDER', detail }];
}

function attemptProblems(found: Case, times: Times, attempt: Attempt): readonly Problem[] {
  const { answer } = attempt;
  const says = (code: string, detail: string): Problem => ({
    code,
    detail: `operation ${attempt.operation}: ${detail}`,
  });
  switch (answer.kind) {
    case 'balance':
      return [
        ...freshness(times, attempt, { ...answer, seq: answer.version }),
        ...(isRightBalance(found, attempt, answer) ? [] : ['it is not what the entries say']),
      ].map((fault) => (typeof fault === 'string' ? says('WRONG_READ', fault) : fault));
    case 'page':
      return [
        ...freshness(times, attempt, { ...answer, seq: answer.asOf }),
        ...(isRightPage(found, answer) ? [] : [says('WRONG_READ', 'the page is another')]),
      ];
    case 'refused':
      return refusalProblem(found, times, attempt, answer).map((detail) =>
        says('FALSE_REFUSAL', detail),
      );
    case 'done':
    case 'unknown':
    case 'unexpected':
      return [];
  }
}

function freshness(
  times: Times,
  { operation, invoked, returned }: Attempt,
  seen: { readonly wallet: WalletName; readonly seq: number },
): readonly Problem[] {
  const known = times.knownAt(seen.wallet, invoked);
  const newest = times.newestBefore(seen.wallet, returned);
  const detail = `operation ${operation}: it saw ${seen.seq} of ${seen.wallet}`;
  if (seen.seq < known) return [{ code: 'STALE_READ', detail: `${detail}, ${known} was known` }];
  if (seen.seq > newest) return [{ code: 'FUTURE_READ', detail: `${detail} before it was made` }];
  return [];
}

type Balance = Extract<Answer, { readonly kind: 'balance' }>;

function isRightBalance(found: Case, { now }: Attempt, seen: Balance): boolean {
  const { states } = found.chainOf(seen.wallet);
  const view = viewAt(states[seen.version] ?? EMPTY, now);
  return (
    view.balance === seen.balance &&
    view.held === seen.held &&
    view.available === seen.available &&
    view.debt === seen.debt
  );
}

function isRightPage(found: Case, page: Extract<Answer, { readonly kind: 'page' }>): boolean {
  const { entries } = found.chainOf(page.wallet);
  const newestFirst = entries.slice(0, page.asOf).toReversed();
  return (
    page.total === page.asOf &&
    page.entries.every((told, place) => {
      const entry = newestFirst[place];
      if (entry?.id !== told.id || entry.seq !== told.seq) return false;
      return entry.amount === told.amount && entry.before + entry.amount === told.after;
    })
  );
}
