import { createHmac } from 'node:crypto';
import { vi } from 'vitest';
import * as z from 'zod';
import { marksOf } from '#tests/faults/end-state';
import { ask, deploy, give, perform, type Scenario } from '#tests/faults/scenario';
import {
  bought,
  checkout,
  intentOf,
  news,
  ordered,
  TERMS,
  TOP_UP_OF_ANN,
  withCard,
} from '#tests/faults/scenarios/money';
import {
  renewed,
  SECOND_MONTH,
  subscribed,
  subscribedAtStripe,
} from '#tests/faults/scenarios/plans';
import { checkedLater, lookAfterTopUps } from '#tests/faults/scenarios/schedules';
import { ADMIN, changes, event, messages, type Step, user, webhook } from '#tests/faults/steps';
import { START } from '#tests/faults/sweep';
import type { World } from '#tests/faults/world';

const ann = user('ann');
const webhookSecret = z.object({ current: z.string() });

function secretOf(world: World, ending: string): string {
  const name = world.model.secrets.find((secret) => secret.name.endsWith(ending))?.name ?? '';
  return webhookSecret.parse(JSON.parse(world.services.secrets.current(name))).current;
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Lets the stream tell what happened so far, and gives what it queued. */
async function streamed(world: World, queue: string): Promise<readonly string[]> {
  await perform(world, changes(await world.newChanges()));
  return world.takeMessages(`credit-ledger-local-${queue}`);
}

/** What nobody asks for by a request: what providers, queues, the stream, sign-ups and deployments bring. */
export const eventScenarios: readonly Scenario[] = [
  {
    name: 'the receiver of Stripe',
    of: 'receiver',
    covers: ['consumer webhooks-stripe'],
    isCold: true,
    arrange: async (world) => {
      const body = JSON.stringify({
        id: 'evt_1',
        object: 'event',
        type: 'ping',
      });
      const t = Math.floor(Date.now() / 1_000);
      const v1 = hmac(secretOf(world, '/stripe/webhook'), `${t}.${body}`);
      return webhook('webhooks-stripe', {
        headers: { 'stripe-signature': `t=${t},v1=${v1}` },
        body,
      });
    },
  },
  {
    name: 'the receiver of Razorpay',
    of: 'receiver',
    covers: ['consumer webhooks-razorpay'],
    isCold: true,
    arrange: async (world) => {
      const body = JSON.stringify({ entity: 'event', event: 'ping' });
      const signature = hmac(secretOf(world, '/razorpay/webhook'), body);
      const headers = {
        'x-razorpay-signature': signature,
        'x-razorpay-event-id': 'event-1',
      };
      return webhook('webhooks-razorpay', { headers, body });
    },
  },
  {
    name: 'a payment of Stripe fulfilled, told twice',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const since = marksOf(world);
      const begun = await checkout(world);
      world.stripe.pay(begun.text('session_id'), 'success');
      const told = news(world, since);
      return messages('fulfillment', [...told, ...told]);
    },
  },
  {
    name: 'a payment of Razorpay fulfilled, told twice',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const since = marksOf(world);
      const { order } = await ordered(world);
      world.razorpay.pay(order, 'success');
      const told = news(world, since);
      return messages('fulfillment', [...told, ...told]);
    },
  },
  {
    name: 'a refund at Stripe fulfilled',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const { session } = await bought(world);
      const since = marksOf(world);
      const intent = intentOf(world, session);
      world.stripe.refund(intent, { amount: 300 });
      await give(world, 'ann', 1);
      return messages('fulfillment', news(world, since));
    },
  },
  {
    name: 'a dispute won fulfilled, after its credits were spent',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const { session } = await bought(world);
      await ask(world, 'deductCredits', {
        params: { userId: 'ann' },
        body: { amount: 60, description: 'Quick' },
      });
      const intent = intentOf(world, session);
      const since = marksOf(world);
      world.stripe.dispute(intent, 'open');
      world.stripe.dispute(intent, 'win');
      return messages('fulfillment', news(world, since));
    },
  },
  {
    name: 'a dispute lost fulfilled, told before the payment',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const since = marksOf(world);
      const session = (await checkout(world)).text('session_id');
      world.stripe.pay(session, 'success');
      const intent = intentOf(world, session);
      world.stripe.dispute(intent, 'open');
      world.stripe.dispute(intent, 'lose');
      return messages('fulfillment', news(world, since).toReversed());
    },
  },
  {
    name: 'a refund that waits for its payment fulfilled',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const since = marksOf(world);
      const session = (await checkout(world)).text('session_id');
      world.stripe.pay(session, 'success');
      const paid = news(world, since);
      world.stripe.refund(intentOf(world, session), { amount: 300 });
      const all = news(world, since);
      return messages('fulfillment', [...all.slice(paid.length), ...paid]);
    },
  },
  {
    name: 'a subscription begun fulfilled',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => messages('fulfillment', await subscribedAtStripe(world, 'PRO')),
    settle: async (world) => checkedLater(world, Date.parse(START)),
  },
  {
    name: 'the paid invoice of a second month fulfilled, told twice',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      await subscribed(world, 'PRO');
      const told = await renewed(world);
      return messages('fulfillment', [...told, ...told.toReversed()]);
    },
    settle: async (world) => checkedLater(world, SECOND_MONTH),
  },
  {
    name: 'an invoice fulfilled that was paid after its card was declined',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const { id } = await subscribed(world, 'PRO');
      world.stripe.setCard(id, 'declines');
      const since = marksOf(world);
      await renewed(world);
      world.stripe.payInvoice(id);
      return messages('fulfillment', news(world, since));
    },
    settle: async (world) => checkedLater(world, SECOND_MONTH),
  },
  {
    name: 'a subscription ended at Stripe fulfilled, told before its second month',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      const { id } = await subscribed(world, 'PRO');
      const since = marksOf(world);
      await renewed(world);
      // For a clock that is a day behind the month has begun as well: once it has ended, nobody asks about it.
      vi.setSystemTime(Date.now() + 2 * 86_400_000);
      world.stripe.endSubscription(id);
      return messages('fulfillment', news(world, since).toReversed());
    },
  },
  {
    name: 'a saved card noted',
    of: 'consumer',
    covers: ['consumer fulfillment'],
    arrange: async (world) => {
      await deploy(world);
      const since = marksOf(world);
      const body = {
        success_url: 'http://localhost:3000/a',
        cancel_url: 'http://localhost:3000/b',
      };
      const begun = await ask(world, 'setUpAutoTopup', { as: ann, body });
      world.stripe.pay(String(begun.body['session_id']), 'success', {
        card: 'pays',
      });
      return messages('fulfillment', news(world, since));
    },
  },
  {
    name: 'the stream after a purchase and a low balance',
    of: 'consumer',
    covers: ['consumer stream'],
    arrange: async (world) => {
      await world.newChanges();
      await ask(world, 'putUserAlerts', {
        params: { userId: 'ann' },
        body: { threshold: 90 },
      });
      await bought(world);
      await ask(world, 'deductCredits', {
        params: { userId: 'ann' },
        body: { amount: 20, description: 'Below' },
      });
      return changes(await world.newChanges());
    },
  },
  {
    name: 'the mails of a purchase and its refund',
    of: 'consumer',
    covers: ['consumer notifications'],
    // A mail that SES rejects or never confirms is settled as such, and the sweep counts the mails.
    mayDiffer: /^mail |"EMAIL#/,
    arrange: async (world) => {
      await world.newChanges();
      await ask(world, 'createAccount', {
        body: { user_id: 'ann', email: 'ann@users.test' },
      });
      const { purchase: id } = await bought(world);
      await ask(world, 'refundPurchase', {
        as: ADMIN,
        params: { id },
        body: { reason: 'Asked' },
      });
      return messages('notifications', await streamed(world, 'notifications'));
    },
  },
  {
    name: 'a wallet topped up by itself',
    of: 'consumer',
    covers: ['consumer topups'],
    // An attempt that has waited for a day is given up before anything is charged, and another purchase takes its place.
    mayDifferAfterLeap: /"sk":\{"S":"(PURCHASES?|TOPUP#general)"\}/,
    arrange: async (world) => {
      await withCard(world);
      await ask(world, 'putAutoTopup', { as: ann, body: TERMS });
      vi.setSystemTime(Date.now() + 1_000);
      return messages('topups', [TOP_UP_OF_ANN]);
    },
    settle: lookAfterTopUps,
  },
  {
    name: 'a registration',
    of: 'consumer',
    covers: ['consumer registration'],
    arrange: async (world) => event('registration', registrationOf(world)),
  },
  {
    name: 'a deployment’s defaults',
    of: 'consumer',
    covers: ['consumer seed'],
    arrange: async (world) => {
      const [call] = world.model.deployCalls;
      return deployment(world, {
        RequestType: 'Create',
        RequestId: 'deployment-1',
        ResponseURL: world.deploymentUrl,
        StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/service/local',
        LogicalResourceId: call?.logicalId,
        ResourceType: 'AWS::CloudFormation::CustomResource',
        ResourceProperties: call?.properties,
      });
    },
  },
];

/** CloudFormation rolls back what has failed, and whoever deploys does so again. */
function deployment(world: World, given: object): Step {
  const { begin, ...rest } = event('seed', given);
  return {
    ...rest,
    begin: () => {
      const deliver = begin();
      return async (life, delivery) => {
        const heard = await deliver(life, delivery);
        const told = world.deploymentAnswers().at(-1) ?? '';
        if (heard.kind !== 'done' || told.includes('SUCCESS')) return heard;
        return { kind: 'again', status: 500, detail: told };
      };
    },
  };
}

function registrationOf(world: World) {
  const sub = '7d3f1a52-0f0c-4d3e-9a5b-3c9d2f6a1b10';
  return {
    version: '1',
    region: 'us-east-1',
    userPoolId: world.model.userPools[0]?.id,
    userName: sub,
    callerContext: {
      awsSdkVersion: 'aws-sdk-unknown-unknown',
      clientId: 'app',
    },
    triggerSource: 'PostConfirmation_ConfirmSignUp',
    request: {
      userAttributes: { sub, email: 'ann@users.test', email_verified: 'true' },
    },
    response: {},
  };
}
