import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminAuditRoutes } from '#lib/contract/routes/admin-audit';
import { adminWalletRoutes } from '#lib/contract/routes/admin-wallets';
import { createLedgerStore } from '#lib/store/ledger-store';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { addWork, openTestLedger, type TestLedger } from '#tests/support/ledger';
import { tornClient } from '#tests/support/torn-reads';

const { adjustCredits } = adminWalletRoutes;
const { listAudit } = adminAuditRoutes;

let test: TestLedger;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  test = await openTestLedger();
  office = openOffice(test);
});
afterAll(async () => {
  await test.close();
});

let users = 0;

/** A user of its own, whom a first grant has made known. */
async function customer(amount = 10) {
  const userId = `adjusted-${(users += 1)}`;
  const wallet = { userId, creditType: 'general' };
  await test.ledger.run(addWork({ wallet, amount, cause: 'first' }));
  return {
    userId,
    balance: async () => (await test.ledger.loadHead(wallet)).balance,
    adjust: (body: Readonly<Record<string, unknown>>, key?: string) =>
      office.call(adjustCredits, {
        body: { user_id: userId, reason: 'Lost in a failed import', ...body },
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
      }),
    audit: async () => {
      const answer = await office.call(listAudit, { query: `user_id=${userId}` });
      return bodyOf(listAudit, 200, answer).records;
    },
  };
}

describe('a correction', () => {
  it('adds or takes away once per key, and stands in the audit with who, why, before and after', async () => {
    const { adjust, audit, balance, userId } = await customer();
    const added = bodyOf(adjustCredits, 201, await adjust({ amount: 5 }, 'more'));
    expect(added).toMatchObject({
      balance: 15,
      transaction: {
        type: 'adjustment',
        amount: 5,
        actor: 'admin:admin-1',
        description: 'Lost in a failed import',
      },
    });
    const again = await adjust({ amount: 5 }, 'more');
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(bodyOf(adjustCredits, 201, again)).toEqual(added);
    expect(codeOf(await adjust({ amount: 6 }, 'more'))).toBe('IDEMPOTENCY_KEY_REUSED');
    await adjust({ amount: -12, reason: 'Added twice' });
    expect(await balance()).toBe(3);
    expect(await audit()).toMatchObject([
      {
        action: 'adjustCredits',
        reason: 'Added twice',
        before: { credit_type: 'general', balance: 15, debt: 0 },
        after: { credit_type: 'general', balance: 3, debt: 0 },
      },
      {
        actor: 'admin:admin-1',
        groups: ['finance'],
        outcome: 'done',
        user_id: userId,
        target: { type: 'transaction', id: added.transaction_id },
        before: { balance: 10 },
        after: { balance: 15 },
        reason: 'Lost in a failed import',
        source_ip: '192.0.2.1',
      },
    ]);
  });

  it('under a key that has corrected another user is refused, and writes nothing', async () => {
    const ann = await customer();
    const bob = await customer();
    const added = bodyOf(adjustCredits, 201, await ann.adjust({ amount: 5 }, 'case-7'));
    expect(codeOf(await bob.adjust({ amount: 5 }, 'case-7'))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(codeOf(await bob.adjust({ amount: 5, user_id: 'nobody' }, 'case-7'))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    expect(await bob.balance()).toBe(10);
    expect(await bob.audit()).toEqual([]);
    const again = await ann.adjust({ amount: 5 }, 'case-7');
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(bodyOf(adjustCredits, 201, again)).toEqual(added);
  });

  it('is known where a repeat looks too early for its entry', async () => {
    const { adjust, balance, userId } = await customer();
    const added = bodyOf(adjustCredits, 201, await adjust({ amount: 5 }, 'case-6'));
    const client = tornClient(test.config, (key) => key.includes('ENTRY#'));
    const early = openOffice({ ...test, ledger: createLedgerStore({ ...test.table, client }) });
    const again = await early.call(adjustCredits, {
      body: { user_id: userId, reason: 'Lost in a failed import', amount: 5 },
      headers: { 'idempotency-key': 'case-6' },
    });
    expect(bodyOf(adjustCredits, 201, again)).toEqual(added);
    expect(await balance()).toBe(15);
  });

  it('of two users at once under one key is one', async () => {
    const [ann, bob] = [await customer(), await customer()];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => (n % 2 ? ann : bob).adjust({ amount: 5 }, 'case-8')),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(4);
    expect([await ann.balance(), await bob.balance()].toSorted()).toEqual([10, 15]);
  });

  it('never takes more than there is, and then leaves neither entry nor record', async () => {
    const { adjust, audit, balance } = await customer(10);
    const answer = await adjust({ amount: -11 });
    expect(codeOf(answer)).toBe('INSUFFICIENT_CREDITS');
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ available: 10, shortfall: 1 });
    expect(await balance()).toBe(10);
    expect(await audit()).toEqual([]);
  });

  it('of many at once counts each once, and records each with what it found', async () => {
    const { adjust, audit, balance } = await customer(100);
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => adjust({ amount: -10 }, `${index % 4}`)),
    );
    expect(await balance()).toBe(60);
    const after = (await audit()).map((record) => record.after);
    expect(after).toHaveLength(4);
    expect(new Set(after.map((state) => JSON.stringify(state))).size).toBe(4);
  });

  it('refuses a user whom nobody knows, and takes one who has a wallet of another type', async () => {
    const { adjust } = await customer();
    const body = { amount: 1, user_id: 'mistyped' };
    expect(codeOf(await adjust(body))).toBe('NOT_FOUND');
    expect((await test.ledger.loadHeads('mistyped')).length).toBe(0);
    const other = await adjust({ amount: 1, credit_type: 'calling' });
    expect(bodyOf(adjustCredits, 201, other).balance).toBe(1);
  });

  it.each([
    ['no reason', { amount: 1, reason: undefined }],
    ['nothing', { amount: 0 }],
    ['a fraction', { amount: 1.5 }],
    ['an expiry of what is taken away', { amount: -1, expires_at: '2027-01-01T00:00:00Z' }],
  ])('asks again for %s', async (_what, body) => {
    const { adjust, balance } = await customer();
    expect(codeOf(await adjust(body))).toBe('VALIDATION_FAILED');
    expect(codeOf(await adjust({ amount: 1, expires_at: '2020-01-01T00:00:00Z' }))).toBe(
      'ALREADY_EXPIRED',
    );
    expect(await balance()).toBe(10);
  });
});
