import type { Case, Chain } from '#tests/histories/judge/chain';
import type { Entry, Problem } from '#tests/histories/judge/history';
import { EMPTY, type State } from '#tests/histories/judge/wallet-state';

/** Numbers, balances and buckets of each wallet, and that its head says what its entries do. */
export function checkChains(found: Case): readonly Problem[] {
  const problems: Problem[] = [];
  for (const chain of found.chains.values()) {
    chain.entries.forEach((entry, index) => problems.push(...linkProblems(chain, entry, index)));
  }
  for (const { wallet, version, balance, debt } of found.heads) {
    const { entries, states } = found.chainOf(wallet);
    const last = states.at(-1) ?? EMPTY;
    const isRight = version === entries.length && balance === last.balance && debt === last.debt;
    if (isRight) continue;
    const said = `version ${version}, balance ${balance}, debt ${debt}`;
    problems.push({ code: 'WRONG_HEAD', detail: `${wallet}: the head says ${said}` });
  }
  return problems;
}

function linkProblems(chain: Chain, entry: Entry, index: number): readonly Problem[] {
  const before = chain.states[index] ?? EMPTY;
  const after = chain.states[index + 1] ?? EMPTY;
  const problems: Problem[] = [];
  const expect = (holds: boolean, code: string, detail: string): void => {
    if (!holds) problems.push({ code, detail: `${nameOf(entry)}: ${detail}` });
  };
  expect(entry.seq === index + 1, 'GAP', `it stands at place ${index + 1}`);
  expect(entry.before === before.balance, 'BROKEN_CHAIN', `before it were ${before.balance}`);
  expect(entry.debt === after.debt, 'BROKEN_CHAIN', `after it ${after.debt} are owed`);
  const drawn = entry.draws.reduce((sum, { amount }) => sum + amount, 0);
  expect(entry.amount === drawn, 'BROKEN_CHAIN', `its draws sum to ${drawn}`);
  expect(entry.createdAt >= before.at, 'TIME_RAN_BACK', `the one before is of ${before.at}`);
  expect(after.balance >= 0 && after.debt >= 0, 'OVERDRAFT', `${after.balance} are left`);
  expect(isSound(after), 'OVERDRAWN_GRANT', 'a grant has less than nothing, or than it holds');
  return problems;
}

function isSound({ balance, grants }: State): boolean {
  const buckets = [...grants.values()];
  const sum = buckets.reduce((total, { left }) => total + left, 0);
  return sum === balance && buckets.every(({ held, left }) => 0 <= held && held <= left);
}

export function nameOf({ wallet, seq, type, amount }: Entry): string {
  return `${wallet} #${seq} ${type} ${amount}`;
}
