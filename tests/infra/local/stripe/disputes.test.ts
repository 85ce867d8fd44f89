import { describe, expect, it } from 'vitest';

import { sessionParams, startStripe, type Running } from '#tests/infra/local/stripe/stand-in';

async function paidIntent({ sdk, stripe }: Running): Promise<string> {
  const { id } = await sdk.checkout.sessions.create(sessionParams());
  return stripe.pay(id, 'success').payment_intent ?? '';
}

const EVENTS = ['charge.dispute.*', 'refund.updated', 'refund.failed'].flatMap((type) =>
  type.endsWith('*')
    ? ['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'].map(
        (name) => `charge.dispute.${name}`,
      )
    : [type],
);

async function told(running: Running): Promise<readonly string[]> {
  await running.settle();
  return running.received.map(({ event }) => event.type.replace('charge.dispute.', ''));
}

describe('a dispute', () => {
  it('takes the money when it opens, and brings it back when it is won', async () => {
    const running = await startStripe({ events: EVENTS });
    const { sdk, stripe } = running;
    const payment_intent = await paidIntent(running);
    const opened = stripe.dispute(payment_intent, 'open');
    expect(opened).toMatchObject({ status: 'needs_response', amount: 1999, payment_intent });
    expect((await sdk.balance.retrieve()).available[0]?.amount).toBe(0);
    stripe.dispute(payment_intent, 'respond');
    const won = stripe.dispute(payment_intent, 'win');
    expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-1999, 1999]);
    expect((await sdk.balance.retrieve()).available[0]?.amount).toBe(1999);
    expect(await told(running)).toEqual([
      'created',
      'funds_withdrawn',
      'updated',
      'closed',
      'funds_reinstated',
    ]);
    await expect(sdk.disputes.retrieve(opened.id)).resolves.toMatchObject({ status: 'won' });
    const list = await sdk.disputes.list({ payment_intent });
    expect(list.data.map(({ id }) => id)).toEqual([opened.id]);
  });

  it('that was lost can be appealed and won after all', async () => {
    const running = await startStripe({ events: EVENTS });
    const { sdk, stripe } = running;
    const payment_intent = await paidIntent(running);
    const { id } = stripe.dispute(payment_intent, 'open', { amount: 500 });
    await expect(sdk.disputes.close(id)).resolves.toMatchObject({ status: 'lost', amount: 500 });
    expect(stripe.dispute(payment_intent, 'appeal').status).toBe('appeal_under_review');
    expect(stripe.dispute(payment_intent, 'win').status).toBe('won');
    expect((await told(running)).slice(2)).toEqual([
      'closed',
      'updated',
      'closed',
      'funds_reinstated',
    ]);
  });

  it('may begin as an inquiry, which takes nothing unless it becomes a dispute', async () => {
    const running = await startStripe({ events: EVENTS });
    const { stripe } = running;
    const payment_intent = await paidIntent(running);
    stripe.dispute(payment_intent, 'inquire');
    expect(stripe.dispute(payment_intent, 'withdraw')).toMatchObject({
      status: 'warning_closed',
      balance_transactions: [],
    });
    stripe.dispute(payment_intent, 'inquire');
    expect(stripe.dispute(payment_intent, 'escalate').status).toBe('needs_response');
    expect(await told(running)).toEqual([
      'created',
      'closed',
      'created',
      'updated',
      'funds_withdrawn',
    ]);
  });

  it('is of a charge that succeeded, and goes only where it can', async () => {
    const running = await startStripe();
    const { stripe } = running;
    expect(() => stripe.dispute('ch_none', 'open')).toThrow('ch_none');
    const payment_intent = await paidIntent(running);
    expect(() => stripe.dispute(payment_intent, 'win')).toThrow('not disputed');
    stripe.dispute(payment_intent, 'open');
    expect(() => stripe.dispute(payment_intent, 'appeal')).toThrow('needs_response');
  });
});

it('a refund that does not arrive brings its money back to the charge', async () => {
  const running = await startStripe({ events: EVENTS });
  const { sdk, stripe } = running;
  const payment_intent = await paidIntent(running);
  const { id, charge } = stripe.refund(payment_intent, { amount: 500 });
  expect(stripe.failRefund(id).status).toBe('failed');
  await expect(
    sdk.charges.retrieve(typeof charge === 'string' ? charge : ''),
  ).resolves.toMatchObject({ amount_refunded: 0 });
  expect(await told(running)).toEqual(['refund.updated', 'refund.failed']);
  expect(() => stripe.failRefund(id)).toThrow('failed already');
});
