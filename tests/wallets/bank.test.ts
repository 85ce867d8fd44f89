import { TransactGetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '#lib/ledger/verify';
import { headFromItem } from '#lib/store/items';
import { headKey } from '#lib/store/keys';
import { transferCredits } from '#lib/wallets/transfer-credits';
import { addWork, entryOf, openTestLedger, type TestLedger } from '#tests/support/ledger';

/*
 * Jepsen's bank: money moves between accounts while others look at all of them. A look at several wallets is one
 * instant only as a transaction (TransactGetItems); a BatchGetItem may see one side of a transfer and not the other.
 */

const OWNERS = ['ann', 'ben', 'cid', 'dan', 'eli'];
const TOTAL = 500;
const TRANSFERRERS = 32;
const TRANSFERS_EACH = Number(process.env['TRANSFERS'] ?? 2);
const START_MS = Date.parse('2026-11-20T12:00:00.000Z');
const walletOf = (userId: string) => ({ userId, creditType: 'general' });
const instant = (n: number) => new Date(START_MS + n).toISOString();

let store: TestLedger;
beforeAll(async () => {
  store = await openTestLedger();
  for (const userId of OWNERS) {
    const value = { userId, email: null, createdAt: instant(0) };
    await store.ledger.write([{ record: 'account', id: { userId }, value, version: null }]);
    const amount = TOTAL / OWNERS.length;
    const work = addWork({ wallet: walletOf(userId), amount, cause: 'start', now: instant(0) });
    entryOf(await store.ledger.run(work));
  }
});
afterAll(() => store.close());

test('32 transferrers move credits among five wallets, and every reader sees the same total at any time', async () => {
  let isOver = false;
  const seen: number[] = [];
  const readers = Array.from({ length: 3 }, async () => {
    while (!isOver) {
      const total = await readTotal();
      if (total !== null) seen.push(total);
    }
  });
  const transferrers = Array.from({ length: TRANSFERRERS }, async (_, client) => {
    let done = 0;
    for (let n = 0; n < TRANSFERS_EACH; n += 1) done += await move(client, n);
    return done;
  });
  const moved = (await Promise.all(transferrers)).reduce((sum, each) => sum + each, 0);
  isOver = true;
  await Promise.all(readers);

  expect(moved).toBeGreaterThan(TRANSFERRERS / 2);
  expect(seen.length).toBeGreaterThan(10);
  expect(new Set(seen)).toEqual(new Set([TOTAL]));
  expect(await readTotal()).toBe(TOTAL);
  for (const userId of OWNERS) {
    const head = await store.ledger.loadHead(walletOf(userId));
    expect(verify(head, await store.ledger.loadEntries(userId))).toEqual([]);
  }
  // Both sides of a transfer have the same time: at any instant of the past the total is the same, too.
  for (let n = 0; n < 10; n += 1) {
    const at = instant(n * 13);
    const heads = await Promise.all(
      OWNERS.map((userId) => store.history.headAt(walletOf(userId), at)),
    );
    expect(heads.reduce((sum, { balance }) => sum + balance, 0)).toBe(TOTAL);
  }
});

/** Number of transfers that went through: some giver has not enough. */
async function move(client: number, n: number): Promise<number> {
  const from = (client + n) % OWNERS.length;
  const to = (from + 1 + ((client * 7 + n) % (OWNERS.length - 1))) % OWNERS.length;
  const outcome = await transferCredits(store.ledger, {
    wallet: walletOf(OWNERS[from] ?? ''),
    toUserId: OWNERS[to] ?? '',
    amount: 1 + ((client * 31 + n * 17) % 60),
    command: {
      now: instant(1 + client + n * TRANSFERRERS),
      cause: `request:${client}-${n}`,
      fingerprint: 'same',
      actor: 'service:test',
      description: 'Transfer',
    },
  });
  return outcome.kind === 'committed' ? 1 : 0;
}

/** The sum of all balances at one instant; null where a transfer was in the way, which a reader repeats. */
async function readTotal(): Promise<number | null> {
  try {
    const { Responses = [] } = await store.documents.send(
      new TransactGetCommand({
        TransactItems: OWNERS.map((userId) => ({
          Get: { TableName: store.table.name, Key: { ...headKey(walletOf(userId)) } },
        })),
      }),
    );
    return Responses.reduce((sum, { Item = {} }) => sum + headFromItem(Item).balance, 0);
  } catch (error) {
    if (error instanceof Error && error.name === 'TransactionCanceledException') return null;
    throw error;
  }
}
