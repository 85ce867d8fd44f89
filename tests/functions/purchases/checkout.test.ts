import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import type { LedgerStore } from '#lib/ports';
import {
  bodyOf,
  type Buying,
  codeOf,
  openShop,
  ORIGIN,
  seedPackages,
} from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { createCheckout, getCheckout, getPurchase } = purchaseRoutes;

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  await seedPackages(test, [
    {
      id: 'retired',
      name: 'Retired',
      description: '1 credit',
      creditType: 'general',
      credits: 1,
      prices: [{ currency: 'USD', amountMinor: 100 }],
      active: false,
      position: 9,
    },
    {
      id: 'calls',
      name: 'Calls',
      description: '60 calls',
      creditType: 'calling',
      credits: 60,
      prices: [
        { currency: 'EUR', amountMinor: 3_000 },
        { currency: 'JPY', amountMinor: 5_000 },
      ],
      active: true,
      position: 4,
    },
  ]);
});
afterAll(async () => {
  await test.close();
});

let users = 0;
const newUser = () => `buyer-${(users += 1)}`;
const balanceOf = async (userId: string, creditType = 'general') =>
  (await test.ledger.loadHead({ userId, creditType })).balance;

describe('buying a package', () => {
  it('goes from checkout over the payment page to credits', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const opened = bodyOf(createCheckout, 201, await shop.buy({ user }));
    expect(opened.checkout_url).toBe(`${shop.pagesUrl}/stripe/checkout/${opened.session_id}`);

    const ask = { token: user, params: { session_id: opened.session_id } };
    const before = bodyOf(getCheckout, 200, await shop.call(getCheckout, ask));
    expect(before).toMatchObject({ status: 'pending', transaction_id: null, amount: 1_000 });

    shop.stripe.pay(opened.session_id, 'success');
    await shop.fulfil();
    const after = bodyOf(getCheckout, 200, await shop.call(getCheckout, ask));
    expect(after).toMatchObject({ status: 'paid', credits: 100, purchase_id: opened.purchase_id });
    const [entry] = await test.ledger.loadEntries(user);
    expect(entry).toMatchObject({ id: after.transaction_id, amount: 100, type: 'purchase' });
    await shop.fulfil();
    expect(await balanceOf(user)).toBe(100);
  });

  it.each([
    ['async_success', 'paid', 100],
    ['async_failure', 'failed', 0],
    ['decline', 'pending', 0],
    ['cancel', 'pending', 0],
  ] as const)('with the outcome %s ends %s with %i credits', async (outcome, status, credits) => {
    const shop = await openShop(test);
    const user = newUser();
    const { session_id, purchase_id } = bodyOf(createCheckout, 201, await shop.buy({ user }));
    shop.stripe.pay(session_id, outcome);
    await shop.fulfil();
    const answer = await shop.call(getPurchase, { token: user, params: { id: purchase_id } });
    expect(bodyOf(getPurchase, 200, answer)).toMatchObject({ status, credits_granted: credits });
    expect(await balanceOf(user)).toBe(credits);
  });

  it('with a declined card says so, takes another card, and has failed once its page is over', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const begun = async () => bodyOf(createCheckout, 201, await shop.buy({ user }));
    const [paid, left] = [await begun(), await begun()];
    const statusOf = async ({ purchase_id: id }: typeof paid) =>
      bodyOf(getPurchase, 200, await shop.call(getPurchase, { token: user, params: { id } }));
    for (const { session_id } of [paid, left]) shop.stripe.pay(session_id, 'decline');
    await shop.fulfil();
    for (const each of [paid, left]) {
      expect(await statusOf(each)).toMatchObject({
        status: 'pending',
        last_decline: { reason: 'card_declined' },
      });
    }
    shop.stripe.pay(paid.session_id, 'success');
    await shop.sdk.checkout.sessions.expire(left.session_id);
    await shop.fulfil();
    expect(await statusOf(paid)).toMatchObject({ status: 'paid' });
    expect(await statusOf(left)).toMatchObject({ status: 'failed' });
    expect(await balanceOf(user)).toBe(100);
  });

  it('that nobody paid for ends expired', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const { session_id, purchase_id } = bodyOf(createCheckout, 201, await shop.buy({ user }));
    await shop.sdk.checkout.sessions.expire(session_id);
    await shop.fulfil();
    const answer = await shop.call(getPurchase, { token: user, params: { id: purchase_id } });
    expect(bodyOf(getPurchase, 200, answer)).toMatchObject({ status: 'expired' });
  });

  it('in another currency charges that price and credits that type', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const body = { package_id: 'calls', currency: 'JPY' };
    const { session_id } = bodyOf(createCheckout, 201, await shop.buy({ user, body }));
    const session = await shop.sdk.checkout.sessions.retrieve(session_id);
    expect(session).toMatchObject({ amount_total: 5_000, currency: 'jpy' });
    shop.stripe.pay(session_id, 'success');
    await shop.fulfil();
    expect(await balanceOf(user, 'calling')).toBe(60);
  });

  it('keeps its price when the package changes before it is paid', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const value = {
      id: 'moving',
      name: 'Moving',
      description: '5 credits',
      creditType: 'general',
      credits: 5,
      prices: [{ currency: 'USD', amountMinor: 500 }],
      active: true,
      position: 8,
    };
    const id = { packageId: 'moving' };
    await test.ledger.write([{ record: 'package', id, value, version: null }]);
    const bought = await shop.buy({ user, body: { package_id: 'moving' } });
    const { session_id } = bodyOf(createCheckout, 201, bought);
    const changed = { ...value, credits: 1, prices: [{ currency: 'USD', amountMinor: 900 }] };
    await test.ledger.write([{ record: 'package', id, value: changed, version: 1 }]);
    shop.stripe.pay(session_id, 'success');
    await shop.fulfil();
    expect(await balanceOf(user)).toBe(5);
  });

  it('tells Stripe the address of the account', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const value = { userId: user, email: 'ada@example.com', createdAt: '2026-01-01T00:00:00.000Z' };
    await test.ledger.write([{ record: 'account', id: { userId: user }, value, version: null }]);
    const { session_id } = bodyOf(createCheckout, 201, await shop.buy({ user }));
    const session = await shop.sdk.checkout.sessions.retrieve(session_id);
    expect(session.customer_email).toBe('ada@example.com');
  });
});

