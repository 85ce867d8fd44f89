import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminConfigurationRoutes } from '#lib/contract/routes/admin-configuration';
import { purchaseRoutes } from '#lib/contract/routes/purchases';
import { auditTrail } from '#tests/admin/audit-trail';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf, openShop, seedPackages } from '#tests/functions/purchases/shop';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { changePackage, changeSettings, createPackage, getSettings, listAllPackages } =
  adminConfigurationRoutes;

let test: TestLedger;
let office: ReturnType<typeof openOffice>;
beforeAll(async () => {
  test = await openTestLedger();
  office = openOffice(test, { group: 'admin' });
  await seedPackages(test);
});
afterAll(async () => {
  await test.close();
});

const look = async () => bodyOf(getSettings, 200, await office.call(getSettings, {}));
const put = (body: Readonly<Record<string, unknown>>, key?: string) =>
  office.call(changeSettings, {
    body,
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });
const settingNow = async (key: string) =>
  (await look()).settings.find((setting) => setting.key === key);

describe('settings', () => {
  it('are shown with bounds and defaults, changed at the version that was looked at, and audited', async () => {
    const { version, settings } = await look();
    expect(settings).toContainEqual({
      key: 'signup_bonus',
      value: 1,
      default: 1,
      is_default: true,
      minimum: 0,
      maximum: 1_000_000,
      options: null,
      changed_at: null,
      changed_by: null,
    });
    const body = { version, settings: { signup_bonus: 5, clawback: 'floor' }, reason: 'Launch' };
    const changed = bodyOf(changeSettings, 200, await put(body, 'launch'));
    expect(changed).toMatchObject({
      version: version + 1,
      changes: [
        { key: 'signup_bonus', before: 1, after: 5 },
        { key: 'clawback', before: 'debt', after: 'floor' },
      ],
    });
    // Once per key, and never over what somebody else has set since.
    const again = await put(body, 'launch');
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(bodyOf(changeSettings, 200, again)).toEqual(changed);
    const stale = await put({ version, settings: { signup_bonus: 9 } });
    expect(codeOf(stale)).toBe('VERSION_CHANGED');
    expect(JSON.parse(stale.body ?? '')).toMatchObject({ version: version + 1 });

    await put({ version: version + 1, settings: { signup_bonus: null } });
    expect(await settingNow('signup_bonus')).toMatchObject({ value: 1, is_default: true });
    const trail = await auditTrail(test, { action: 'changeSettings', actor: 'admin:admin-1' });
    const bonus = trail.filter(({ target }) => target?.id === 'signup_bonus');
    expect(bonus.map(({ after, before, reason }) => [before, after, reason]).toSorted()).toEqual([
      ['1', '5', 'Launch'],
      ['5', '1', null],
    ]);
  });

  it.each([
    ['UNKNOWN_SETTING', { no_such_setting: 1 }],
    ['VALIDATION_FAILED', { signup_bonus: -1 }],
    ['VALIDATION_FAILED', { signup_bonus: '5' }],
    ['VALIDATION_FAILED', { clawback: 'maybe' }],
    ['VALIDATION_FAILED', { price_per_credit: [{ currency: 'USD', amount: '0' }] }],
    ['VALIDATION_FAILED', { purchase_credits_min: 10, purchase_credits_max: 9 }],
    ['VALIDATION_FAILED', { purchase_credits_min: 1_000_001 }],
    ['VALIDATION_FAILED', {}],
  ])('answer %s to %j, and nothing changes', async (code, settings) => {
    const before = await look();
    const named = { refund_grace_days: 3, ...settings };
    const wanted = Object.keys(settings).length === 0 ? settings : named;
    expect(codeOf(await put({ version: before.version, settings: wanted }))).toBe(code);
    expect(await look()).toEqual(before);
  });

  it('let one of ten who change the same version through', async () => {
    const { version } = await look();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, days) =>
        put({ version, settings: { refund_grace_days: days + 10 } }),
      ),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect((await look()).version).toBe(version + 1);
  });
});

