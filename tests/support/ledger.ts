import { setTimeout as pause } from 'node:timers/promises';
import { advance } from '#lib/ledger/advance';
import { add, bringIn } from '#lib/ledger/inflow';
import { BALANCE_MAX } from '#lib/ledger/limits';
import { spend } from '#lib/ledger/spend';
import type { WalletRef } from '#lib/ledger/wallet';
import type { HistoryStore, LedgerStore, Outcome, Work } from '#lib/ports';
import { createHistoryStore } from '#lib/store/history-store';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createTableClient, type Table } from '#lib/store/table';
import { openTestTable, type TestTable } from '#tests/support/table';

/** A ledger over a real table engine, with what a test observes of it. */
export interface TestLedger extends TestTable {
  readonly table: Table;
  readonly ledger: LedgerStore;
  readonly history: HistoryStore;
  /** Counts round trips and capacity of what `act` does. */
  measure<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly cost: Cost }>;
}

export interface Cost {
  readonly calls: readonly string[];
  readonly readUnits: number;
  readonly writeUnits: number;
}

export async function openTestLedger(): Promise<TestLedger> {
  const testTable = await openTestTable();
  const table: Table = {
    client: createTableClient(testTable.config),
    name: testTable.tableName,
    random: Math.random,
    sleep: (ms) => pause(ms),
    elapsedMs: () => performance.now(),
    retryBudgetMs: 120_000,
  };
  return {
    ...testTable,
    table,
    ledger: createLedgerStore(table),
    history: createHistoryStore(table),
    async measure(act) {
      const calls: string[] = [];
      let readUnits = 0;
      let writeUnits = 0;
      const stop = testTable.dynamo.onCall((call) => {
        calls.push(call.operation);
        const units = call.consumed.reduce((sum, each) => sum + (each.CapacityUnits ?? 0), 0);
        if (READS.has(call.operation)) readUnits += units;
        else writeUnits += units;
      });
      const result = await act();
      stop();
      return { result, cost: { calls, readUnits, writeUnits } };
    },
  };
}

const READS = new Set(['GetItem', 'BatchGetItem', 'Query']);

export const NOW = '2026-11-20T12:00:00.000Z';

interface CommandOptions {
  readonly wallet: WalletRef;
  readonly amount: number;
  readonly cause: string;
  readonly now?: string;
  readonly fingerprint?: string | null;
}

/** A promotional grant with ordinary terms. */
export function addWork(
  options: CommandOptions & { readonly expiresAt?: string | null },
): Work<unknown> {
  const { cause, amount, now = NOW, fingerprint = null, expiresAt = null } = options;
  const command = { now, cause, fingerprint, actor: 'service:test', description: 'Welcome' };
  const terms = { category: 'promotional', priority: 0, expiresAt } as const;
  return planOf(options, (heads) => add(heads[0], { ...command, ...terms, type: 'bonus', amount }));
}

export function spendWork(options: CommandOptions): Work<unknown> {
  const { cause, amount, now = NOW, fingerprint = null } = options;
  const command = { now, cause, fingerprint, actor: 'service:test', description: 'Enrich a lead' };
  return planOf(options, (heads) => spend(heads[0], { ...command, amount, caps: [] }));
}

/** One entry with all that a wallet can hold: a thousand of the largest commands would give it as well. */
export async function fillWallet(ledger: LedgerStore, wallet: WalletRef): Promise<void> {
  const cause = 'fill';
  await ledger.run({
    ...addWork({ wallet, amount: 1, cause }),
    decide: ({ heads: [head] }) => {
      const terms = { category: 'promotional', priority: 0, expiresAt: null } as const;
      const draw = { grantId: 'grn_full', amount: BALANCE_MAX, held: 0, grantedAt: NOW, ...terms };
      const draft = { cause, actor: 'service:test', description: 'Welcome', draws: [draw] };
      const decision = bringIn(advance(head, NOW), { ...draft, type: 'bonus' });
      return decision.ok ? { ok: true, decisions: [decision] } : decision;
    },
  });
}

/** Expects that a command was done, now or earlier, and gives its entry. */
export function entryOf<F>(outcome: Outcome<F>) {
  if (outcome.kind !== 'committed' && outcome.kind !== 'replayed') {
    throw new Error(`expected an entry, got ${JSON.stringify(outcome)}`);
  }
  return outcome.entry;
}

function planOf(
  options: CommandOptions,
  decide: (heads: Parameters<Work<unknown>['decide']>[0]['heads']) => ReturnType<typeof spend>,
): Work<unknown> {
  return {
    wallets: [options.wallet],
    cause: options.cause,
    fingerprint: options.fingerprint ?? null,
    decide: ({ heads }) => {
      const decision = decide(heads);
      return decision.ok ? { ok: true, decisions: [decision] } : decision;
    },
  };
}
