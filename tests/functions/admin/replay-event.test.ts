import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminRoutes } from '#lib/contract/routes/admin';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { quarantineEvent } from '#lib/purchases/quarantine-event';
import { auditTrail } from '#tests/admin/audit-trail';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { getEvent, replayEvent } = adminRoutes;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  await seedPackages(test);
});
afterAll(async () => {
  await test.close();
});

let users = 0;

/** A purchase of a user of its own, paid, whose event went to quarantine instead of to the ledger. */
async function quarantined(change: (body: string) => string = (body) => body) {
  const user = `replayed-${(users += 1)}`;
  const shop = await openShop(test);
  const begun = bodyOf(purchaseRoutes.createCheckout, 201, await shop.buy({ user }));
  shop.stripe.pay(begun.session_id, 'success');
  const sent = shop.stripe.events().find(({ type }) => type === 'checkout.session.completed');
  const body = change(JSON.stringify(sent));
  const keep = () =>
    quarantineEvent(
      { store: test.ledger },
      {
        provider: 'stripe',
        eventId: String(sent?.id),
        type: 'checkout.session.completed',
        reason: 'WALLET_REFUSED',
        detail: 'the wallet is full',
        body,
        receivedAt: NOW,
        now: NOW,
      },
    );
  const id = await keep();
  const office = openOffice(test);
  const replay = (key?: string, other = id) =>
    office.call(replayEvent, {
      params: { id: other },
      ...(key !== undefined && { headers: { 'idempotency-key': key } }),
    });
  const look = async () => bodyOf(getEvent, 200, await office.call(getEvent, { params: { id } }));
  const balance = async () =>
    (await test.ledger.loadHead({ userId: user, creditType: 'general' })).balance;
  return { id, body, purchaseId: begun.purchase_id, keep, replay, look, balance };
}

describe('a quarantined event', () => {
  it('is shown whole, to those who may see reports', async () => {
    const { id, body, look } = await quarantined();
    expect(await look()).toMatchObject({
      event_id: id,
      reason: 'WALLET_REFUSED',
      detail: 'the wallet is full',
      body,
      status: 'open',
      replays: [],
    });
    const support = openOffice(test, { group: 'support' });
    expect(codeOf(await support.call(getEvent, { params: { id } }))).toBe('FORBIDDEN');
    expect(codeOf(await support.call(replayEvent, { params: { id } }))).toBe('FORBIDDEN');
  });

  it('applied again credits its purchase once, and says who did it and when', async () => {
    const { id, purchaseId, replay, look, balance } = await quarantined();
    const first = bodyOf(replayEvent, 200, await replay('k'));
    expect(first).toMatchObject({ outcome: 'credited', purchase_id: purchaseId });
    const credits = await balance();
    expect(credits).toBeGreaterThan(0);

    const again = await replay('k');
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(bodyOf(replayEvent, 200, again)).toEqual(first);
    expect(bodyOf(replayEvent, 200, await replay('other'))).toMatchObject({ outcome: 'unchanged' });
    expect(await balance()).toBe(credits);
    expect((await look()).status).toBe('resolved');
    expect((await look()).replays).toMatchObject([
      { outcome: 'credited', replayed_by: 'admin:admin-1', replayed_at: NOW },
      { outcome: 'unchanged' },
    ]);
    const trail = await auditTrail(test, { action: 'replayEvent' });
    const own = trail.filter(({ target }) => target?.id === id);
    const outcomes = own.map(({ after }) => after?.slice(0, '{"outcome":"credited"'.length));
    expect(outcomes.toSorted()).toEqual(['{"outcome":"credited"', '{"outcome":"unchanged']);
  });

  it('applied by ten people at once credits once, and each of them is remembered', async () => {
    const { replay, look, balance } = await quarantined();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, each) => replay(`k${each}`)));
    const outcomes = answers.map((answer) => bodyOf(replayEvent, 200, answer).outcome);
    expect(outcomes.toSorted()).toEqual(['credited', ...Array<string>(9).fill('unchanged')]);
    expect((await look()).replays).toHaveLength(10);
    expect(await balance()).toBeGreaterThan(0);
  });

  it('that is still wrong changes nothing and says why', async () => {
    const { replay, look, balance } = await quarantined((body) =>
      body.replaceAll('"livemode":false', '"livemode":true'),
    );
    const answer = bodyOf(replayEvent, 200, await replay());
    expect(answer.outcome).toBe('quarantined');
    expect(answer.detail).toContain('WRONG_LIVEMODE');
    expect((await look()).status).toBe('open');
    expect(await balance()).toBe(0);
  });

  it('delivered once more keeps who applied it', async () => {
    const { keep, replay, look } = await quarantined();
    await replay();
    await keep();
    expect(await look()).toMatchObject({ deliveries: 2, replays: [{ outcome: 'credited' }] });
  });

  it('that is not there, or is the other provider’s, is not found', async () => {
    const { id } = await quarantined();
    const office = openOffice(test);
    for (const request of [
      { params: { id: 'evt_none' } },
      { params: { id }, query: 'provider=razorpay' },
    ]) {
      expect(codeOf(await office.call(getEvent, request))).toBe('NOT_FOUND');
      expect(codeOf(await office.call(replayEvent, request))).toBe('NOT_FOUND');
    }
  });
});

it('a key that has replayed one event is refused for another', async () => {
  const [one, other] = [await quarantined(), await quarantined()];
  bodyOf(replayEvent, 200, await one.replay('k-reused'));
  expect(codeOf(await one.replay('k-reused', other.id))).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(await other.balance()).toBe(0);
  bodyOf(replayEvent, 200, await other.replay('k-other'));
  expect(await other.balance()).toBe(100);
});
