import { createHash } from 'node:crypto';
import type { DumpedItem } from '#infra/local/dynamodb/dump';
import { breach, type InvariantNumber } from '#tests/faults/breach';
import { type RawEntry, type RawHead, type RawTable, readTable } from '#tests/faults/raw-items';
import { breachesOfRecords } from '#tests/faults/record-invariants';

/*
 * What must hold of a table whatever happened to it (`INVARIANTS`), by plain arithmetic over its items: nothing of the
 * product is used, so that its mistakes are not repeated.
 */

/** Every breach, as a sentence that says what is and what must hold; none where all is well. */
export function breaches(items: readonly DumpedItem[]): readonly string[] {
  const table = readTable(items);
  return [
    ...numbers(items),
    ...wallets(table).flatMap(breachesOfWallet),
    ...conservation(table),
    ...causes(table),
    ...breachesOfRecords(table),
  ];
}

/** What was written once and has changed or gone since (5), and facts that went backwards (17). */
export function changesOf(
  before: readonly DumpedItem[],
  after: readonly DumpedItem[],
): readonly string[] {
  const name = (item: DumpedItem): string => `${item['pk']?.S ?? ''} ${item['sk']?.S ?? ''}`;
  const now = new Map(after.map((item) => [name(item), JSON.stringify(item)]));
  const changed = before
    .filter((item) => / (ENTRY|REDEMPTION)#|^AUDIT#/.test(name(item)))
    .filter((item) => now.get(name(item)) !== JSON.stringify(item))
    .map((item) => breach(5, `${name(item)} is not what it was`));
  return [...changed, ...regressions(readTable(before), readTable(after))];
}

function regressions(before: RawTable, after: RawTable): readonly string[] {
  const later = new Map(after.purchases.map((purchase) => [purchase.id, purchase]));
  return before.purchases.flatMap((old) => {
    const now = later.get(old.id);
    const at = `purchase ${old.id}`;
    if (!now) return [breach(17, `${at} has gone`)];
    const lost = old.payments.filter(({ ref }) => !now.payments.some((each) => each.ref === ref));
    const terms = ['user_id', 'credit_type', 'credits', 'amount_minor', 'currency'] as const;
    return [
      ...lost.map(({ ref }) => breach(17, `${at} has forgotten ${ref}`)),
      ...terms
        .filter((term) => old[term] !== now[term])
        .map((term) => breach(15, `${at} changed ${term}`)),
      ...(old.credited && !now.credited ? [breach(17, `${at} is not credited any more`)] : []),
    ];
  });
}

interface Wallet {
  readonly name: string;
  readonly head: RawHead | undefined;
  readonly entries: readonly RawEntry[];
}

function wallets({ heads, entries }: RawTable): readonly Wallet[] {
  const nameOfHead = ({ pk, sk }: RawHead): string => `${pk} ${sk.slice('WALLET#'.length)}`;
  const nameOfEntry = ({ pk, credit_type }: RawEntry): string => `${pk} ${credit_type}`;
  const names = new Set([...heads.map(nameOfHead), ...entries.map(nameOfEntry)]);
  return [...names].map((name) => ({
    name,
    head: heads.find((head) => nameOfHead(head) === name),
    entries: entries
      .filter((entry) => nameOfEntry(entry) === name)
      .toSorted((a, b) => a.seq - b.seq),
  }));
}

function breachesOfWallet({ name, head, entries }: Wallet): readonly string[] {
  if (!head) return [breach(1, `${name} has entries and no head`)];
  const found: string[] = [];
  const must = (isTrue: boolean, number: InvariantNumber, what: string): void => {
    if (!isTrue) found.push(breach(number, `${what} (${name})`));
  };
  let balance = 0;
  let debt = 0;
  let hash = '';
  let time = '';
  const grants = new Map<string, { remaining: number; held: number; expiresAt?: string }>();
  for (const [index, entry] of entries.entries()) {
    must(entry.seq === index + 1, 1, `entry ${index + 1} is numbered ${entry.seq}`);
    must(
      entry.balance_before === balance,
      2,
      `entry ${entry.seq} begins at ${entry.balance_before}, not ${balance}`,
    );
    must(entry.prev_hash === hash, 2, `entry ${entry.seq} does not follow from the one before`);
    must(entry.created_at >= time, 22, `entry ${entry.seq} was made before the one before it`);
    balance += entry.amount;
    debt += entry.debt_change;
    must(balance >= 0, 3, `the balance is ${balance} after entry ${entry.seq}`);
    must(
      debt >= 0 && entry.debt === debt,
      3,
      `the debt is ${entry.debt} after entry ${entry.seq}, not ${debt}`,
    );
    const drawn = sum(entry.draws.map(({ amount }) => amount));
    must(drawn === entry.amount, 13, `entry ${entry.seq} moves ${entry.amount} and draws ${drawn}`);
    for (const { grant_id, amount, held, expires_at } of entry.draws) {
      const grant = grants.get(grant_id) ?? { remaining: 0, held: 0 };
      grant.remaining += amount;
      grant.held += held;
      grants.set(grant_id, grant);
      must(grant.remaining >= 0, 13, `grant ${grant_id} has ${grant.remaining}`);
      must(grant.held >= 0, 12, `grant ${grant_id} holds ${grant.held}`);
      const isSpent = amount < 0 && held === 0 && SPENDING.has(entry.type);
      const isOver = expires_at !== undefined && expires_at <= entry.created_at;
      must(!(isSpent && isOver), 13, `entry ${entry.seq} uses ${grant_id}, which had expired`);
    }
    for (const { from, into } of entry.merged) {
      const [gone, kept] = [grants.get(from), grants.get(into)];
      if (!gone || !kept) continue;
      kept.remaining += gone.remaining;
      kept.held += gone.held;
      grants.delete(from);
    }
    const totalled = balanceOf(entry.totals);
    must(
      totalled === balance,
      19,
      `the totals of entry ${entry.seq} say ${totalled}, not ${balance}`,
    );
    hash = entry.hash;
    time = entry.created_at;
  }
  must(head.version === entries.length, 1, `the head is at ${head.version} of ${entries.length}`);
  must(head.balance === balance, 2, `the head says ${head.balance}, the entries ${balance}`);
  must(head.debt === debt, 3, `the head owes ${head.debt}, the entries ${debt}`);
  must(head.head_hash === hash, 2, 'the head is not that of the last entry');
  for (const [type, fields] of Object.entries(TOTALS)) {
    const moved = sum(entries.filter((entry) => entry.type === type).map(({ amount }) => amount));
    for (const [field, sign] of Object.entries(fields)) totals(field, sign * moved, type);
  }
  const held = sum(head.grants.map((grant) => grant.held));
  const remaining = sum(head.grants.map((grant) => grant.remaining));
  must(remaining === balance, 13, `grants have ${remaining}, the balance is ${balance}`);
  must(balance - held >= 0, 3, `${held} are held of ${balance}`);
  const sliced = sum(head.holds.flatMap(({ slices }) => slices.map(({ amount }) => amount)));
  must(sliced === held, 12, `holds have ${sliced}, the head holds ${held}`);
  for (const { id, remaining: left, held: set } of head.grants) {
    const grant = grants.get(id);
    must(
      grant?.remaining === left && grant.held === set,
      13,
      `grant ${id} is not what its draws say`,
    );
  }
  const open = [...grants].filter(([, grant]) => grant.remaining > 0).length;
  must(
    open === head.grants.length,
    13,
    `${open} grants have credits, the head has ${head.grants.length}`,
  );
  return found;

  function totals(field: string, moved: number, type: string): void {
    const told = head?.totals[field] ?? 0;
    const others = Object.entries(TOTALS).filter(
      ([other, each]) => other !== type && field in each,
    );
    if (others.length > 0) return;
    must(told === moved, 19, `the head says ${told} ${field}, the entries ${moved}`);
  }
}

const SPENDING = new Set(['usage', 'transfer_out']);

/** What each type adds to which total. */
const TOTALS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  purchase: { purchased: 1 },
  usage: { used: -1 },
  refund: { refunded: 1 },
  adjustment: { adjusted: 1 },
  expiry: { expired: -1 },
  transfer_in: { transferred_in: 1 },
  transfer_out: { transferred_out: -1 },
  reinstatement: { reinstated: 1 },
  reversal: { reversed: -1 },
};
const INFLOWS = ['purchased', 'granted', 'refunded', 'reinstated', 'transferred_in', 'adjusted'];
const OUTFLOWS = ['used', 'expired', 'reversed', 'transferred_out'];

