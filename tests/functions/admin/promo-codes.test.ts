import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';
import { queryAll } from '#lib/store/read';
import { recordFromItem } from '#lib/store/records';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { NOW } from '#tests/http/events';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { changePromoCode, createPromoCode, listPromoCodes, listRedemptions } = adminPromoRoutes;

let ledger: TestLedger;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  ledger = await openTestLedger();
  office = openOffice(ledger, { group: 'admin' });
});
afterAll(() => ledger.close());

const create = (body: object, key?: string) =>
  office.call(createPromoCode, {
    body,
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });
const change = (code: string, body: object) =>
  office.call(changePromoCode, { params: { code }, body });

async function auditOf(code: string) {
  const items = await queryAll(ledger.table, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': `AUDIT#${NOW.slice(0, 7)}` },
  });
  return items
    .map((item) => recordFromItem('audit', item).value)
    .filter(({ target }) => target?.id === code);
}

test('a code is made once, with its audit record; the same request gets the first answer', async () => {
  const first = await create({ code: 'autumn', credits: 7, max_uses: 3 }, 'key-1');
  expect(bodyOf(createPromoCode, 201, first)).toMatchObject({
    code: 'AUTUMN',
    credits: 7,
    credit_type: 'general',
    active: true,
    max_uses: 3,
    uses: 0,
    expires_at: null,
    user_ids: null,
    created_by: 'admin:admin-1',
  });
  await change('AUTUMN', { credits: 8 });
  const again = await create({ code: 'AUTUMN', credits: 7, max_uses: 3 }, 'key-1');
  expect(again.body).toBe(first.body);
  expect(again.headers?.['idempotent-replayed']).toBe('true');
  expect(codeOf(await create({ code: 'WINTER', credits: 7 }, 'key-1'))).toBe(
    'IDEMPOTENCY_KEY_REUSED',
  );
  expect(codeOf(await create({ code: 'Autumn', credits: 7 }, 'key-2'))).toBe('PROMO_CODE_EXISTS');
  const made = (await auditOf('AUTUMN')).filter(({ action }) => action === 'createPromoCode');
  expect(made).toHaveLength(1);
  expect(made[0]).toMatchObject({ actor: 'admin:admin-1', outcome: 'done', before: null });
});

test('a change is on record with what was and what is; one that changes nothing is not', async () => {
  await create({ code: 'EDITED', credits: 5, credits_expire_after_days: 9 });
  const body = { active: false, max_uses: 4, credits_expire_at: '2027-01-01T00:00:00Z' };
  expect(bodyOf(changePromoCode, 200, await change('edited', body))).toMatchObject({
    active: false,
    max_uses: 4,
    credits_expire_at: '2027-01-01T00:00:00.000Z',
    credits_expire_after_days: null,
    credits: 5,
  });
  await change('EDITED', { max_uses: 4 });
  expect(bodyOf(changePromoCode, 200, await change('EDITED', { max_uses: null })).max_uses).toBe(
    null,
  );
  const changes = (await auditOf('EDITED')).filter(({ action }) => action === 'changePromoCode');
  expect(changes).toHaveLength(2);
  const states = changes.map(({ before, after }) => [before, after].map((text) => String(text)));
  expect(states.flat().filter((text) => text.includes('"active":true'))).toHaveLength(1);
});

test.each([
  { why: 'an expiry that has passed', body: { expires_at: '2026-02-28T12:00:00Z' } },
  { why: 'an expiry at this very moment', body: { expires_at: NOW } },
  { why: 'credits that would be expired', body: { credits_expire_at: '2025-01-01T00:00:00Z' } },
  {
    why: 'two expiries of the credits',
    body: { credits_expire_at: '2027-01-01T00:00:00Z', credits_expire_after_days: 3 },
  },
  { why: 'no users at all', body: { user_ids: [] } },
  { why: 'no uses', body: { max_uses: 0 } },
  { why: 'no credits', body: { credits: 0 } },
])('$why is refused, and nothing is written', async ({ body }) => {
  await create({ code: 'STABLE', credits: 5 });
  const before = (await auditOf('STABLE')).length;
  expect(codeOf(await create({ code: 'REFUSED', credits: 5, ...body }))).toBe('VALIDATION_FAILED');
  expect(codeOf(await change('STABLE', body))).toBe('VALIDATION_FAILED');
  expect(await auditOf('REFUSED')).toEqual([]);
  expect(await auditOf('STABLE')).toHaveLength(before);
});

test('a code that is not there cannot be changed or looked into', async () => {
  expect(codeOf(await change('NOWHERE', { active: false }))).toBe('NOT_FOUND');
  const asked = await office.call(listRedemptions, { params: { code: 'NOWHERE' } });
  expect(codeOf(asked)).toBe('NOT_FOUND');
});

test('support looks codes up and changes none', async () => {
  const support = openOffice(ledger, { group: 'support' });
  expect((await support.call(listPromoCodes, {})).statusCode).toBe(200);
  const body = { code: 'MINE', credits: 1_000 };
  expect(codeOf(await support.call(createPromoCode, { body }))).toBe('FORBIDDEN');
  expect(
    codeOf(await openOffice(ledger, { group: 'finance' }).call(createPromoCode, { body })),
  ).toBe('FORBIDDEN');
});

test('the list goes through every code once, page by page', async () => {
  for (let index = 0; index < 5; index += 1) await create({ code: `PAGE-${index}`, credits: 1 });
  const seen: string[] = [];
  let query = 'limit=3';
  for (let page = 0; page < 20; page += 1) {
    const { promo_codes, pagination } = bodyOf(
      listPromoCodes,
      200,
      await office.call(listPromoCodes, { query }),
    );
    seen.push(...promo_codes.map(({ code }) => code));
    if (pagination.next_cursor === null) break;
    query = `limit=3&cursor=${pagination.next_cursor}`;
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(expect.arrayContaining(['PAGE-0', 'PAGE-4', 'AUTUMN']));
});
