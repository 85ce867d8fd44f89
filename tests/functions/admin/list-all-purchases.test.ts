import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminPurchaseRoutes } from '#lib/contract/routes/admin-purchases';
import { openOffice } from '#tests/functions/admin/office';
import { bodyOf, codeOf } from '#tests/functions/purchases/shop';
import { purchaseOf } from '#tests/purchases/purchase-builders';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';

const { listAllPurchases } = adminPurchaseRoutes;

// Ten purchases over five days, of two users in turn, every third with Razorpay; the newest is pur_09.
const BEGUN = Array.from({ length: 10 }, (_, n) => {
  const day = 14 + Math.floor(n / 2);
  return {
    id: `pur_0${n}`,
    userId: n % 2 === 0 ? 'ada' : 'bob',
    number: Math.floor(n / 2) + 1,
    provider: n % 3 === 0 ? 'razorpay' : 'stripe',
    createdAt: `2026-02-${day}T1${n % 2}:00:00.000Z`,
  } as const;
});

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
  for (const begun of BEGUN) {
    const value = purchaseOf(begun);
    const id = { purchaseId: value.id };
    await test.ledger.write([{ record: 'purchase', id, value, version: null }]);
  }
  for (const userId of ['ada', 'bob']) {
    const value = { count: 5, recent: [] };
    const id = { userId };
    await test.ledger.write([{ record: 'purchaseCount', id, value, version: null }]);
  }
});
afterAll(() => test.close());

const list = (query: string, group = 'support') =>
  openOffice(test, { group }).call(listAllPurchases, { query });

/** One answer looks at a bounded number of days, so that the last pages are of days without a purchase. */
const PAGES_MAX = 20;

/** Every page from the first to the last, as a client follows them. */
async function idsOf(query: string): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { purchases, pagination } = bodyOf(listAllPurchases, 200, await list(query + more));
    ids.push(...purchases.map(({ purchase_id }) => purchase_id));
    cursor = pagination.next_cursor;
    if (cursor === null) return ids;
  }
  throw new Error('the list has no end');
}

const newestFirst = (matches: (begun: (typeof BEGUN)[number]) => boolean) =>
  BEGUN.filter(matches)
    .map(({ id }) => id)
    .toReversed();

it.each([
  ['of everybody', '', () => true],
  ['of one user', 'user_id=ada', ({ userId }) => userId === 'ada'],
  ['of a provider', 'provider=razorpay', ({ provider }) => provider === 'razorpay'],
  [
    'of one user and a provider',
    'user_id=bob&provider=stripe',
    ({ userId, provider }) => userId === 'bob' && provider === 'stripe',
  ],
  [
    'of a period whose end is excluded',
    'from=2026-02-15T10:00:00Z&to=2026-02-17T11:00:00Z',
    ({ createdAt }) =>
      createdAt >= '2026-02-15T10:00:00.000Z' && createdAt < '2026-02-17T11:00:00.000Z',
  ],
  ['of a status that none has', 'status=paid', () => false],
  ['of a status that all have', 'status=pending', () => true],
] satisfies [string, string, (begun: (typeof BEGUN)[number]) => boolean][])(
  'the list of purchases %s is whole, newest first, whatever the size of its pages',
  async (_, query, matches) => {
    for (const limit of [1, 3, 100]) {
      expect(await idsOf(`${query}&limit=${limit}`)).toEqual(newestFirst(matches));
    }
  },
);

it('shows support what finance knows of a purchase', async () => {
  const { purchases } = bodyOf(listAllPurchases, 200, await list('limit=1'));
  expect(purchases).toEqual([
    expect.objectContaining({
      purchase_id: 'pur_09',
      user_id: 'bob',
      status: 'pending',
      amount: 1_000,
      currency: 'USD',
      outcome_unknown: ['checkout'],
    }),
  ]);
});

it('refuses a period that ends before it begins, and a cursor of another list', async () => {
  expect(codeOf(await list('from=2026-02-19T10:00:00Z&to=2026-02-18T10:00:00Z'))).toBe(
    'VALIDATION_FAILED',
  );
  const { pagination } = bodyOf(listAllPurchases, 200, await list('limit=1'));
  const stolen = `user_id=ada&cursor=${pagination.next_cursor ?? ''}`;
  expect(codeOf(await list(stolen))).toBe('INVALID_CURSOR');
});
