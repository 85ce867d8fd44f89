import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { applicationRoutes } from '#lib/contract/routes/applications';
import { createRateLimitStore } from '#lib/store/rate-limit-store';
import { verifyWallets } from '#lib/wallets/verify-wallets';
import { openDesk } from '#tests/functions/applications/desk';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

let ledger: TestLedger;
let desk: ReturnType<typeof openDesk>;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  ledger = await openTestLedger();
  desk = openDesk(ledger);
  office = openOffice(ledger, { group: 'admin' });
});
afterAll(() => ledger.close());

const later = (ms: number) => new Date(Date.parse(NOW) + ms).toISOString();
const DAY_MS = 86_400_000;

async function makeCode(code: string, changes: object = {}) {
  const body = { code, credits: 10, ...changes };
  return bodyOf(
    adminPromoRoutes.createPromoCode,
    201,
    await office.call(adminPromoRoutes.createPromoCode, { body }),
  );
}
const redeem = (user: string, code: string, key?: string) =>
  desk.call(applicationRoutes.redeemCode, user, {
    body: { code },
    ...(key !== undefined && { key }),
  });
const balanceOf = async (userId: string, creditType = 'general') =>
  (await ledger.ledger.loadHead({ userId, creditType })).balance;
const redemptionsOf = async (code: string) =>
  bodyOf(
    adminPromoRoutes.listRedemptions,
    200,
    await office.call(adminPromoRoutes.listRedemptions, { params: { code }, query: 'limit=100' }),
  );

