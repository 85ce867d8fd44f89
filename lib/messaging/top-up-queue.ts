import * as z from 'zod';
import { creditType } from '#lib/contract/credit-types';
import { userId } from '#lib/contract/ids';
import type { WalletRef } from '#lib/ledger/wallet';
import type { Queue } from '#lib/messaging/queue';
import type { TopUpQueue } from '#lib/topups/top-up-queue';

const messageSchema = z.strictObject({ user_id: userId, credit_type: creditType });

/** The queue of the `topups` function: a message only names the wallet, and everything else is in the table. */
export function createTopUpQueue(queue: Queue): TopUpQueue {
  return {
    send: ({ creditType: credit_type, userId: user_id }) =>
      queue.send(JSON.stringify({ user_id, credit_type })),
  };
}

/** Reads a message of that queue. Anything else in it is a mistake of ours: it throws, and the message is kept. */
export function parseTopUpMessage(body: string): WalletRef {
  const { credit_type, user_id } = messageSchema.parse(JSON.parse(body));
  return { userId: user_id, creditType: credit_type };
}
