import { describe, expect, it } from 'vitest';
import type { FaultRequest } from '#infra/local/providers/faults';
import { createRazorpayClient } from '#lib/payments/razorpay-client';
import { refundRazorpayPayment } from '#lib/payments/razorpay-refunds';
import { KEY, paidOrder, type Running, startRazorpay } from '#tests/infra/local/razorpay/stand-in';

function clientOf({ apiUrl }: Running, timeoutMs = 2_000) {
  const { hostname, port } = new URL(apiUrl);
  const server = { host: hostname, port: Number(port), protocol: 'http' } as const;
  return createRazorpayClient({ credentials: async () => KEY, timeoutMs, server });
}

const refundsOf = async ({ sdk }: Running, paymentId: string) =>
  (await sdk.payments.fetchMultipleRefund(paymentId, {})).items;

const part = { amountMinor: 1_000, refundKey: 'refund-pur_1-1', purchaseId: 'pur_1' };

describe('a refund', () => {
  it('asks for its part with its purchase, and again gives the same refund', async () => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    const client = clientOf(running);
    const first = await refundRazorpayPayment(client, { ...part, paymentId });
    expect(await refundRazorpayPayment(client, { ...part, paymentId })).toEqual(first);
    const [refund, ...others] = await refundsOf(running, paymentId);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ kind: 'answered', value: { id: refund?.id, amount: 1_000 } });
    expect(refund).toMatchObject({ receipt: part.refundKey, notes: { purchase_id: 'pur_1' } });
  });

  it('with another key is another refund', async () => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    for (const refundKey of ['refund-pur_1-1', 'refund-pur_1-2']) {
      await refundRazorpayPayment(clientOf(running), { ...part, paymentId, refundKey });
    }
    expect(await refundsOf(running, paymentId)).toHaveLength(2);
  });

  it.each([
    ['more than was paid', { amountMinor: 50_001 }],
    ['of a payment that is not there', { paymentId: 'pay_none' }],
  ])('of %s is refused', async (_, change) => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    const request = { ...part, paymentId, ...change };
    const answer = await refundRazorpayPayment(clientOf(running), request);
    expect(answer.kind).toBe('refused');
    expect(await refundsOf(running, paymentId)).toEqual([]);
  });

  it('that was asked for in other words before is open: that one may be made', async () => {
    const running = await startRazorpay();
    const { paymentId } = await paidOrder(running);
    await refundRazorpayPayment(clientOf(running), { ...part, paymentId });
    const request = { ...part, paymentId, purchaseId: 'pur_renamed' };
    const answer = await refundRazorpayPayment(clientOf(running), request);
    expect(answer.kind).toBe('unknown');
    expect(await refundsOf(running, paymentId)).toHaveLength(1);
  });

  const kinds: readonly FaultRequest['kind'][] = [
    'timeout',
    'reset',
    'hang',
    '429',
    '500',
    '502_html',
    'no_error_key',
  ];
  const cases = kinds.flatMap((kind) =>
    (['before', 'after'] as const).flatMap((when) =>
      [1, 2, 10].map((count) => ({ kind, when, count })),
    ),
  );
  it.each(cases)(
    'is one refund after $kind, $count times, with the work done $when it',
    async (fault) => {
      const running = await startRazorpay();
      const { paymentId } = await paidOrder(running);
      running.razorpay.faults.add({ ...fault, path: '/v1/payments', delay_ms: 5_000 });
      const answer = await refundRazorpayPayment(clientOf(running, 150), { ...part, paymentId });
      expect(['answered', 'unknown']).toContain(answer.kind);
      running.razorpay.faults.clear();
      const again = await refundRazorpayPayment(clientOf(running), { ...part, paymentId });
      expect(again.kind).toBe('answered');
      expect(await refundsOf(running, paymentId)).toHaveLength(1);
    },
  );
});
