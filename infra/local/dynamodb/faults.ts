import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import {
  exception,
  transactionCanceled,
  type Answer,
  type CancellationReason,
} from '#infra/local/dynamodb/wire';

/**
 * What can be made to go wrong in a DynamoDB call; also the body of `POST /local/faults` (DESIGN 10).
 *
 * - `conflict`: TransactionConflict, as the operation reports it
 * - `throttle`: ThrottlingException, which the SDK retries
 * - `throttle_in_transaction`: a cancelled transaction with reason ThrottlingError, which it does not
 * - `error_before` and `reset_before`: a 500 or a lost connection, nothing written
 * - `error_after` and `reset_after`: the same after the engine has committed, so the outcome is unknown
 */
export const dynamoFaultSchema = z.strictObject({
  kind: z.enum([
    'conflict',
    'throttle',
    'throttle_in_transaction',
    'error_before',
    'reset_before',
    'error_after',
    'reset_after',
  ]),
  /** An API operation such as `TransactWriteItems`; absent means every operation the kind can befall. */
  operation: z.string().optional(),
  /** How many matching calls it befalls. */
  times: z.int().min(1).max(1_000_000).default(1),
  /** How many matching calls pass first. */
  skip: z.int().min(0).max(1_000_000).default(0),
});

export type DynamoFault = z.input<typeof dynamoFaultSchema>;
type FaultKind = DynamoFault['kind'];

/** The switches of a front: what goes wrong, and how long transactions stay in flight. */
export interface Faults {
  /** Adds a fault; several are used up in the order in which they were added. Throws ZodError. */
  add(fault: DynamoFault): void;
  clear(): void;
  /** What is still to come. */
  list(): readonly DynamoFault[];
  /** How long every TransactWriteItems stays in flight, in milliseconds: widens the window for conflicts. */
  holdTransactionsMs: number;
  /** Keeps the next TransactWriteItems in flight until it is released. */
  holdNextTransaction(): HeldTransaction;
}

export interface HeldTransaction {
  /** Resolves when the transaction has come and is in flight. */
  readonly held: Promise<void>;
  release(): void;
}

/** The part of Faults that the front asks at each call. */
export interface FaultSource extends Faults {
  take(operation: string): FaultKind | undefined;
  /** Resolves when a transaction that is in flight may go on. */
  hold(): Promise<void>;
}

export function createFaults(): FaultSource {
  let pending: z.output<typeof dynamoFaultSchema>[] = [];
  const gates: { held: () => void; released: Promise<void> }[] = [];
  return {
    holdTransactionsMs: 0,
    holdNextTransaction() {
      const held = Promise.withResolvers<undefined>();
      const released = Promise.withResolvers<undefined>();
      gates.push({ held: () => held.resolve(undefined), released: released.promise });
      return { held: held.promise, release: () => released.resolve(undefined) };
    },
    async hold() {
      if (this.holdTransactionsMs > 0) await pause(this.holdTransactionsMs);
      const gate = gates.shift();
      gate?.held();
      await gate?.released;
    },
    add(fault) {
      pending.push(dynamoFaultSchema.parse(fault));
    },
    clear() {
      pending = [];
      this.holdTransactionsMs = 0;
    },
    list: () => pending.map((fault) => ({ ...fault })),
    take(operation) {
      if (pending.length === 0) return undefined;
      const fault = pending.find(
        (each) => (each.operation ?? operation) === operation && canBefall(each.kind, operation),
      );
      if (fault === undefined) return undefined;
      if (fault.skip > 0) {
        fault.skip -= 1;
        return undefined;
      }
      fault.times -= 1;
      if (fault.times === 0) pending = pending.filter((each) => each !== fault);
      return fault.kind;
    },
  };
}

const transactions = ['TransactWriteItems', 'TransactGetItems'];
const singleWrites = ['PutItem', 'UpdateItem', 'DeleteItem'];

function canBefall(kind: FaultKind, operation: string): boolean {
  if (kind === 'throttle_in_transaction') return transactions.includes(operation);
  if (kind === 'conflict') return [...transactions, ...singleWrites].includes(operation);
  return true;
}

const conflictMessage = 'Transaction is ongoing for the item';
const throttleMessage =
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.';

/** The answer to a transaction whose actions at these positions met another one. */
export function transactionConflict(busy: readonly boolean[]): Answer {
  return transactionCanceled(
    busy.map((met) => (met ? reason('TransactionConflict', conflictMessage) : { Code: 'None' })),
  );
}

/** The answer to a single write on an item that a transaction holds. */
export function writeConflict(): Answer {
  return exception('TransactionConflictException', conflictMessage);
}

/** The error a fault gives; for a transaction the first of its `actions` is the one that failed. */
export function faultAnswer(kind: FaultKind, call: { operation: string; actions: number }): Answer {
  const first = Array.from({ length: Math.max(call.actions, 1) }, (_, index) => index === 0);
  switch (kind) {
    case 'conflict':
      return transactions.includes(call.operation) ? transactionConflict(first) : writeConflict();
    case 'throttle':
      return exception('ThrottlingException', throttleMessage);
    case 'throttle_in_transaction':
      return transactionCanceled(
        first.map((met) => (met ? reason('ThrottlingError', throttleMessage) : { Code: 'None' })),
      );
    case 'error_before':
    case 'error_after':
    case 'reset_before':
    case 'reset_after':
      return exception(
        'InternalServerError',
        'The request processing has failed because of an unknown error.',
      );
  }
}

function reason(code: CancellationReason['Code'], message: string): CancellationReason {
  return { Code: code, Message: message };
}
