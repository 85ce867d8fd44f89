import { describe, expect, test } from 'vitest';

import { newOrder, type Running, startRazorpay } from '#tests/infra/local/razorpay/stand-in';

const HOSTILE = `<script>alert("x")</script>' onload='y`;

function get(url: string): Promise<Response> {
  return fetch(url, { redirect: 'manual' });
}

/** Presses a button of the page's form, as a browser without JavaScript does. */
function press(url: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
}

async function openPage(
  { sdk, razorpay }: Running,
  options: { readonly order?: object; readonly callbackUrl?: string } = {},
): Promise<{ readonly id: string; readonly url: string }> {
  const id = await newOrder(sdk, { ...options.order });
  return { id, url: razorpay.pageUrl(id, options.callbackUrl) };
}

describe('The checkout page', () => {
  test('shows the order, the amount, the methods and the buttons, and needs no script', async () => {
    const running = await startRazorpay();
    const { id, url } = await openPage(running);
    const response = await get(url);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toMatch(/^<!doctype html>/);
    for (const part of [id, 'pur_1', '₹500.00', 'lang="en"', '<label', '>UPI<', '>Netbanking<']) {
      expect(text).toContain(part);
    }
    for (const button of ['Pay ₹500.00', 'Fail the payment', 'Cancel']) {
      expect(text).toContain(`>${button}</button>`);
    }
    expect(text).not.toContain('<script');
    expect(text).toContain('stands in for Razorpay');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('escapes whatever the app or the customer wrote', async () => {
    const running = await startRazorpay();
    const { url } = await openPage(running, {
      order: { receipt: HOSTILE, notes: { [HOSTILE]: HOSTILE } },
      callbackUrl: `https://app.example/?a="><script>b</script>`,
    });
    const refused = await press(url, { outcome: 'success', email: HOSTILE });
    expect(refused.status).toBe(422);
    await press(url, { outcome: 'success' });
    for (const text of [await (await get(url)).text(), await refused.text()]) {
      expect(text).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
      expect(text).not.toContain('<script');
      expect(text).not.toContain("' onload='");
    }
  });

  test('paying shows what the app has to verify, and coming back shows it again', async () => {
    const running = await startRazorpay();
    const { id, url } = await openPage(running);
    const paid = await press(url, { outcome: 'success', method: 'upi', email: 'ada@example.com' });
    expect(paid.status).toBe(303);
    expect(paid.headers.get('location')).toBe(new URL(url).pathname);
    const text = await (await get(url)).text();
    expect(text).toContain('₹500.00 paid.');
    const { items } = await running.sdk.orders.fetchPayments(id);
    expect(items).toMatchObject([{ method: 'upi', email: 'ada@example.com', status: 'captured' }]);
    expect(text).toContain(`<span id="razorpay_payment_id">${items[0]?.id}</span>`);
    expect(text).toMatch(/<span id="razorpay_signature">[0-9a-f]{64}<\/span>/);
    await press(url, { outcome: 'success' });
    expect((await running.sdk.orders.fetchPayments(id)).count).toBe(1);
  });

  test('with a callback address, the page posts it there', async () => {
    const running = await startRazorpay();
    const { id, url } = await openPage(running, {
      callbackUrl: 'https://app.example/verify?from=checkout',
    });
    await press(url, { outcome: 'success' });
    const text = await (await get(url)).text();
    expect(text).toContain(
      '<form method="post" action="https://app.example/verify?from=checkout">',
    );
    expect(text).toContain(`<input type="hidden" name="razorpay_order_id" value="${id}" />`);
  });

  test('a callback address that is not of the web is ignored', async () => {
    const running = await startRazorpay();
    const { url } = await openPage(running, { callbackUrl: 'javascript:alert(1)' });
    await press(url, { outcome: 'success' });
    expect(await (await get(url)).text()).not.toContain('javascript:');
  });

  test('a failed payment comes back to the page, which says so, and can arrive after all', async () => {
    const running = await startRazorpay();
    const { url } = await openPage(running);
    await press(url, { outcome: 'decline' });
    const text = await (await get(url)).text();
    expect(text).toContain('role="alert"');
    expect(text).not.toContain('razorpay_signature');
    await press(url, { outcome: 'late' });
    expect(await (await get(url)).text()).toContain('₹500.00 paid.');
  });

  test('paying later is authorized at first; it is captured when its time has come', async () => {
    const running = await startRazorpay();
    const { url } = await openPage(running);
    await press(url, { outcome: 'async_success' });
    expect(await (await get(url)).text()).toContain('₹500.00 authorized');
    running.clock.advance(5_000);
    expect(await (await get(url)).text()).toContain('₹500.00 paid.');
  });

  test('a bank that thinks can be made to answer at once', async () => {
    const running = await startRazorpay();
    const { url } = await openPage(running);
    await press(url, { outcome: 'async_failure' });
    expect(await (await get(url)).text()).toContain('Your payment is on its way');
    await press(url, { outcome: 'async_failure' });
    expect(await (await get(url)).text()).toContain('The payment failed.');
  });

  test('cancelling charges nothing and leaves the order open', async () => {
    const running = await startRazorpay();
    const { id, url } = await openPage(running);
    const cancelled = await press(url, { outcome: 'cancel', email: 'nobody' });
    expect(cancelled.status).toBe(200);
    expect(await cancelled.text()).toContain('Nothing was charged');
    await expect(running.sdk.orders.fetch(id)).resolves.toMatchObject({ status: 'created' });
  });

  test('an unknown order says so, and a malformed form is refused', async () => {
    const running = await startRazorpay();
    const { url } = await openPage(running);
    expect((await press(url, { outcome: 'steal' })).status).toBe(400);
    expect((await press(url, { outcome: 'success', method: 'gold' })).status).toBe(400);
    expect((await get(`${running.pagesUrl}/razorpay/checkout/order_none`)).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
  });
});