function balanceOf(totals: Readonly<Record<string, number>>): number {
  const of = (names: readonly string[]): number => sum(names.map((name) => totals[name] ?? 0));
  return of(INFLOWS) - of(OUTFLOWS);
}

/** 4: what one wallet sent another one got, and all wallets together have what came in and did not go out. */
function conservation({ heads, entries }: RawTable): readonly string[] {
  const of = (...types: readonly string[]): number =>
    sum(entries.filter(({ type }) => types.includes(type)).map(({ amount }) => amount));
  const transferred = of('transfer_in', 'transfer_out');
  const balances = sum(heads.map(({ balance }) => balance));
  const moved = sum(entries.map(({ amount }) => amount));
  return [
    ...(transferred === 0 ? [] : [breach(4, `transfers come to ${transferred}`)]),
    ...(balances === moved ? [] : [breach(4, `wallets have ${balances}, entries moved ${moved}`)]),
  ];
}

/** 6, 9, 16: every entry has a cause and an actor, no cause two entries, and its id says whose it is. */
function causes({ entries }: RawTable): readonly string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry) => {
    const user = entry.pk.slice('USER#'.length);
    const scope = entry.cause.startsWith('request:') ? '*' : entry.credit_type;
    const intent = `${user}\n${scope}\n${entry.cause}`;
    const id = `txn_${createHash('sha256').update(intent).digest('hex').slice(0, 32)}`;
    const found = [
      ...(entry.cause === '' || entry.actor === '' ? [breach(9, `${entry.sk} has no cause`)] : []),
      ...(seen.has(intent) ? [breach(6, `${entry.cause} made two entries`)] : []),
      ...(entry.sk === `ENTRY#${id}`
        ? []
        : [breach(16, `${entry.sk} is not of ${user} and its cause`)]),
    ];
    seen.add(intent);
    return found;
  });
}

/** 20: whatever is a number is a safe whole one. */
function numbers(items: readonly DumpedItem[]): readonly string[] {
  return items.flatMap((item) =>
    numbersIn(item)
      .filter((text) => !/^(0|-?[1-9]\d*)$/.test(text) || !Number.isSafeInteger(Number(text)))
      .map((text) =>
        breach(20, `${item['pk']?.S ?? ''} ${item['sk']?.S ?? ''} has the number ${text}`),
      ),
  );
}

function numbersIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([type, part]) =>
    type === 'N' && typeof part === 'string' ? [part] : numbersIn(part),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
