import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyedRequest } from '#lib/requests/request-record';
import { putTopUp } from '#lib/topups/change-top-up';
import { setUpCard } from '#lib/topups/set-up-card';
import { openShop, ORIGIN } from '#tests/functions/purchases/shop';
import { NOW, openTestLedger, type TestLedger } from '#tests/support/ledger';

let test: TestLedger;
beforeAll(async () => {
  test = await openTestLedger();
});
afterAll(() => test.close());

/** What one key of the app's backend asks for about a user. */
const requestAbout = (userId: string): KeyedRequest => ({
  cause: 'request:00000000000000000000000000000000',
  fingerprint: `about ${userId}`,
});
const walletOf = (userId: string) => ({ userId, creditType: 'general' });

it('a key that changed one user’s top-up is new in the path of another', async () => {
  const put = (userId: string) =>
    putTopUp(test.ledger, {
      wallet: walletOf(userId),
      enabled: false,
      change: {},
      request: requestAbout(userId),
      now: NOW,
    });
  expect(await put('ann')).toMatchObject({ kind: 'done' });
  expect(await put('bob')).toMatchObject({ kind: 'done' });
  expect(await put('ann')).toMatchObject({ kind: 'replayed' });
});

it('a key that opened a page for one user’s card opens another for another’s', async () => {
  const { cards } = await openShop(test);
  const open = (userId: string) =>
    setUpCard(
      { store: test.ledger, cards, redirectOrigins: new Set([ORIGIN]) },
      {
        wallet: { ...walletOf(userId), creditType: 'calling' },
        successUrl: `${ORIGIN}/saved`,
        cancelUrl: `${ORIGIN}/settings`,
        request: { ...requestAbout(userId), cause: 'request:11111111111111111111111111111111' },
        now: NOW,
      },
    );
  const ann = await open('ann');
  expect(ann).toMatchObject({ ok: true, replayed: false });
  const bob = await open('bob');
  expect(bob).toMatchObject({ ok: true, replayed: false });
  expect(await open('ann')).toEqual({ ...ann, replayed: true });
});