describe('a checkout that is sent again', () => {
  it('with its key gets the first answer and opens no second page', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const first = await shop.buy({ user, key: 'k1' });
    const again = await shop.buy({ user, key: 'k1' });
    expect(again.body).toBe(first.body);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect((await shop.sdk.checkout.sessions.list()).data).toHaveLength(1);
  });

  it('ten times at once with its key opens one page', async () => {
    const shop = await openShop(test);
    const user = newUser();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => shop.buy({ user, key: 'k1' })),
    );
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect((await shop.sdk.checkout.sessions.list()).data).toHaveLength(1);
  });

  it('with its key for something else is refused', async () => {
    const shop = await openShop(test);
    const user = newUser();
    await shop.buy({ user, key: 'k1' });
    const other = await shop.buy({ user, key: 'k1', body: { package_id: 'pro' } });
    expect(codeOf(other)).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('by another user with the same key is another purchase', async () => {
    const shop = await openShop(test);
    const first = bodyOf(createCheckout, 201, await shop.buy({ user: newUser(), key: 'k1' }));
    const second = bodyOf(createCheckout, 201, await shop.buy({ user: newUser(), key: 'k1' }));
    expect(second.purchase_id).not.toBe(first.purchase_id);
  });

  it('after a lost answer continues the purchase that it began', async () => {
    const shop = await openShop(test);
    const user = newUser();
    shop.stripe.faults.add({ kind: 'hang', count: 2, path: '/v1/checkout' });
    const lost = await shop.buy({ user, key: 'k1' });
    expect(codeOf(lost)).toBe('PAYMENT_PROVIDER_UNAVAILABLE');
    expect(lost.headers?.['retry-after']).toBe('5');
    bodyOf(createCheckout, 201, await shop.buy({ user, key: 'k1' }));
    expect((await shop.sdk.checkout.sessions.list()).data).toHaveLength(1);
    const read = await test.ledger.load([{ record: 'purchaseCount', id: { userId: user } }]);
    expect(read('purchaseCount', { userId: user })?.value.count).toBe(1);
  });

  it('after its page was paid without our knowing it credits once', async () => {
    const shop = await openShop(test);
    const user = newUser();
    shop.stripe.faults.add({ kind: 'hang', count: 2, path: '/v1/checkout' });
    await shop.buy({ user, key: 'k1' });
    const [session] = (await shop.sdk.checkout.sessions.list()).data;
    shop.stripe.pay(session?.id ?? '', 'success');
    await shop.fulfil();
    expect(await balanceOf(user)).toBe(100);
    const again = bodyOf(createCheckout, 201, await shop.buy({ user, key: 'k1' }));
    expect(again.session_id).toBe(session?.id);
    await shop.fulfil();
    expect(await balanceOf(user)).toBe(100);
  });
});

