import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { fulfillBatch } from '#functions/fulfillment/fulfill-batch';
import type { HeldTransaction } from '#infra/local/dynamodb/faults';
import { createDueStore } from '#lib/store/due-store';
import { createHistoryStore } from '#lib/store/history-store';
import { createLedgerStore } from '#lib/store/ledger-store';
import { createTableClient, type Table } from '#lib/store/table';
import { sweepWallets } from '#lib/wallets/sweep-wallets';
import type { Park, Turns } from '#tests/histories/turns';
import { openDesk } from '#tests/functions/applications/desk';
import { openOffice } from '#tests/functions/admin/office';
import { openBackend } from '#tests/functions/service/backend';
import { keptLog } from '#tests/support/kept-log';
import type { TestTable } from '#tests/support/table';

/** One life of the functions that serve a client: as on Lambda, nothing of it outlives it but the table. */
export interface Life {
  readonly backend: ReturnType<typeof openBackend>;
  readonly desk: ReturnType<typeof openDesk>;
  readonly office: ReturnType<typeof openOffice>;
  /** Hands events to fulfillment; whether it has acknowledged all of them. */
  readonly fulfil: (bodies: readonly string[]) => Promise<boolean>;
  readonly sweep: () => Promise<void>;
  /** Sets the functions' clocks. */
  readonly at: (instant: string) => void;
  /** Resolves when it ends. */
  readonly died: Promise<'died'>;
  readonly isOver: () => boolean;
  /** Whether something went wrong since it was last asked that an answer may say. */
  readonly wasDisturbed: () => boolean;
}

export interface World {
  readonly test: TestTable;
  readonly turns: Turns;
  readonly random: () => number;
  readonly requestHandler: NonNullable<DynamoDBClientConfig['requestHandler']>;
  /** Holds the next transaction in flight. */
  gate: HeldTransaction | null;
  /** How often each fault has befallen a call. */
  readonly befallen: Map<Fault, number>;
}

/** What befalls calls, of a thousand; the rest goes well. */
const FAULTS = {
  lost_before: 4,
  lost_after: 6,
  // The SDK hears nothing and sends the same again, with the same token.
  sent_twice: 6,
  conflict: 6,
  throttled: 3,
  died_before: 3,
  died_after: 4,
} as const;
export type Fault = keyof typeof FAULTS | 'died_in_flight' | 'held_in_flight';
/** Of a thousand transactions: others come in between while they are in flight. */
const HELD = 120;
/** Of a thousand of these: their function ends, and they commit all the same. */
const DIED_OF_HELD = 60;
const RETRY_BUDGET_MS = 3_000;

