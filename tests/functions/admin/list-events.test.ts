import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminRoutes } from '#lib/contract/routes/admin';
import { quarantineEvent } from '#lib/purchases/quarantine-event';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  for (const [minute, provider] of ['stripe', 'razorpay', 'stripe', 'stripe'].entries()) {
    const at = `2026-11-18T11:0${minute}:00.000Z`;
    await quarantineEvent(
      { store: test.ledger },
      {
        provider: provider === 'razorpay' ? 'razorpay' : 'stripe',
        eventId: `evt_${minute}`,
        type: 'checkout.session.completed',
        reason: 'WRONG_AMOUNT',
        detail: '999 came, 1000 was agreed',
        body: '{"customer_email":"ada@example.com"}',
        receivedAt: at,
        now: at,
      },
    );
  }
});
afterAll(async () => {
  await test.close();
});

const list = (query: string, group = 'finance') =>
  openOffice(test, { group }).call(adminRoutes.listEvents, { query });

it('shows newest first what contradicts what, without the bodies and the people in them', async () => {
  const answer = await list('');
  const { events, pagination } = bodyOf(adminRoutes.listEvents, 200, answer);
  expect(events.map(({ event_id }) => event_id)).toEqual(['evt_3', 'evt_2', 'evt_1', 'evt_0']);
  expect(events[0]).toEqual({
    event_id: 'evt_3',
    provider: 'stripe',
    type: 'checkout.session.completed',
    reason: 'WRONG_AMOUNT',
    detail: '999 came, 1000 was agreed',
    status: 'open',
    received_at: '2026-11-18T11:03:00.000Z',
    last_seen_at: '2026-11-18T11:03:00.000Z',
    deliveries: 1,
    last_replayed_at: null,
  });
  expect(pagination.next_cursor).toBeNull();
  expect(answer.body).not.toContain('ada@');
});

it('goes through them page by page, of one provider or all, by cursor or number', async () => {
  const idsOf = async (query: string) => {
    const page = bodyOf(adminRoutes.listEvents, 200, await list(query));
    return { ids: page.events.map(({ event_id }) => event_id), next: page.pagination.next_cursor };
  };
  const first = await idsOf('provider=stripe&limit=2');
  expect(first.ids).toEqual(['evt_3', 'evt_2']);
  const second = await idsOf(`provider=stripe&cursor=${first.next ?? ''}`);
  expect(second).toEqual({ ids: ['evt_0'], next: null });
  expect(await idsOf('limit=3&page=2')).toEqual({ ids: ['evt_0'], next: null });
  expect(await idsOf('provider=razorpay')).toEqual({ ids: ['evt_1'], next: null });
});

it('is for those who may see reports, and for nobody else', async () => {
  expect(codeOf(await list('', 'support'))).toBe('FORBIDDEN');
});
