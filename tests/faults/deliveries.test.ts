import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { endState, marksOf } from '#tests/faults/end-state';
import { breaches } from '#tests/faults/invariants';
import { deploy, perform, play, REMAINING_MS } from '#tests/faults/scenario';
import { checkout, CHECKOUT_REQUEST, news } from '#tests/faults/scenarios/money';
import { messages, request } from '#tests/faults/steps';
import { START } from '#tests/faults/sweep';
import { createCounter, report } from '#tests/faults/tally';
import { openWorld, type World } from '#tests/faults/world';
import { context } from '#tests/http/events';

/*
 * What queues do to fulfillment: they deliver twice, to two at once, with poison among the good, and what was given up
 * comes back days later (F9, F10, F12). The bundle, the table and the signed bodies are real; the queue is the test.
 */

const BATCH_MAX = 10;
/** In an ordinary run the first, the last and one between them. */
const PLACES =
  process.env['FAULTS'] === undefined
    ? [0, 4, 9]
    : Array.from({ length: BATCH_MAX }, (_, at) => at);
const DAY_MS = 86_400_000;
const POISON = 'not a delivery of ours';
/** As many as the queue allows before a message is a dead letter. */
const RECEIVES_MAX = 5;

let world: World;
const counter = createCounter();
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(START) });
  world = await openWorld();
});
afterAll(async () => {
  report(counter.tallies());
  await world.close();
  vi.useRealTimers();
});

/** A purchase that was paid, refunded in part and disputed, and what Stripe tells of it. */
async function sold() {
  vi.setSystemTime(START);
  await world.reset();
  const marks = marksOf(world);
  const begun = await checkout(world);
  world.stripe.pay(begun.text('session_id'), 'success');
  refundPart();
  return { marks, bodies: news(world, marks) };
}

function refundPart(): void {
  const told = world.stripe.events().map((event) => JSON.stringify(event));
  const intent = /"(pi_\w+)"/.exec(told.find((text) => text.includes('"pi_')) ?? '')?.[1] ?? '';
  world.stripe.refund(intent, { amount: 300 });
}

async function left(marks: ReturnType<typeof marksOf>): Promise<string> {
  expect(breaches(await world.items())).toEqual([]);
  const lines = await endState(world, marks);
  // How many movements of money tell it depends on the order; that they add up is an invariant.
  return lines.filter((line) => !line.includes('"MONEY#')).join('\n');
}

async function cleanly(): Promise<string> {
  const { marks, bodies } = await sold();
  await perform(world, messages('fulfillment', bodies));
  return left(marks);
}

/** One delivery of a batch; the places of those that are to come again. */
async function deliver(bodies: readonly string[], receives = 1, instance = 0) {
  const Records = bodies.map((body, place) => ({
    messageId: String(place),
    body,
    attributes: { ApproximateReceiveCount: String(receives) },
  }));
  const answer: unknown = await world.life('fulfillment', instance).invoke({ Records }, context());
  const failed: unknown = Reflect.get(Object(answer), 'batchItemFailures');
  return Array.isArray(failed)
    ? failed.map((each: unknown) => Number(Reflect.get(Object(each), 'itemIdentifier')))
    : [];
}

