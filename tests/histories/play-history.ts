import * as z from 'zod';
import { createTableClient } from '#lib/store/table';
import { adminRoutes } from '#lib/contract/routes/admin';
import { replyOf } from '#tests/histories/answers';
import { chooseOperation, USERS } from '#tests/histories/choose-operation';
import { type Known, learnAvailable } from '#tests/histories/known';
import { beginLife, type Fault, type Life, type World } from '#tests/histories/life';
import type { Answer, Attempt, History, Operation, Problem } from '#tests/histories/judge/history';
import { type Asked, keyOf } from '#tests/histories/operations';
import { beginPurchase } from '#tests/histories/purchases';
import { readLedger } from '#tests/histories/read-ledger';
import { createTurns } from '#tests/histories/turns';
import { openOffice } from '#tests/functions/admin/office';
import { openTestLedger, type TestLedger } from '#tests/support/ledger';
import { randomFrom } from '#tests/support/random';
import { adminPromoRoutes } from '#lib/contract/routes/admin-promo';

export interface Played {
  readonly history: History;
  /** What `GET /admin/credits/verify` says is wrong. */
  readonly unproven: readonly Problem[];
  readonly faults: ReadonlyMap<Fault, number>;
}

const CLIENTS = 12;
/** For a busy machine: what is held in flight waits for others. */
const PATIENCE_MS = 60_000;
const ATTEMPTS_MAX = 6;
const DRAINS_MAX = 3;
const START_MS = Date.parse('2026-11-20T12:00:00.000Z');
const HOUR_MS = 3_600_000;

/** Plays one seed: many clients, each a function of its own, over one new table, with faults and jumps of the clock. */
export async function playHistory(seed: number, operations: number): Promise<Played> {
  const test = await openTestLedger();
  try {
    return await play(test, seed, operations);
  } finally {
    await test.close();
  }
}

async function play(test: TestLedger, seed: number, count: number): Promise<Played> {
  const random = randomFrom(seed);
  const turns = createTurns(random);
  const connections = createTableClient({
    ...test.config,
    requestHandler: { requestTimeout: PATIENCE_MS },
  });
  const { requestHandler } = connections.config;
  const world: World = { test, turns, random, requestHandler, gate: null, befallen: new Map() };
  const known = await prepare(test, count);
  const clock = createClock(random);
  const asked: Asked[] = [];
  const attempts: Attempt[] = [];
  let steps = 0;
  let started = 0;

  const attempt = async (client: number, { operation, ask }: Asked, life: Life) => {
    const invoked = (steps += 1);
    const now = clock.next();
    life.at(now);
    life.wasDisturbed();
    const told = await Promise.race([ask(life, keyOf(operation.id)), life.died]);
    const isLost = life.isOver() || random() < ANSWER_LOST;
    const answer: Answer = told === 'died' || isLost ? { kind: 'unknown' } : told;
    learnAvailable(known, answer);
    const returned = (steps += 1);
    attempts.push({ operation: operation.id, client, invoked, returned, now, answer });
    return answer;
  };

  const client = (number: number) => async () => {
    let life = beginLife(world, true);
    while (started < count) {
      const again = random() < ASKED_AGAIN ? asked.slice(-CLIENTS)[0] : undefined;
      if (!again) started += 1;
      const next = again ?? chooseOperation(asked.length, known, { now: clock.now(), random });
      if (!again) asked.push(next);
      for (let tries = 0; tries < ATTEMPTS_MAX; tries += 1) {
        const answer = await attempt(number, next, life);
        if (life.isOver()) life = beginLife(world, true);
        if (answer.kind !== 'unknown' || random() < GIVEN_UP) break;
      }
    }
  };
  await turns.play(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  // A queue gives nothing up, and nobody gives up for ever that something which is in flight arrives.
  await turns.play([
    async () => {
      const life = beginLife(world, false);
      for (const event of asked.filter(({ operation }) => operation.kind === 'event')) {
        const isDone = (): boolean =>
          attempts.some(
            ({ operation, answer }) => operation === event.operation.id && answer.kind === 'done',
          );
        for (let tries = 0; tries < DRAINS_MAX && !isDone(); tries += 1) {
          await attempt(CLIENTS, event, life);
        }
      }
    },
  ]);
  connections.destroy();
  const ledger = readLedger(await test.dynamo.dump(test.tableName));
  const told = asked.map(({ operation }): Operation => operation);
  return {
    history: { operations: told, attempts, ...ledger },
    unproven: await unprovenWallets(test),
    faults: world.befallen,
  };
}

const ANSWER_LOST = 0.02;
const GIVEN_UP = 0.2;
const ASKED_AGAIN = 0.06;

/** Time goes on by the second, jumps by hours, and is not the same for all functions. */
function createClock(random: () => number) {
  let now = START_MS;
  return {
    now: () => new Date(now).toISOString(),
    next: () => {
      now += Math.floor(random() * 2_000);
      if (random() < 0.01) now += Math.floor(random() * 30 * HOUR_MS);
      const skewMs = random() < 0.02 ? (random() - 0.5) * 4 * HOUR_MS : 0;
      return new Date(Math.floor(now + skewMs)).toISOString();
    },
  };
}

async function prepare(test: TestLedger, count: number): Promise<Known> {
  const createdAt = new Date(START_MS).toISOString();
  for (const userId of USERS) {
    const value = { userId, email: null, createdAt };
    await test.ledger.write([{ record: 'account', id: { userId }, value, version: null }]);
  }
  const office = openOffice(test, { group: 'admin' });
  const codes = Array.from({ length: Math.ceil(count / 100) }, (_, index) => ({
    code: `CODE-${index}`,
    credits: 1 + (index % 5),
    usesMax: 1 + (index % 4),
  }));
  for (const { code, credits, usesMax } of codes) {
    const body = { code, credits, max_uses: usesMax };
    const { status } = replyOf(await office.call(adminPromoRoutes.createPromoCode, { body }));
    if (status !== 201) throw new Error(`code ${code}: ${status}`);
  }
  const events = [];
  for (let number = 1; number <= Math.ceil(count / 80); number += 1) {
    const userId = USERS[number % USERS.length] ?? '';
    events.push(...(await beginPurchase(test.ledger, { userId, number })));
  }
  return {
    available: new Map(),
    spends: [],
    holds: [],
    applications: [],
    frozen: [],
    codes,
    events,
    spendKeys: [],
  };
}

const verification = z.object({
  wallets: z.array(z.object({ credit_type: z.string(), problems: z.array(z.unknown()) })),
});

async function unprovenWallets(test: TestLedger): Promise<readonly Problem[]> {
  const office = openOffice(test);
  const problems: Problem[] = [];
  for (const userId of USERS) {
    const answer = await office.call(adminRoutes.verifyUser, { params: { userId } });
    for (const { credit_type, problems: found } of verification.parse(replyOf(answer).body)
      .wallets) {
      for (const each of found) {
        const detail = `${userId}/${credit_type}: ${JSON.stringify(each)}`;
        problems.push({ code: 'UNPROVEN', detail });
      }
    }
  }
  return problems;
}