export function beginLife(world: World, faults: boolean): Life {
  const { random, test, turns } = world;
  const died = Promise.withResolvers<'died'>();
  let over = false;
  const isOver = (): boolean => over;
  let disturbed = false;
  let sendTwice = false;
  const die = (): 'over' => {
    over = true;
    died.resolve('died');
    return 'over';
  };
  const befall = (fault: Fault): Fault => {
    world.befallen.set(fault, (world.befallen.get(fault) ?? 0) + 1);
    return fault;
  };
  // Retries of the SDK would wait by the machine's clock: a lost answer reaches the functions, and `sent_twice` stands in.
  const client = createTableClient({
    ...test.config,
    maxAttempts: 1,
    requestHandler: world.requestHandler,
  });

  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const outcome = await turns.take(async (park) => {
          if (isOver()) return 'over';
          const isWrite = commandName.startsWith('TransactWrite');
          const fault = faults ? drawFault(random, isWrite) : null;
          if (fault) befall(fault);
          if (fault === 'died_before') return die();
          if (fault === 'lost_before') {
            disturbed = true;
            throw lost();
          }
          if (fault === 'conflict') addFault('conflict');
          if (fault === 'throttled') addFault('throttle_in_transaction');
          if (fault === 'sent_twice') sendTwice = true;
          if (isWrite && faults && random() * 1_000 < HELD) world.gate ??= holdNext();
          const answer = await (isWrite ? throughGate(() => next(args), park) : next(args));
          if (isOver()) return 'over';
          if (fault === 'died_after') return die();
          if (fault === 'lost_after') {
            disturbed = true;
            throw lost();
          }
          return { answer };
        });
        return outcome === 'over' ? never() : outcome.answer;
      },
    { step: 'initialize' },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      if (!sendTwice) return next(args);
      sendTwice = false;
      const first = next(args);
      await first.catch(() => undefined);
      // A gate that was closed for another one would hold the second, whose turn is over by then, and never open.
      return world.gate ? first : next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );

  const addFault = (kind: 'conflict' | 'throttle_in_transaction'): void =>
    test.dynamo.faults.add({ kind, operation: 'TransactWriteItems' });

  const holdNext = () => test.dynamo.faults.holdNextTransaction();

  /** Where a gate is closed, others take their turns while the transaction is in flight, and may meet it there. */
  const throughGate = async <T>(send: () => Promise<T>, park: Park): Promise<T> => {
    const { gate } = world;
    const sent = send();
    if (!gate) return sent;
    const isIn = await Promise.race([gate.held.then(() => true), settled(sent)]);
    // What is turned away before it is in flight leaves the gate to the next one.
    if (!isIn) return sent;
    world.gate = null;
    befall('held_in_flight');
    park(() => gate.release());
    if (faults && random() * 1_000 < DIED_OF_HELD) {
      befall('died_in_flight');
      die();
    }
    return sent;
  };

  const table: Table = {
    client,
    name: test.tableName,
    random,
    sleep: turns.sleep,
    elapsedMs: turns.elapsedMs,
    retryBudgetMs: RETRY_BUDGET_MS,
  };
  const ledger = createLedgerStore(table);
  const history = createHistoryStore(table);
  const own = { ...test, table, ledger, history, measure };
  const backend = openBackend(own);
  const desk = openDesk(own);
  const office = openOffice(own);
  const { log } = keptLog();
  let now = new Date(0);
  let messages = 0;
  return {
    backend,
    desk,
    office,
    at: (instant) => {
      now = new Date(instant);
      backend.at(instant);
      desk.at(instant);
      office.at(instant);
    },
    fulfil: async (bodies) => {
      const received_at = now.toISOString();
      const records = bodies.map((body) => ({
        messageId: `message-${++messages}`,
        attributes: { ApproximateReceiveCount: '1' },
        body: JSON.stringify({ provider: 'stripe', received_at, body }),
      }));
      const deps = {
        store: ledger,
        history,
        livemode: false,
        now: () => now,
        count: () => undefined,
        log,
      };
      return (await fulfillBatch(deps, records)).batchItemFailures.length === 0;
    },
    sweep: async () => {
      await sweepWallets({ ledger, due: createDueStore(table) }, now.toISOString());
    },
    died: died.promise,
    isOver,
    wasDisturbed: () => {
      const was = disturbed;
      disturbed = false;
      return was;
    },
  };
}

function drawFault(random: () => number, isWrite: boolean): keyof typeof FAULTS | null {
  let drawn = random() * 1_000;
  for (const [fault, share] of Object.entries(FAULTS)) {
    drawn -= share;
    if (drawn >= 0) continue;
    const onlyWrites = fault === 'conflict' || fault === 'throttled';
    return isFault(fault) && (isWrite || !onlyWrites) ? fault : null;
  }
  return null;
}

function isFault(name: string): name is keyof typeof FAULTS {
  return name in FAULTS;
}

function lost(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

/** A call that is cut off never settles, so that no catch can go on after the end. */
function never(): Promise<never> {
  return Promise.withResolvers<never>().promise;
}

async function settled(call: Promise<unknown>): Promise<false> {
  await call.catch(() => undefined);
  return false;
}

const measure = () => Promise.reject(new Error('a history measures nothing'));
