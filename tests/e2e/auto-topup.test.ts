import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
}, 60_000);
afterAll(async () => {
  await stack.close();
});

const PATH = '/credits/auto-topup';

it('declined, suspended, resumed, and charged once while its webhook is late and fifty spends go on', async () => {
  // Days pass here, and a token lives for an hour.
  const user = () => stack.token({ sub: 'ada', email: 'ada@example.com' });
  const service = () => stack.token({ client: 'service', scope: 'credits/write' });
  const ok = async (method: string, path: string, body: object, token: string) => {
    const answer = await stack.sendUntilServed(method, path, { token, body });
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.body;
  };
  const local = (path: string, body: object) => ok('POST', `/local/${path}`, body, '');
  const state = async () => (await stack.send('GET', PATH, { token: await user() })).body;
  const saveCard = async (card: string) => {
    const urls = { success_url: `${stack.url}/saved`, cancel_url: `${stack.url}/settings` };
    const { session_id } = await ok('POST', `${PATH}/setup`, urls, await user());
    await local(`stripe/sessions/${String(session_id)}/pay`, { card });
    await stack.settle();
  };
  const deduct = (amount: number, token: string) =>
    ok('POST', '/api/credits/ada/deduct', { amount, description: 'Enrich a lead' }, token);

  await user();
  const welcome = { amount: 159, description: 'Welcome' };
  await ok('POST', '/api/credits/ada/add', welcome, await service());
  const terms = { threshold: 100, package_id: 'starter', currency: 'USD' };
  const caps = { max_per_month: 10, max_amount_per_month: 20_000 };
  await ok('PUT', PATH, { enabled: true, ...terms, ...caps }, await user());
  await saveCard('declines');
  await deduct(70, await service());
  await stack.settle();
  expect(await state()).toMatchObject({ state: 'backing_off', reason_code: 'card_declined' });
  for (const duration of ['PT1H10M', 'PT24H10M']) {
    await stack.advance(duration);
    await stack.settle();
  }
  expect(await state()).toMatchObject({ state: 'suspended', declines: 3, available: 90 });

  await saveCard('pays');
  // Stripe charges, its answers are lost and its webhooks late.
  const lost = { path: '/v1/payment_intents', method: 'POST', count: 100 };
  await local('faults', { service: 'stripe', kind: 'reset', ...lost });
  await local('stripe/deliveries', { hold: true });
  await ok('POST', `${PATH}/resume`, {}, await user());
  const writer = await service();
  await Promise.all(Array.from({ length: 50 }, () => deduct(1, writer)));
  await stack.settle();
  const waiting = await state();
  expect(waiting).toMatchObject({ state: 'waiting', available: 40 });
  await local('stripe/deliveries', { hold: false });
  await stack.settle();
  expect(await state()).toMatchObject({
    state: 'active',
    available: 140,
    declines: 0,
    last_purchase: { outcome: 'paid', purchase_id: waiting['purchase_id'] },
  });

  const { events } = z
    .object({ events: z.array(z.object({ type: z.string() })) })
    .parse((await stack.send('GET', '/local/stripe/events')).body);
  const count = (wanted: string) => events.filter(({ type }) => type === wanted).length;
  expect([count('charge.succeeded'), count('charge.failed')]).toEqual([1, 3]);
  const { emails } = z
    .object({ emails: z.array(z.object({ subject: z.string() })) })
    .parse((await stack.send('GET', '/local/emails')).body);
  const subjects = emails.map(({ subject }) => subject);
  expect(subjects.filter((subject) => subject.includes('top-up'))).toEqual([
    'Your automatic top-up is suspended',
  ]);
  expect(subjects).toContain('Your receipt for 100 credits');
}, 120_000);
