import { expect, test } from 'vitest';

import { clientFor, newOrder, startRazorpay } from '#tests/infra/local/razorpay/stand-in';

test.each([
  ['429', { statusCode: 429, error: { code: 'BAD_REQUEST_ERROR' } }],
  ['500', { statusCode: 500, error: { code: 'SERVER_ERROR' } }],
  ['502_html', { statusCode: 502, error: undefined }],
  ['no_error_key', { statusCode: 500, error: undefined }],
] as const)('a call that meets a %s fails as such and has done nothing', async (kind, error) => {
  const { sdk, razorpay } = await startRazorpay();
  razorpay.faults.add({ kind });
  await expect(newOrder(sdk)).rejects.toMatchObject(error);
  expect((await sdk.orders.all()).items).toEqual([]);
});

test.each(['timeout', 'hang', 'reset'] as const)(
  'a %s loses the answer of a call that was carried out, and the SDK cannot say what it was',
  async (kind) => {
    const { sdk, razorpay, apiUrl } = await startRazorpay();
    razorpay.faults.add({ kind, path: '/v1/orders', method: 'POST' });
    const impatient = clientFor(apiUrl, { timeout: 300 });
    await expect(newOrder(impatient)).rejects.toBeInstanceOf(TypeError);
    expect((await sdk.orders.all()).items).toHaveLength(1);
  },
);

test('a fault hits as many calls as it was given for, and only the paths it names', async () => {
  const { sdk, razorpay } = await startRazorpay();
  razorpay.faults.add({ kind: '500', count: 2, path: '/v1/refunds' });
  await expect(sdk.orders.all()).resolves.toMatchObject({ items: [] });
  await expect(sdk.refunds.all()).rejects.toMatchObject({ statusCode: 500 });
  await expect(sdk.refunds.all()).rejects.toMatchObject({ statusCode: 500 });
  await expect(sdk.refunds.all()).resolves.toMatchObject({ items: [] });
  expect(razorpay.faults.list()).toEqual([]);
});