describe('a checkout is refused, and nothing is begun, when', () => {
  it.each<[string, Buying['body'], string]>([
    ['there is no such package', { package_id: 'none' }, 'NOT_FOUND'],
    ['the package is not on sale any more', { package_id: 'retired' }, 'PACKAGE_NOT_AVAILABLE'],
    ['there is no price in the currency', { currency: 'EUR' }, 'CURRENCY_NOT_AVAILABLE'],
    ['the success URL is elsewhere', { success_url: 'https://evil.example/' }, 'URL_NOT_ALLOWED'],
    ['the cancel URL is elsewhere', { cancel_url: 'https://evil.example/' }, 'URL_NOT_ALLOWED'],
    [
      'the URL only begins like ours',
      { success_url: `${ORIGIN}.evil.example/` },
      'URL_NOT_ALLOWED',
    ],
    [
      'the URL has our host and another port',
      { success_url: `${ORIGIN}:8443/` },
      'URL_NOT_ALLOWED',
    ],
    ['the URL hides another host', { success_url: `${ORIGIN}@evil.example/` }, 'VALIDATION_FAILED'],
    ['the caller names the credits', { credits: 1_000_000 }, 'VALIDATION_FAILED'],
    ['the caller names the price', { amount: 1 }, 'VALIDATION_FAILED'],
    ['the caller names another user', { user_id: 'user-2' }, 'VALIDATION_FAILED'],
  ])('%s', async (_, body, code) => {
    const shop = await openShop(test);
    const user = newUser();
    expect(codeOf(await shop.buy({ user, body: body ?? {} }))).toBe(code);
    expect(shop.stripe.events()).toEqual([]);
    const read = await test.ledger.load([{ record: 'purchaseCount', id: { userId: user } }]);
    expect(read('purchaseCount', { userId: user })).toBeNull();
  });

  it('Stripe refuses it: the buyer hears nothing of why, the log does', async () => {
    const shop = await openShop(test, {
      checkout: { openSession: async () => ({ kind: 'refused', detail: 'account_closed' }) },
    });
    const answer = await shop.buy({ user: newUser() });
    expect(codeOf(answer)).toBe('PAYMENT_PROVIDER_FAILED');
    expect(answer.body).not.toContain('account_closed');
    expect(shop.lines).toMatchObject([
      { level: 'error', fields: { reason: 'account_closed' } },
      {},
    ]);
  });
});

it('the status of a checkout is only for its buyer; for others it is not there', async () => {
  const shop = await openShop(test);
  const user = newUser();
  const { session_id, purchase_id } = bodyOf(createCheckout, 201, await shop.buy({ user }));
  const stranger = { token: newUser() };
  const asked = [
    await shop.call(getCheckout, { ...stranger, params: { session_id } }),
    await shop.call(getCheckout, { ...stranger, params: { session_id: 'cs_none' } }),
    await shop.call(getPurchase, { ...stranger, params: { id: purchase_id } }),
    await shop.call(getPurchase, { ...stranger, params: { id: 'pur_none' } }),
  ];
  expect(asked.map(codeOf)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
});

it('a page that could not be stored is found again by the next try', async () => {
  let writes = 0;
  const store: LedgerStore = {
    ...test.ledger,
    write: async (records) => {
      writes += 1;
      if (writes === 2) throw new Error('the table is away');
      return test.ledger.write(records);
    },
  };
  const shop = await openShop(test, { store });
  const user = newUser();
  expect(codeOf(await shop.buy({ user, key: 'k1' }))).toBe('INTERNAL');
  bodyOf(createCheckout, 201, await shop.buy({ user, key: 'k1' }));
  expect((await shop.sdk.checkout.sessions.list()).data).toHaveLength(1);
});
