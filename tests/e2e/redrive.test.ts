import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { openTestStack, type TestStack } from '#tests/support/stack';
import { testClientConfig } from '#tests/support/table';
import { userDump } from '#tests/support/user-dump';

let stack: TestStack;
beforeAll(async () => {
  stack = await openTestStack();
});
afterAll(() => stack.close());

const queues = z.object({
  queues: z.array(
    z.object({ name: z.string(), visible: z.number(), is_dead_letter_queue: z.boolean() }),
  ),
});
// Five deliveries, each out of sight for six times the function's timeout of 30 s.
const DELIVERIES_MAX = 8;

async function deadLetters() {
  const { body } = await stack.send('GET', '/local/queues');
  const found = queues.parse(body).queues.find(({ name }) => /fulfillment-dead/.test(name));
  return { name: found?.name ?? '', visible: found?.visible ?? 0 };
}

async function redrive() {
  const { name } = await deadLetters();
  const answer = await stack.send('POST', `/local/queues/${name}/redrive`);
  expect(answer).toMatchObject({ status: 200 });
  await stack.settle();
  expect((await deadLetters()).visible).toBe(0);
}

/** Lets time pass until so many messages have been delivered for the last time. */
async function waitForDeadLetters(count: number) {
  for (let delivery = 0; delivery < DELIVERIES_MAX; delivery += 1) {
    await stack.settle();
    if ((await deadLetters()).visible >= count) break;
    await stack.advance('PT4M');
  }
  expect((await deadLetters()).visible).toBe(count);
}

/**
 * Does something whose events fail at every delivery, because the table answers no question of theirs. Until they are
 * redriven Stripe does not answer reconciliation either, which would credit by itself what the events tell.
 */
async function whileTableIsDown(
  act: () => Promise<unknown>,
  { events, until }: { readonly events: number; readonly until: string },
) {
  const fault = (body: object) => stack.send('POST', '/local/faults', { body });
  const session = { method: 'GET', path: '/v1/checkout/sessions' };
  await fault({ service: 'stripe', kind: '429', count: 1_000, ...session });
  const down = { kind: 'error_before', operation: 'BatchGetItem', times: 100_000 };
  await fault({ service: 'dynamodb', ...down });
  await act();
  await waitForDeadLetters(events);
  stack.stack.dynamo.faults.clear();
  await stack.advance(until);
  await stack.send('DELETE', '/local/faults');
}

/** A new user's page for 100 credits. */
async function beginCheckout(sub: string) {
  const token = await stack.token({ sub, email: `${sub}@example.com` });
  await stack.settle();
  const urls = {
    success_url: 'http://localhost:3000/success',
    cancel_url: 'http://localhost:3000/cancel',
  };
  const body = { package_id: 'starter', ...urls };
  const checkout = await stack.send('POST', '/credits/checkout', { token, body });
  const session = z.string().parse(checkout.body['session_id']);
  const pay = () =>
    stack.send('POST', `/local/stripe/sessions/${session}/pay`, { body: { outcome: 'success' } });
  return { pay, session, purchase: z.string().parse(checkout.body['purchase_id']) };
}

const stripeEvents = z.object({
  events: z.array(z.looseObject({ id: z.string(), type: z.string() })),
});

/** What Stripe has told of a purchase's payment, and means something to us. */
async function eventsOf({ purchase }: { readonly purchase: string }) {
  const { body } = await stack.send('GET', '/local/stripe/events');
  return stripeEvents
    .parse(body)
    .events.filter((event) => JSON.stringify(event).includes(purchase))
    .filter(({ type }) => /^(checkout.session.completed|payment_intent.succeeded)$/.test(type));
}

test('a payment whose table was down for every delivery is credited once by a redrive three days later, and no later one changes anything', async () => {
  const prompt = await beginCheckout('prompt');
  await prompt.pay();
  await stack.settle();
  const dump = await userDump(stack, 'prompt');
  expect(dump).toContain('"type":{"S":"purchase"}');
  const events = (await eventsOf(prompt)).length;

  const patient = await beginCheckout('patient');
  await whileTableIsDown(patient.pay, { events, until: 'P3D' });
  expect(await userDump(stack, 'patient')).not.toContain('"type":{"S":"purchase"}');
  await redrive();
  expect(await userDump(stack, 'patient')).toBe(dump);

  await whileTableIsDown(
    async () => {
      for (const { id } of await eventsOf(patient)) {
        await stack.send('POST', `/local/stripe/events/${id}/deliver`, { body: { times: 1 } });
      }
    },
    { events, until: 'PT1M' },
  );
  await redrive();
  expect(await userDump(stack, 'patient')).toBe(dump);
});

test('of a batch with a message that can never be handled, that one alone is a dead letter in the end', async () => {
  await stack.send('POST', '/local/stripe/deliveries', { body: { hold: true } });
  const users = ['batch-1', 'batch-2', 'batch-3'];
  const messages: string[] = [];
  for (const user of users) {
    const checkout = await beginCheckout(user);
    await checkout.pay();
    const events = await eventsOf(checkout);
    const completed = events.find(({ type }) => type === 'checkout.session.completed');
    const received_at = '2026-11-20T12:00:00.000Z';
    messages.push(
      JSON.stringify({ provider: 'stripe', received_at, body: JSON.stringify(completed) }),
    );
  }
  const { model } = stack.stack.info;
  const queue = model.queues.find(({ name }) => name.endsWith('-fulfillment'));
  const { body } = await stack.send('GET', '/local/info');
  const endpoints = z.object({ endpoints: z.object({ AWS_ENDPOINT_URL_SQS: z.string() }) });
  const { AWS_ENDPOINT_URL_SQS: endpoint } = endpoints.parse(body).endpoints;
  const sqs = new SQSClient(testClientConfig(endpoint));
  const Entries = messages
    .toSpliced(1, 0, 'not ours')
    .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue?.url, Entries }));
  sqs.destroy();

  await stack.settle();
  const dumps = await Promise.all(users.map((user) => userDump(stack, user)));
  expect(dumps[0]).toContain('"type":{"S":"purchase"}');
  await waitForDeadLetters(1);
  expect(await Promise.all(users.map((user) => userDump(stack, user)))).toEqual(dumps);
  expect(new Set(dumps).size).toBe(1);
});