describe('a good code', () => {
  test('gives its credits as promotional ones with their own expiry, however it is typed', async () => {
    await makeCode('Summer-1', { credit_type: 'enrichment', credits_expire_after_days: 30 });
    const body = bodyOf(applicationRoutes.redeemCode, 201, await redeem('ada', 'sUMMER-1'));
    expect(body).toMatchObject({
      success: true,
      code: 'SUMMER-1',
      credits_added: 10,
      balance: 10,
      credits_expire_at: later(30 * DAY_MS),
      transaction: {
        type: 'promo',
        credit_type: 'enrichment',
        description: 'Promotional code SUMMER-1',
        reference: { type: 'promo_code', id: 'SUMMER-1' },
        actor: 'user:ada',
      },
    });
    expect(body.transaction.draws[0]).toMatchObject({ category: 'promotional' });
    expect(await redemptionsOf('summer-1')).toMatchObject({
      redemptions: [{ number: 1, user_id: 'ada', transaction_id: body.transaction_id }],
      pagination: { total: 1 },
    });
  });

  test('counts once: the same request gets the first answer, another is told that it counted', async () => {
    await makeCode('ONCE', { max_uses: 1 });
    const first = await redeem('bea', 'ONCE', 'key-1');
    const again = await redeem('bea', 'once', 'key-1');
    expect(again.body).toBe(first.body);
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect(codeOf(await redeem('bea', 'ONCE', 'key-2'))).toBe('PROMO_CODE_REDEEMED');
    expect(codeOf(await redeem('bea', 'ONCE'))).toBe('PROMO_CODE_REDEEMED');
    expect(await balanceOf('bea')).toBe(10);
    // Somebody else learns nothing of it.
    expect(codeOf(await redeem('eve', 'ONCE'))).toBe('PROMO_CODE_INVALID');
  });

  test('keeps its key: the same key with another code is refused and gives nothing', async () => {
    await makeCode('KEYED-1');
    await makeCode('KEYED-2');
    bodyOf(applicationRoutes.redeemCode, 201, await redeem('kim', 'KEYED-1', 'key'));
    expect(codeOf(await redeem('kim', 'KEYED-2', 'key'))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(codeOf(await redeem('kim', 'UNKNOWN', 'key'))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await balanceOf('kim')).toBe(10);
  });
});

test('unknown, expired, used up, switched off and somebody else’s look the same: answer, headers and work', async () => {
  await makeCode('EXPIRED', { expires_at: later(1_000) });
  await makeCode('LATE-CREDITS', { credits_expire_at: later(1_000) });
  await makeCode('USED-UP', { max_uses: 1 });
  await redeem('first', 'USED-UP');
  await makeCode('SWITCHED-OFF', { active: false });
  await makeCode('SOMEBODYS', { user_ids: ['somebody'] });
  desk.at(later(1_000));
  const seen = await Promise.resolve(
    ['UNKNOWN', 'EXPIRED', 'LATE-CREDITS', 'USED-UP', 'SWITCHED-OFF', 'SOMEBODYS'].reduce<
      Promise<object[]>
    >(async (before, code) => {
      const all = await before;
      const { result, cost } = await ledger.measure(() => redeem('guesser', code, 'a-key'));
      const { 'x-request-id': requestId, ...headers } = result.headers ?? {};
      const body = (result.body ?? '').replaceAll(String(requestId), '');
      return [...all, { status: result.statusCode, headers, body, calls: cost.calls }];
    }, Promise.resolve([])),
  );
  desk.at(NOW);
  expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(1);
  // The second look is for who asked for the same a moment ago, and everybody pays for it.
  expect(seen[0]).toMatchObject({ status: 404, calls: ['BatchGetItem', 'BatchGetItem'] });
  expect(seen[0]).toHaveProperty('body', expect.stringContaining('PROMO_CODE_INVALID'));
  expect(await balanceOf('guesser')).toBe(0);
  expect(desk.metrics.filter((name) => name === 'PromoCodeMisses').length).toBeGreaterThan(5);
});

test('64 users racing for ten uses: exactly ten redeem, numbered without gaps', async () => {
  await makeCode('RACE', { max_uses: 10 });
  const users = Array.from({ length: 64 }, (_, index) => `racer-${index}`);
  const answers = await Promise.all(users.map((user) => redeem(user, 'RACE')));
  const winners = users.filter((_, index) => answers[index]?.statusCode === 201);
  expect(winners).toHaveLength(10);
  const lost = answers.filter(({ statusCode }) => statusCode !== 201).map(codeOf);
  expect(new Set(lost)).toEqual(new Set(['PROMO_CODE_INVALID']));
  const { redemptions, pagination } = await redemptionsOf('RACE');
  expect(pagination.total).toBe(10);
  expect(redemptions.map(({ number }) => number)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect(new Set(redemptions.map(({ user_id }) => user_id))).toEqual(new Set(winners));
  const balances = await Promise.all(users.map((user) => balanceOf(user)));
  expect(balances.reduce((sum, each) => sum + each, 0)).toBe(100);
});

test.each([
  { how: 'each with its own key', key: (index: number) => `key-${index}` },
  { how: 'all with one key', key: () => 'one-key' },
  { how: 'without keys', key: () => undefined },
])('one user twenty times at once, $how, redeems once', async ({ how, key }) => {
  const code = `TWENTY-${how.length}`;
  await makeCode(code);
  const user = `eager-${how.length}`;
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => redeem(user, code, key(index))),
  );
  expect(await balanceOf(user)).toBe(10);
  expect((await redemptionsOf(code)).pagination.total).toBe(1);
  const ids = answers
    .filter(({ statusCode }) => statusCode === 201)
    .map((answer) => bodyOf(applicationRoutes.redeemCode, 201, answer).transaction_id);
  expect(new Set(ids).size).toBe(1);
  expect(ids).toHaveLength(key(0) === 'one-key' ? 20 : 1);
  expect((await verifyWallets(ledger.ledger, user)).flatMap(({ problems }) => problems)).toEqual(
    [],
  );
});

test('a guesser has ten tries, then one a minute, however many codes there are', async () => {
  const limited = openDesk(ledger, { rateLimits: createRateLimitStore(ledger.table) });
  const guess = (index: number) =>
    limited.call(applicationRoutes.redeemCode, 'mallory', { body: { code: `GUESS-${index}` } });
  const answers = await Promise.all(Array.from({ length: 25 }, (_, index) => guess(index)));
  const codes = answers.map(codeOf);
  expect(codes.filter((code) => code === 'PROMO_CODE_INVALID')).toHaveLength(10);
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
  limited.at(later(60_000));
  expect(codeOf(await guess(26))).toBe('PROMO_CODE_INVALID');
  const last = await guess(27);
  expect(codeOf(last)).toBe('RATE_LIMITED');
  expect(last.headers).toMatchObject({ 'retry-after': '60', ratelimit: '"redeem";r=0;t=600' });
});

test('a text that can be no code is a 400, which says nothing about codes', async () => {
  for (const code of ['abc', 'a b c d', 'SUMMER-1 ', 'sümmer', 'A'.repeat(41), 5, null]) {
    const answer = await desk.call(applicationRoutes.redeemCode, 'ada', { body: { code } });
    expect(codeOf(answer)).toBe('VALIDATION_FAILED');
  }
});
