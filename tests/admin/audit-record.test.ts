import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditContext, auditWrite } from '#lib/admin/audit-record';
import { add } from '#lib/ledger/inflow';
import type { LedgerStore } from '#lib/ports';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

const context: AuditContext = {
  actor: 'admin:ada',
  groups: ['finance', 'admin'],
  sourceIp: '192.0.2.1',
  requestId: 'req-1',
  at: NOW,
};

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(async () => {
  await test.close();
});

const grant = (ledger: LedgerStore, cause: string) =>
  ledger.run({
    wallets: [{ userId: 'alice', creditType: 'general' }],
    cause,
    fingerprint: null,
    decide: ({ heads: [head] }) => {
      const terms = { category: 'promotional', priority: 0, expiresAt: null } as const;
      const command = { now: NOW, cause, actor: context.actor, description: 'Sorry' };
      const decision = add(head, { ...command, ...terms, type: 'adjustment', amount: 5 });
      if (!decision.ok) return decision;
      const write = auditWrite(
        { ...context, requestId: cause },
        {
          action: 'adjustCredits',
          userId: 'alice',
          before: { balance: head.balance },
          after: { balance: decision.head.balance },
          reason: 'Sorry',
        },
      );
      return { ok: true, decisions: [decision], writes: [write] };
    },
  });

it('stands with what it describes, or not at all', async () => {
  await Promise.all(['one', 'two', 'three'].map((cause) => grant(test.ledger, cause)));
  await grant(test.ledger, 'one');
  const ids = ['one', 'two', 'three'].map(
    (requestId) =>
      auditWrite({ ...context, requestId }, { action: 'adjustCredits', userId: 'alice' }).id,
  );
  const read = await test.ledger.load(ids.map((id) => ({ record: 'audit', id })));
  const after = ids.map((id) => read('audit', id)?.value.after);
  // Each of the three that raced says what it really led to.
  expect(after.toSorted()).toEqual(['{"balance":10}', '{"balance":15}', '{"balance":5}']);
  expect(read('audit', ids[0] ?? { at: '', auditId: '' })?.value).toMatchObject({
    actor: 'admin:ada',
    groups: ['admin', 'finance'],
    outcome: 'done',
    reason: 'Sorry',
  });
});

it('names a state that is too long for an item by its hash', () => {
  const { value } = auditWrite(context, { action: 'bulk', after: 'x'.repeat(10_000) });
  expect(value.after).toMatch(/^\{"omitted_bytes":10002,"sha256":"[0-9a-f]{64}"\}$/);
});
