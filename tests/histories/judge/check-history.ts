import { openCase } from '#tests/histories/judge/chain';
import { checkAnswers } from '#tests/histories/judge/check-answers';
import { checkChains } from '#tests/histories/judge/check-chains';
import { checkOrder } from '#tests/histories/judge/check-order';
import { checkTotals } from '#tests/histories/judge/check-totals';
import type { History, Problem } from '#tests/histories/judge/history';

/**
 * Whether a run is linearizable and its ledger sound; empty where it is. Exact, because an entry's number is its place
 * in the one order of its wallet.
 */
export function checkHistory(history: History): readonly Problem[] {
  const found = openCase(history);
  return [
    ...checkChains(found),
    ...checkAnswers(found),
    ...checkOrder(found),
    ...checkTotals(found),
  ];
}
