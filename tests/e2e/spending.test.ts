import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, openTestStack, type TestStack } from '#tests/support/stack';

let stack: TestStack;
let app: string;
let admin: string;
beforeAll(async () => {
  stack = await openTestStack();
  app = await stack.token({ sub: 'app', client: 'service' });
  admin = await stack.token({ sub: 'carol', client: 'admin', groups: ['admin'] });
});
afterAll(() => stack.close());

const add = (user: string, amount: number, more: object = {}) =>
  stack.send('POST', `/api/credits/${user}/add`, {
    token: app,
    body: { amount, description: 'Test credits', ...more },
  });
const deduct = (user: string, amount: number, key?: string) =>
  stack.sendUntilServed('POST', `/api/credits/${user}/deduct`, {
    token: app,
    ...(key !== undefined && { key }),
    body: { amount, description: 'Enrich a lead' },
  });
const balance = async (user: string) => {
  const answer = await stack.send('GET', `/api/credits/${user}/balance`, { token: app });
  return answer.body['balance'];
};
const expectVerified = async (user: string) => {
  const { body } = await stack.send('GET', `/admin/credits/verify/${user}`, { token: admin });
  expect(body).toMatchObject({ ok: true });
};

describe('an Idempotency-Key makes a deduct safe to repeat', () => {
  const user = 'keyed';
  let first: Answer;
  beforeAll(async () => {
    await add(user, 30);
    first = await deduct(user, 30, 'order-1');
  });

  test('the replay of the spend that emptied a wallet gets the first answer and says so', async () => {
    expect(first).toMatchObject({ status: 201, body: { balance: 0 } });
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const replay = await deduct(user, 30, 'order-1');
    expect(replay).toMatchObject({ status: 201, body: first.body });
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
  });

  test('the same key with another body is refused', async () => {
    const reuse = await deduct(user, 29, 'order-1');
    expect(reuse).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  test('two at the same moment make one entry', async () => {
    await add(user, 10);
    const both = await Promise.all([deduct(user, 5, 'order-2'), deduct(user, 5, 'order-2')]);
    expect(both.map((answer) => answer.status)).toEqual([201, 201]);
    expect(both[0].body).toEqual(both[1].body);
    expect(await balance(user)).toBe(5);
  });

  test('a replay days later still gets the first answer', async () => {
    await stack.advance('P9D');
    app = await stack.token({ sub: 'app', client: 'service' });
    admin = await stack.token({ sub: 'carol', client: 'admin', groups: ['admin'] });
    const replay = await deduct(user, 30, 'order-1');
    expect(replay).toMatchObject({ status: 201, body: first.body });
    await expectVerified(user);
  });
});

describe('200 parallel deducts of 1 against 150 credits', () => {
  test('150 succeed, 50 are refused with the numbers, and the chain verifies', async () => {
    await add('crowd', 150);
    const answers = await Promise.all(Array.from({ length: 200 }, () => deduct('crowd', 1)));
    const refused = answers.filter((answer) => answer.status === 402);
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(150);
    expect(refused).toHaveLength(50);
    expect(refused[0]?.body).toMatchObject({
      code: 'INSUFFICIENT_CREDITS',
      required: 1,
      available: 0,
      shortfall: 1,
    });
    expect(await balance('crowd')).toBe(0);
    await expectVerified('crowd');
  });

  test('with 30 % repeated keys each key spends once', async () => {
    await add('retriers', 150);
    const keys = Array.from({ length: 200 }, (_, n) => (n < 60 ? `again-${n % 20}` : `once-${n}`));
    const answers = await Promise.all(keys.map((key) => deduct('retriers', 1, key)));
    const spent = new Map(
      answers.flatMap(({ status, body }, n) =>
        status === 201 ? [[keys[n], body['transaction_id']]] : [],
      ),
    );
    expect(answers.every(({ status }) => status === 201 || status === 402)).toBe(true);
    expect(new Set(spent.values()).size).toBe(150);
    expect(await balance('retriers')).toBe(0);
    await expectVerified('retriers');
  });
});

test('sixteen clients of one wallet get many times as many spends through in batches', async () => {
  await add('hot', 10_000);
  const text = { amount: 1, description: 'Enrich a lead' };
  const transactions = { single: 0, batch: 0 };
  let way: keyof typeof transactions = 'single';
  const stop = stack.stack.dynamo.onCall(({ operation }) => {
    if (operation === 'TransactWriteItems') transactions[way] += 1;
  });
  const clients = async (request: (name: string) => Promise<Answer>) => {
    const client = async (name: string) => [await request(`${name}-0`), await request(`${name}-1`)];
    const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => client(`${way}-${n}`)));
    expect(answers.flat().map(({ status }) => status)).toEqual(Array(32).fill(201));
  };
  await clients((name) => deduct('hot', 1, name));
  way = 'batch';
  await clients((name) => {
    const spends = Array.from({ length: 40 }, (_, n) => ({
      ...text,
      idempotency_key: `${name}-${n}`,
    }));
    const path = '/api/credits/hot/deduct-batch';
    return stack.sendUntilServed('POST', path, { token: app, body: { spends } });
  });
  stop();
  expect(await balance('hot')).toBe(10_000 - 16 * 2 - 16 * 2 * 40);
  // For each spend, lost races included; seconds are `npm run bench`'s.
  expect(transactions.single / 32).toBeGreaterThan(10 * (transactions.batch / (32 * 40)));
  await expectVerified('hot');
});

describe('grants burn in order and expire (DESIGN 3.4, 3.5)', () => {
  const user = 'grants';
  const now = async () => {
    const { body } = await stack.send('GET', '/local/info');
    return Date.parse(String(body['now']));
  };

  test('promotional credits that expire soon burn first, expire alone, and a refund gives them a grace', async () => {
    await add(user, 100, { category: 'paid' });
    const expiresAt = new Date((await now()) + 3_600_000).toISOString();
    await add(user, 50, { category: 'promotional', expires_at: expiresAt });
    const spent = await deduct(user, 20);
    expect(spent.body).toMatchObject({
      transaction: { draws: [{ amount: -20, category: 'promotional' }] },
    });

    await stack.advance('PT2H');
    app = await stack.token({ sub: 'app', client: 'service' });
    expect(await balance(user)).toBe(100);
    const refund = await stack.send('POST', `/api/credits/${user}/refund`, {
      token: app,
      body: { transaction_id: spent.body['transaction_id'] },
    });
    expect(refund).toMatchObject({ status: 201, body: { balance: 120 } });
    const graceEnds = (await now()) + 7 * 86_400_000;
    const { body } = await stack.send('GET', `/api/credits/${user}/balance`, { token: app });
    expect(body).toMatchObject({ expiring: [{ amount: 20, category: 'promotional' }] });
    expect(JSON.stringify(body)).toContain(new Date(graceEnds).toISOString().slice(0, 10));

    const history = await stack.send('GET', `/api/credits/${user}/history?type=expiry`, {
      token: app,
    });
    expect(history.body).toMatchObject({
      transactions: [{ type: 'expiry', amount: -30 }],
      pagination: { total: 1 },
    });
  });
});
