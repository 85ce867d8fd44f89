import { expect, it, vi } from 'vitest';
import { callMaxMs, withinCallTime } from '#lib/payments/call-time';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { razorpayOrder } from '#lib/payments/razorpay-entities';
import { askStripe } from '#lib/payments/stripe-client';

/** Nobody ever answers. */
const silence = <T>() => new Promise<T>(() => undefined);
const timeoutMs = 3_000;

it.each([
  [
    'Stripe',
    () =>
      askStripe({ apiKey: silence<string>, livemode: false, timeoutMs }, () => silence<unknown>()),
  ],
  [
    'Razorpay',
    () =>
      createRazorpayClient({ credentials: silence, timeoutMs }).ask({
        method: 'GET',
        path: '/orders/order_1',
        answer: razorpayOrder,
      }),
  ],
])('a call to %s ends when its time is up, whatever it waits for', async (_, ask) => {
  vi.useFakeTimers();
  try {
    let outcome: unknown = 'open';
    void ask().then((answer) => {
      outcome = answer;
    });
    await vi.advanceTimersByTimeAsync(callMaxMs({ timeoutMs }) - 1);
    expect(outcome).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toMatchObject({ kind: 'unknown' });
  } finally {
    vi.useRealTimers();
  }
});

it('an answer in time is the answer, and no timer is left behind', async () => {
  vi.useFakeTimers();
  try {
    const answer = await withinCallTime({ timeoutMs }, async () => ({ kind: 'answered' }) as const);
    expect(answer).toEqual({ kind: 'answered' });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
