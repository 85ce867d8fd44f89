import type { Case } from '#tests/histories/judge/chain';
import type { PaymentFact, Problem } from '#tests/histories/judge/history';

const TRANSFERS = ['transfer_in', 'transfer_out'];

/** What holds over all wallets: nothing is made or lost on the way, nothing comes back twice, no code gives too often. */
export function checkTotals(found: Case): readonly Problem[] {
  return [...conservation(found), ...refunds(found), ...redemptions(found), ...purchases(found)];
}

/** The heads together hold what came in less what went out; what moves between wallets is neither. */
function conservation({ entries, heads }: Case): readonly Problem[] {
  const held = heads.reduce((sum, { balance }) => sum + balance, 0);
  const brought = entries.reduce(
    (sum, { type, amount }) => (TRANSFERS.includes(type) ? sum : sum + amount),
    0,
  );
  if (held === brought) return [];
  return [{ code: 'CONSERVATION', detail: `wallets hold ${held}, and ${brought} came in` }];
}

function refunds(found: Case): readonly Problem[] {
  const back = new Map<string, number>();
  for (const entry of found.entries.filter(({ type }) => type === 'refund')) {
    const [author] = found.authorsOf(entry);
    const spend = author?.refunds ?? '';
    back.set(spend, (back.get(spend) ?? 0) + entry.amount);
  }
  return [...back].flatMap(([spend, amount]) => {
    const spent = -(found.entryById.get(spend)?.amount ?? 0);
    if (amount <= spent) return [];
    return [{ code: 'REFUNDED_TOO_MUCH', detail: `${amount} of ${spent} of ${spend} came back` }];
  });
}

function redemptions(found: Case): readonly Problem[] {
  const limits = new Map(
    found.operations.flatMap(({ intents, usesMax }) =>
      usesMax === undefined ? [] : intents.map(({ cause }) => [cause, usesMax] as const),
    ),
  );
  return [...limits].flatMap(([cause, limit]) => {
    const uses = found.entries.filter((entry) => entry.cause === cause).length;
    if (uses <= limit) return [];
    return [{ code: 'REDEEMED_TOO_OFTEN', detail: `${cause}: ${uses} of ${limit}` }];
  });
}

/** A purchase gives its credits once, less the share of its money that went back, whatever order it was told in. */
function purchases(found: Case): readonly Problem[] {
  const acknowledged = new Set(
    found.attempts.flatMap(({ operation, answer }) => (answer.kind === 'done' ? [operation] : [])),
  );
  const told = found.operations.flatMap(({ id, payment }) =>
    payment && acknowledged.has(id) ? [payment] : [],
  );
  return [...Map.groupBy(told, ({ purchase }) => purchase)].flatMap(([purchase, facts]) => {
    const entries = found.entries.filter(
      ({ reference }) => reference?.type === 'purchase' && reference.id === purchase,
    );
    const credits = entries.filter(({ type }) => type === 'purchase');
    const net = entries.reduce(
      (sum, { amount, debtChange, forgiven }) => sum + amount - debtChange - forgiven,
      0,
    );
    const due = creditsOf(facts);
    const times = facts.some(({ fact }) => fact.kind === 'paid') ? 1 : 0;
    if (credits.length === times && net === due) return [];
    const detail = `${purchase} gave credits ${credits.length} times, ${net} in all, not ${due}`;
    return [{ code: 'WRONG_PURCHASE', detail }];
  });
}

function creditsOf(told: readonly PaymentFact[]): number {
  const [first] = told;
  if (!first || !told.some(({ fact }) => fact.kind === 'paid')) return 0;
  const { credits, paidMinor } = first;
  const refunds = new Map(
    told.flatMap(({ fact }) => (fact.kind === 'refunded' ? [[fact.id, fact.minor] as const] : [])),
  );
  const refunded = [...refunds.values()].reduce((sum, minor) => sum + minor, 0);
  const isWon = told.some(({ fact }) => fact.kind === 'dispute_won');
  const isOpen = told.some(({ fact }) => fact.kind === 'disputed') && !isWon;
  const back = Math.min(paidMinor, refunded + (isOpen ? paidMinor : 0));
  return credits - Math.floor((2 * credits * back + paidMinor) / (2 * paidMinor));
}
