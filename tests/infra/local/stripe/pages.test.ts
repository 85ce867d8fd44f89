import { describe, expect, test } from 'vitest';

import { formatMoney } from '#infra/local/providers/money';
import { sessionParams, startStripe, type Running } from '#tests/infra/local/stripe/stand-in';

const HOSTILE = `<script>alert("x")</script>' onload='y`;

function get(url: string): Promise<Response> {
  return fetch(url, { redirect: 'manual' });
}

/** Presses a button of the page's form, as a browser without JavaScript does. */
function press(url: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
}

async function openPage(
  running: Running,
  change: Parameters<typeof sessionParams>[0] = {},
): Promise<{ readonly id: string; readonly url: string }> {
  const { id, url } = await running.sdk.checkout.sessions.create(sessionParams(change));
  return { id, url: url ?? '' };
}

describe('The hosted page', () => {
  test('shows the line, the amount and the buttons, and needs no script', async () => {
    const running = await startStripe();
    const { url } = await openPage(running, { customer_email: 'ada@example.com' });
    const response = await get(url);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toMatch(/^<!doctype html>/);
    for (const part of ['100 credits', '$19.99', 'ada@example.com', 'lang="en"', '<label']) {
      expect(text).toContain(part);
    }
    for (const button of ['Pay $19.99', 'Decline card', 'Pay later by bank', 'Cancel']) {
      expect(text).toContain(`>${button}</button>`);
    }
    expect(text).not.toContain('<script');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('escapes whatever the app or the customer wrote', async () => {
    const running = await startStripe();
    const { url } = await openPage(running, {
      line_items: [
        {
          quantity: 2,
          price_data: {
            currency: 'usd',
            unit_amount: 100,
            product_data: { name: HOSTILE, description: HOSTILE },
          },
        },
      ],
      cancel_url: 'https://app.example/?a="><script>b</script>',
    });
    const refused = await press(url, { outcome: 'success', email: HOSTILE });
    expect(refused.status).toBe(422);
    for (const text of [await (await get(url)).text(), await refused.text()]) {
      expect(text).toContain(
        '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; onload=&#39;y',
      );
      expect(text).not.toContain('<script');
      expect(text).not.toContain("' onload='");
    }
  });

  test('paying leads to the success page with the session id, and coming back shows it is paid', async () => {
    const running = await startStripe();
    const { id, url } = await openPage(running);
    const paid = await press(url, { outcome: 'success', email: 'ada@example.com', name: 'Ada' });
    expect(paid.status).toBe(303);
    expect(paid.headers.get('location')).toBe(`https://app.example/thanks?session_id=${id}`);
    await expect(running.sdk.checkout.sessions.retrieve(id)).resolves.toMatchObject({
      payment_status: 'paid',
      customer_details: { email: 'ada@example.com', name: 'Ada' },
    });
    expect(await (await get(url)).text()).toContain('$19.99 paid');

    const again = await press(url, { outcome: 'success', email: 'ada@example.com' });
    expect(again.headers.get('location')).toBe(new URL(url).pathname);
  });

  test('a declined card comes back to the page, which says so', async () => {
    const running = await startStripe();
    const { url } = await openPage(running);
    const declined = await press(url, { outcome: 'decline', email: 'ada@example.com' });
    expect(declined.headers.get('location')).toBe(new URL(url).pathname);
    const text = await (await get(url)).text();
    expect(text).toContain('role="alert"');
    expect(text).toContain('Your card was declined.');
  });

  test('paying later is unpaid at first; the bank answers when its time has come', async () => {
    const running = await startStripe();
    const { id, url } = await openPage(running, { customer_email: 'ada@example.com' });
    const later = await press(url, { outcome: 'async_success' });
    expect(later.headers.get('location')).toContain(id);
    expect(await (await get(url)).text()).toContain('Your payment is on its way');
    running.clock.advance(5_000);
    expect(await (await get(url)).text()).toContain('$19.99 paid');
  });

  test('the bank can be made to refuse at once', async () => {
    const running = await startStripe();
    const { url } = await openPage(running, { customer_email: 'ada@example.com' });
    await press(url, { outcome: 'async_success' });
    const refused = await press(url, { outcome: 'async_failure' });
    expect(refused.headers.get('location')).toBe(new URL(url).pathname);
    expect(await (await get(url)).text()).toContain('The payment failed');
  });

  test('cancelling leads back to the shop without asking for an e-mail', async () => {
    const running = await startStripe();
    const { url } = await openPage(running);
    const cancelled = await press(url, { outcome: 'cancel', email: '' });
    expect(cancelled.headers.get('location')).toBe('https://app.example/shop');
  });

  test('an expired session and an unknown one say so, and a malformed form is refused', async () => {
    const running = await startStripe();
    const { url } = await openPage(running);
    expect((await press(url, { outcome: 'steal' })).status).toBe(400);
    running.clock.advance(25 * 3_600_000);
    expect(await (await get(url)).text()).toContain('This checkout has expired');
    expect((await get(`${running.pagesUrl}/stripe/checkout/cs_test_none`)).status).toBe(404);
  });
});

test.each([
  [1999, 'usd', '$19.99'],
  [499, 'inr', '₹4.99'],
  [500, 'jpy', '¥500'],
  [1234, 'kwd', 'KWD\u00a01.234'],
])('%i %s is written %s', (amount, currency, written) => {
  expect(formatMoney(amount, currency)).toBe(written);
});
