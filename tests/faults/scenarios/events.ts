import { createHmac } from 'node:crypto';
import { vi } from 'vitest';
import * as z from 'zod';
import { marksOf } from '#tests/faults/end-state';
import { ask, deploy, give, perform, type Scenario } from '#tests/faults/scenario';
import { applied, runJobs } from '#tests/faults/scenarios/admin';
import { bought, checkout, news, ordered, TERMS, withCard } from '#tests/faults/scenarios/money';
import { ADMIN, changes, event, messages, type Step, user, webhook } from '#tests/faults/steps';
import { START } from '#tests/faults/sweep';
import type { World } from '#tests/faults/world';

const ann = user('ann');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const webhookSecret = z.object({ current: z.string() });

function secretOf(world: World, ending: string): string {
  const name = world.model.secrets.find((secret) => secret.name.endsWith(ending))?.name ?? '';
  return webhookSecret.parse(JSON.parse(world.services.secrets.current(name))).current;
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The payment of a session. */
function intentOf(world: World, session: string): string {
  const told = world.stripe.events().map((each) => JSON.stringify(each));
  const about = told.find((text) => text.includes(session) && text.includes('"pi_'));
  return /"(pi_\w+)"/.exec(about ?? '')?.[1] ?? '';
}

/** Lets the stream tell what happened so far, and gives what it queued. */
async function streamed(world: World, queue: string): Promise<readonly string[]> {
  await perform(world, changes(await world.newChanges()));
  return world.takeMessages(`credit-ledger-local-${queue}`);
}

/** What nobody asks for by a request: providers, queues, the stream, time. */
export const eventScenarios: readonly Scenario[] = [
  {
    name: 'the receiver of Stripe',
    of: 'receiver',
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
    name: 'a saved card noted',
    of: 'consumer',
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
    // An attempt that has waited for a day is given up before anything is charged, and another purchase takes its place.
    mayDifferAfterLeap: /"sk":\{"S":"(PURCHASES?|TOPUP#general)"\}/,
    arrange: async (world) => {
      await withCard(world);
      await ask(world, 'putAutoTopup', { as: ann, body: TERMS });
      vi.setSystemTime(Date.now() + 1_000);
      return messages('topups', [JSON.stringify({ user_id: 'ann', credit_type: 'general' })]);
    },
    settle: lookedAfter,
  },
  {
    name: 'a registration',
    of: 'consumer',
    arrange: async (world) => event('registration', registrationOf(world)),
  },
  {
    name: 'a deployment’s defaults',
    of: 'consumer',
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
  {
    name: 'bulk credits at work',
    of: 'job',
    arrange: async (world) => {
      await give(world, 'cleo', 3);
      const rows = ['ann', 'ben', 'cleo'].map((user_id, at) => ({
        user_id,
        amount: at === 2 ? -5 : 5,
        reason: 'Asked',
      }));
      await ask(world, 'startBulk', { as: ADMIN, body: { rows } });
      return messages('jobs', await world.takeMessages('credit-ledger-local-jobs'));
    },
    settle: runJobs,
  },
  {
    name: 'a cancelled project’s refunds at work',
    of: 'job',
    arrange: async (world) => {
      for (const userId of ['ann', 'ben', 'cleo']) await applied(world, userId);
      await ask(world, 'refundProject', {
        as: ADMIN,
        params: { projectId: 'atlas' },
        body: {},
      });
      return messages('jobs', await world.takeMessages('credit-ledger-local-jobs'));
    },
    settle: runJobs,
  },
  {
    name: 'a reconciliation at work',
    of: 'job',
    // What a run restored is told by the run that did it, also where another one has to end it.
    mayDiffer: /"RECONCILIATION#/,
    arrange: async (world) => {
      const begun = await checkout(world);
      world.stripe.pay(begun.text('session_id'), 'success');
      vi.setSystemTime(Date.now() + 2 * HOUR_MS);
      await ask(world, 'startReconciliation', { as: ADMIN, body: {} });
      return messages('jobs', await world.takeMessages('credit-ledger-local-jobs'));
    },
    settle: async (world) => {
      await runJobs(world);
      // What a run could not see, because its provider was out or its clock behind, the next one does.
      vi.setSystemTime(Date.parse(START) + 6 * HOUR_MS);
      await perform(world, event('schedules', { task: 'reconcile' }));
      await runJobs(world);
    },
  },
  {
    name: 'the sweep of what has expired',
    of: 'job',
    arrange: async (world) => {
      for (const userId of ['ann', 'ben']) {
        await give(world, userId, 5, {
          expires_at: '2026-11-21T00:00:00.000Z',
        });
        await give(world, userId, 20);
        await ask(world, 'placeHold', {
          params: { userId },
          key: `hold-${userId}`,
          body: { amount: 7, description: 'Soon over', expires_in: 600 },
        });
      }
      vi.setSystemTime(Date.now() + 2 * DAY_MS);
      return event('schedules', { task: 'expiry-sweep' });
    },
  },
  {
    name: 'the rollups of two hours',
    of: 'job',
    arrange: async (world) => {
      const value = {
        startedOn: '2026-11-20T00:00:00.000Z',
        rolledTo: '2026-11-20T12:00:00.000Z',
        checkedTo: '2026-11-20T12:00:00.000Z',
        closedTo: '2026-11-20T00:00:00.000Z',
      };
      const id = { of: 'ledger' } as const;
      await world.ledger.write([{ record: 'rollupProgress', id, value, version: null }]);
      await give(world, 'ann', 20);
      vi.setSystemTime(Date.now() + HOUR_MS);
      await give(world, 'ben', 10);
      vi.setSystemTime(Date.now() + HOUR_MS);
      return event('schedules', { task: 'rollups' });
    },
    // A run whose time is over leaves the rest to the next one.
    settle: async (world) => {
      vi.setSystemTime(Date.parse(START) + 2.25 * HOUR_MS);
      await perform(world, event('schedules', { task: 'rollups' }));
    },
  },
  ...['expiring-soon', 'plan-credits', 'reconcile', 'resume-jobs', 'wake-top-ups'].map(
    (task): Scenario => ({
      name: `the schedule ${task}`,
      of: 'job',
      // What a run restored is told by the run that did it, also where another one has to end it.
      mayDiffer: /"RECONCILIATION#/,
      arrange: async (world) => {
        await give(world, 'ann', 20, { expires_at: '2026-11-24T00:00:00.000Z' });
        return event('schedules', { task });
      },
    }),
  ),
];

/** The schedule that looks after top-ups until none waits, and what their provider tells of it. */
async function lookedAfter(world: World): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    const since = marksOf(world);
    vi.setSystemTime(Date.now() + HOUR_MS);
    await perform(world, event('schedules', { task: 'wake-top-ups' }));
    const woken = await world.takeMessages('credit-ledger-local-topups');
    if (woken.length > 0) await perform(world, messages('topups', woken));
    const told = news(world, since);
    if (told.length > 0) await perform(world, messages('fulfillment', told));
  }
}

/** CloudFormation rolls back what has failed, and whoever deploys does so again. */
function deployment(world: World, given: object): Step {
  const { begin, fn } = event('seed', given);
  return {
    fn,
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