describe('a batch', () => {
  it('with poison in any of its places fails by that message alone, and the others are done once', async () => {
    const clean = await cleanly();
    for (const place of PLACES) {
      await counter.tried('F9', async () => {
        const { marks, bodies } = await sold();
        const good = Array.from(
          { length: BATCH_MAX - 1 },
          (_, at) => bodies[at % bodies.length] ?? '',
        );
        const batch = good.toSpliced(place, 0, POISON);
        expect(await deliver(batch), `poison at ${place}`).toEqual([place]);
        // Every good body was in it, some of them twice.
        expect(await left(marks)).toBe(clean);
      });
    }
  });

  it('delivered twice, one after the other or to two consumers at once, is done once', async () => {
    const clean = await cleanly();
    for (const way of ['again', 'at once', 'at once, backwards'] as const) {
      await counter.tried('F9', async () => {
        const { marks, bodies } = await sold();
        const other = way === 'at once, backwards' ? bodies.toReversed() : bodies;
        const both = [
          messages('fulfillment', bodies).begin(),
          messages('fulfillment', other).begin(),
        ] as const;
        const run = (instance: 0 | 1) =>
          play(world, { fn: 'fulfillment' }, both[instance], {
            number: 1,
            instance,
          });
        if (way === 'again') for (const instance of [0, 1] as const) await run(instance);
        else await Promise.all([run(0), run(1)]);
        expect(await left(marks), way).toBe(clean);
      });
    }
  });

  it('that is nothing but poison changes nothing, however often it comes', () =>
    counter.tried('F9', async () => {
      const { marks } = await sold();
      const before = await left(marks);
      for (let receives = 1; receives <= RECEIVES_MAX; receives += 1) {
        expect(await deliver([POISON, '{}', '{"provider":"stripe"}'], receives)).toEqual([0, 1, 2]);
      }
      expect(await left(marks)).toBe(before);
    }));
});

describe('messages that were given up', () => {
  it('come back days later, in any order and twice, to the same end', async () => {
    const clean = await cleanly();
    const orders = [
      (all: readonly string[]) => all,
      (all: readonly string[]) => all.toReversed(),
      (all: readonly string[]) => [...all, ...all],
      (all: readonly string[]) => [...all.toReversed(), ...all],
    ];
    for (const [at, order] of orders.entries()) {
      await counter.tried('F10', async () => {
        const { marks, bodies } = await sold();
        // The table answers nothing for as long as the queue tries.
        world
          .life('fulfillment')
          .follow(({ service }) =>
            service === 'dynamodb' ? { kind: 'refuse' } : { kind: 'pass' },
          );
        let dead: readonly string[] = bodies;
        for (let receives = 1; receives <= RECEIVES_MAX; receives += 1) {
          const failed = await deliver(dead, receives);
          dead = dead.filter((_, place) => failed.includes(place));
        }
        // What is none of our business needs no table.
        expect(dead.length).toBeGreaterThan(bodies.length / 2);
        world.life('fulfillment').follow(() => ({ kind: 'pass' }));
        vi.setSystemTime(Date.now() + 9 * DAY_MS);
        await perform(world, messages('fulfillment', order(dead)));
        expect(await left(marks), `order ${at}`).toBe(clean);
      });
    }
  });
});

describe('a webhook that comes before our own call has noted its session', () => {
  it('is applied, and the call that is sent again changes nothing of it', async () => {
    const clean = await cleanly();
    for (const moment of ['before', 'after'] as const) {
      await counter.tried('F12', async () => {
        vi.setSystemTime(START);
        await world.reset();
        const marks = marksOf(world);
        await deploy(world);
        // Stripe has made the page, and our function ends around the very next call.
        const life = world.life('purchases');
        let isMade = false;
        life.follow(({ operation }) => {
          if (isMade) return { kind: 'die', moment };
          isMade = operation === 'POST /v1/checkout/sessions';
          return { kind: 'pass' };
        });
        const asked = request(world, 'createCheckout', CHECKOUT_REQUEST).begin();
        await Promise.race([life.died, asked(life, { number: 1, remainingMs: REMAINING_MS })]);
        const [session] = (await world.stripeApi.checkout.sessions.list()).data;
        world.stripe.pay(session?.id ?? '', 'success');
        refundPart();
        const bodies = news(world, marks);
        await perform(world, messages('fulfillment', bodies));
        await asked(world.life('purchases'), {
          number: 2,
          remainingMs: REMAINING_MS,
        });
        await perform(world, messages('fulfillment', bodies));
        expect(await left(marks), `ended ${moment} it`).toBe(clean);
      });
    }
  });
});