describe('packages', () => {
  const terms = { name: 'Team', description: '500 credits', credits: 500 };
  const prices = [{ currency: 'USD', amount: 4_000 }];
  const all = async () =>
    bodyOf(listAllPackages, 200, await office.call(listAllPackages, {})).packages;

  it('are created once, changed at their version, and kept when they are taken off sale', async () => {
    const shop = await openShop(test);
    const onSale = async () => {
      const answer = await shop.call(purchaseRoutes.listPackages, {});
      const { packages } = bodyOf(purchaseRoutes.listPackages, 200, answer);
      return packages.find(({ package_id }) => package_id === 'team');
    };
    const create = (body: object, key: string) =>
      office.call(createPackage, { body, headers: { 'idempotency-key': key } });
    const body = { package_id: 'team', ...terms, prices, metadata: { badge: 'new' } };
    const made = bodyOf(createPackage, 201, await create(body, 'k'));
    expect(made).toMatchObject({ version: 1, active: true, metadata: { badge: 'new' } });
    expect(bodyOf(createPackage, 201, await create(body, 'k'))).toEqual(made);
    expect(codeOf(await create({ ...body, credits: 5 }, 'k'))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(codeOf(await create({ ...body, package_id: 'other' }, 'k'))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    expect(codeOf(await create(body, 'other'))).toBe('PACKAGE_EXISTS');
    expect(await onSale()).toMatchObject({ price: 4_000, currency: 'USD' });

    const change = (changes: object) =>
      office.call(changePackage, { params: { id: 'team' }, body: changes });
    expect(codeOf(await change({ version: 7, active: false }))).toBe('VERSION_CHANGED');
    expect(codeOf(await change({ version: 1, prices: [] }))).toBe('PACKAGE_WITHOUT_PRICE');
    const derived = bodyOf(
      changePackage,
      200,
      await change({ version: 1, prices: [], discount_percent: 10 }),
    );
    expect(derived).toMatchObject({ version: 2, prices: [], discount_percent: 10 });
    expect(await onSale()).toMatchObject({ price: 4_500 });
    await change({ version: 2, active: false, reason: 'Season over' });
    expect(await onSale()).toBeUndefined();
    expect((await all()).find(({ package_id }) => package_id === 'team')).toMatchObject({
      active: false,
      version: 3,
    });
    const codes = [
      await office.call(changePackage, { params: { id: 'none' }, body: { version: 1 } }),
      await create({ package_id: 'free', ...terms }, 'free'),
    ].map(codeOf);
    expect(codes).toEqual(['NOT_FOUND', 'VALIDATION_FAILED']);
  });

  it('show a new price at once, while a purchase in flight keeps the one it was made at', async () => {
    const shop = await openShop(test);
    const [starter] = (await all()).filter(({ package_id }) => package_id === 'starter');
    const begun = bodyOf(purchaseRoutes.createCheckout, 201, await shop.buy({ user: 'flying' }));
    const body = {
      version: starter?.version,
      credits: 7,
      prices: [{ currency: 'USD', amount: 9_900 }],
      reason: 'Costs have risen',
    };
    const params = { id: 'starter' };
    bodyOf(changePackage, 200, await office.call(changePackage, { params, body }));
    const catalog = await shop.call(purchaseRoutes.listPackages, { query: 'currency=USD' });
    const { packages } = bodyOf(purchaseRoutes.listPackages, 200, catalog);
    expect(packages.find(({ package_id }) => package_id === 'starter')).toMatchObject({
      price: 9_900,
      credits: 7,
    });

    shop.stripe.pay(begun.session_id, 'success');
    await shop.fulfil();
    const answer = await shop.call(purchaseRoutes.getPurchase, {
      token: 'flying',
      params: { id: begun.purchase_id },
    });
    expect(bodyOf(purchaseRoutes.getPurchase, 200, answer)).toMatchObject({
      status: 'paid',
      amount: 1_000,
      credits: 100,
      credits_granted: 100,
    });
    const [record] = (await auditTrail(test, { action: 'changePackage' })).filter(
      ({ target }) => target?.id === 'starter',
    );
    expect(record).toMatchObject({ actor: 'admin:admin-1', reason: 'Costs have risen' });
    expect(record?.before).toContain('"credits":100');
    expect(record?.after).toContain('"prices":[{"currency":"USD","amount":9900}]');
  });
});
