import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { chromiumPath, openBrowser, type TestBrowser } from '#tests/support/browser';
import { openTestStack, type TestStack } from '#tests/support/stack';

/*
 * What a buyer does: both providers' pages in a real browser, whose rules (what a form may be sent to, where it may lead)
 * no request of ours has. The shop that the buyer comes back to is answered for in the browser.
 */

const SHOP = 'http://localhost:3000';

let stack: TestStack;
let browser: TestBrowser;

if (chromiumPath === null) {
  console.info('SKIPPED: no Chromium on this machine (CHROMIUM=...) to open the hosted pages with');
}

describe.skipIf(chromiumPath === null)('in a browser (skipped where there is none)', () => {
  beforeAll(async () => {
    stack = await openTestStack();
    browser = await openBrowser(chromiumPath ?? '');
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await stack.close();
  });

  /** A buyer with a page of their own, and what the shop is told when they come back. */
  async function buyer(user: string) {
    const token = await stack.token({ sub: user, email: `${user}@example.com` });
    await stack.settle();
    const page = await browser.page();
    const told: { url: string; form: string }[] = [];
    await page.route(`${SHOP}/**`, async (route) => {
      const request = route.request();
      told.push({ url: request.url(), form: request.postData() ?? '' });
      await route.fulfill({ contentType: 'text/html', body: '<h1>Welcome back</h1>' });
    });
    const balance = async () => {
      await stack.settle();
      return (await stack.send('GET', '/credits/balance', { token })).body['credits_balance'];
    };
    return { token, page, told, balance };
  }

  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click();
  const welcome = (page: Page) => page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  const says = (page: Page, role: 'alert' | 'status', text: RegExp) =>
    page.getByRole(role).filter({ hasText: text }).waitFor();

  describe('the page of Stripe', () => {
    async function open(user: string) {
      const { token, page, ...others } = await buyer(user);
      const urls = { success_url: `${SHOP}/paid`, cancel_url: `${SHOP}/shop` };
      const body = { package_id: 'starter', ...urls };
      const begun = await stack.send('POST', '/credits/checkout', { token, body });
      await page.goto(z.string().parse(begun.body['checkout_url']));
      return { page, ...others };
    }

    it('declines a card, takes the next one, and leads back to the shop: paid once', async () => {
      const { page, told, balance } = await open('ada');
      await press(page, 'Decline card');
      await says(page, 'alert', /declined/);
      expect(await balance()).toBe(1);
      await press(page, /^Pay \$/);
      await welcome(page);
      expect(told.map(({ url }) => url)).toEqual([`${SHOP}/paid`]);
      expect(await balance()).toBe(101);
      await page.goBack();
      await page.reload();
      await says(page, 'status', /paid/);
    });

    it('pays later by bank: nothing until the bank has paid', async () => {
      const { page, balance } = await open('bea');
      await press(page, 'Pay later by bank');
      await welcome(page);
      expect(await balance()).toBe(1);
      await page.goBack();
      await page.reload();
      await press(page, 'The bank pays');
      await says(page, 'status', /paid/);
      expect(await balance()).toBe(101);
    });

    it('leads back to the shop when the buyer thinks better of it', async () => {
      const { page, told, balance } = await open('cyd');
      await press(page, 'Cancel');
      await welcome(page);
      expect(told.map(({ url }) => url)).toEqual([`${SHOP}/shop`]);
      expect(await balance()).toBe(1);
    });
  });

  describe('the page of Razorpay', () => {
    async function open(user: string, callback = '') {
      const { token, page, ...others } = await buyer(user);
      const body = { package_id: 'starter' };
      const begun = await stack.send('POST', '/credits/initiate-purchase', { token, body });
      const order = z.string().parse(begun.body['order_id']);
      await page.goto(`${stack.url}/razorpay/checkout/${order}${callback}`);
      return { token, page, order, ...others };
    }

    it('fails, is paid, and hands the app what it can verify', async () => {
      const { token, page, order, balance } = await open('dev');
      await press(page, 'Fail the payment');
      await says(page, 'alert', /failed/);
      await press(page, /^Pay ₹/);
      await says(page, 'status', /paid/);
      const shown = (id: string) => page.locator(`#${id}`).innerText();
      const handover = {
        razorpay_payment_id: await shown('razorpay_payment_id'),
        razorpay_order_id: await shown('razorpay_order_id'),
        razorpay_signature: await shown('razorpay_signature'),
      };
      expect(handover.razorpay_order_id).toBe(order);
      const verified = await stack.send('POST', '/credits/verify-payment', {
        token,
        body: handover,
      });
      expect(verified).toMatchObject({ status: 200, body: { credits_added: 100 } });
      expect(await balance()).toBe(101);
    });

    it('posts it to the shop, where the shop has said to', async () => {
      const callback = `?callback_url=${encodeURIComponent(`${SHOP}/verify`)}`;
      const { page, order, told } = await open('eli', callback);
      await press(page, /^Pay ₹/);
      await press(page, 'Back to the shop');
      await welcome(page);
      const [posted] = told;
      expect(posted?.url).toBe(`${SHOP}/verify`);
      const form = new URLSearchParams(posted?.form);
      expect(form.get('razorpay_order_id')).toBe(order);
      expect(form.get('razorpay_signature')).toMatch(/^[0-9a-f]{64}$/);
    });

    it('authorizes now and captures later: nothing until it is captured', async () => {
      const { page, balance } = await open('fay');
      await press(page, 'Authorize now, capture later');
      await says(page, 'status', /not captured yet/);
      expect(await balance()).toBe(1);
      await press(page, 'Capture it now');
      await says(page, 'status', /paid/);
      expect(await balance()).toBe(101);
    });

    it('is cancelled, and can be paid all the same', async () => {
      const { page, balance } = await open('gus');
      await press(page, 'Cancel');
      await says(page, 'status', /Cancelled/);
      expect(await balance()).toBe(1);
      await press(page, /^Pay ₹/);
      await says(page, 'status', /paid/);
      expect(await balance()).toBe(101);
    });
  });
});
