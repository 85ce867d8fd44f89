import * as z from 'zod';
import type { Act, CannedAnswer } from '#tests/faults/relay';
import type { Call, Plan } from '#tests/faults/seam';

/** The classes of the fault programme, and what each means. */
export const CLASSES = {
  F1: 'a call fails before anything is sent',
  F2: 'a call is done and its answer lost',
  F3: 'as F2, and sent again after more than ten minutes, with a new token',
  F4: 'a transaction meets another one: once, three times, always',
  F5: 'the table throttles',
  F6: 'a twin does the same between decision and commit',
  F7: 'the table does not know a token any more, or is still at work on it',
  F8: 'a receiver ends at any of its calls',
  F9: 'queues deliver twice, to two at once, and poison',
  F10: 'dead letters come back days later, twice, in any order',
  F11: 'events in all orders',
  F12: 'a webhook comes before our own call has stored what it is about',
  F13: 'a payment provider fails, or its answer is lost',
  F14: 'the clock leaps back or forward in the middle',
  F15: 'a function is frozen at a call and goes on when all is done again',
  F16: 'mail is refused, throttled, or accepted and its answer lost',
  F17: 'many at once: 64 writers, the last code, spend against refund, capture against release',
  F18: 'a long job ends at any of its calls',
  F19: 'the client’s own retries see the fault, and the function does not',
  crash: 'the function ends before or after a call, and its memory is gone',
} as const;
export type FaultClass = keyof typeof CLASSES;

/** What a fault may use. */
export interface Tools {
  /** Another instance does the whole command meanwhile. */
  readonly twin: () => Promise<void>;
  readonly leap: (ms: number) => void;
  /** The caller gives up waiting; resolves when all is done again without this instance. */
  readonly freeze: () => Promise<void>;
}

export interface Fault {
  readonly class: FaultClass;
  readonly name: string;
  /** At calls of other kinds it does nothing. */
  readonly hits: (call: Call) => boolean;
  /** What happens at call number k, and at those after it. */
  readonly at: (k: number, tools: Tools) => Plan;
  /** Between the failure and the next delivery. */
  readonly pauseMs?: number;
  /** The statuses that a request may fail with. */
  readonly statuses?: readonly number[];
}

const pass: Act = { kind: 'pass' };
const any = (): boolean => true;
const atTable = ({ service }: Call): boolean => service === 'dynamodb';
const atCommit = ({ operation }: Call): boolean => operation === 'TransactWriteItems';
const atProvider = ({ service }: Call): boolean => service === 'stripe' || service === 'razorpay';
const atMail = ({ service }: Call): boolean => service === 'ses';

/** At one call: what happens to its first attempt, and to those that the client makes after it. */
function once(first: Act, later: Act): Fault['at'] {
  return (k) => (call) => {
    if (call.number !== k) return pass;
    return call.attempt === 1 ? first : later;
  };
}

/** At so many calls of a kind from call k on. */
function repeatedly(times: number, hits: Fault['hits'], act: Act): Fault['at'] {
  return (k) => {
    let met = 0;
    return (call) => {
      if (call.number < k || !hits(call) || met >= times) return pass;
      met += 1;
      return act;
    };
  };
}

const refuse: Act = { kind: 'refuse' };
const lose: Act = { kind: 'lose' };
const HOUR_MS = 3_600_000;
const UNAVAILABLE = [500, 503] as const;

const bodySchema = z.object({ TransactItems: z.array(z.unknown()) });

function tableError(name: string, more: object = {}): CannedAnswer {
  return {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({
      __type: `com.amazonaws.dynamodb.v20120810#${name}`,
      message: name,
      Message: name,
      ...more,
    }),
  };
}

/** The first item of the transaction is the one in the way. */
function cancelled(code: string): Act {
  return {
    kind: 'answer',
    answer: (body) => {
      const { TransactItems } = bodySchema.parse(JSON.parse(body));
      const CancellationReasons = TransactItems.map((_, at) => ({
        Code: at === 0 ? code : 'None',
      }));
      return tableError('TransactionCanceledException', {
        CancellationReasons,
      });
    },
  };
}

function refused(name: string): Act {
  return { kind: 'answer', answer: () => tableError(name) };
}

function mailError(code: string): Act {
  return {
    kind: 'answer',
    answer: () => ({
      status: 400,
      headers: { 'content-type': 'text/xml' },
      body:
        '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>' +
        `<Code>${code}</Code><Message>${code}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    }),
  };
}

const notProvider = (call: Call): boolean => !atProvider(call) && !atMail(call);

/** Everything that the sweep does at every call of every scenario. */
export const faults: readonly Fault[] = [
  {
    class: 'crash',
    name: 'ends before the call',
    hits: any,
    at: once({ kind: 'die', moment: 'before' }, pass),
  },
  {
    class: 'crash',
    name: 'ends after the call',
    hits: any,
    at: once({ kind: 'die', moment: 'after' }, pass),
  },
  {
    class: 'F1',
    name: 'no attempt gets through',
    hits: notProvider,
    at: once(refuse, refuse),
    statuses: UNAVAILABLE,
  },
  {
    class: 'F2',
    name: 'the first attempt is done, none is answered',
    hits: notProvider,
    at: once(lose, refuse),
    statuses: UNAVAILABLE,
  },
  {
    class: 'F3',
    name: 'the answer is lost; again after 11 minutes',
    hits: atCommit,
    at: once(lose, refuse),
    pauseMs: 11 * 60_000,
    statuses: UNAVAILABLE,
  },
  ...[1, 3, Infinity].map((times): Fault => ({
    class: 'F4',
    name: times === Infinity ? 'a conflict, always' : `a conflict, ${times} x`,
    hits: atCommit,
    at: repeatedly(times, atCommit, cancelled('TransactionConflict')),
    statuses: [503],
  })),
  {
    class: 'F5',
    name: 'a commit is throttled by its items, always',
    hits: atCommit,
    at: repeatedly(Infinity, atCommit, cancelled('ThrottlingError')),
    statuses: [503],
  },
  {
    class: 'F5',
    name: 'every attempt is throttled',
    hits: atTable,
    at: once(refused('ThrottlingException'), refused('ThrottlingException')),
    statuses: [503],
  },
  {
    class: 'F6',
    name: 'a twin is faster',
    hits: atCommit,
    at: (k, tools) => once({ kind: 'late', first: tools.twin }, pass)(k, tools),
  },
  {
    class: 'F7',
    name: 'the token is of another request',
    hits: atCommit,
    at: once(refused('IdempotentParameterMismatchException'), pass),
    statuses: UNAVAILABLE,
  },
  {
    class: 'F7',
    name: 'the table is still at work on it, 1 x',
    hits: atCommit,
    at: once(refused('TransactionInProgressException'), pass),
    statuses: [503],
  },
  {
    class: 'F7',
    name: 'the table is still at work on it, always',
    hits: atCommit,
    at: repeatedly(Infinity, atCommit, refused('TransactionInProgressException')),
    statuses: [503],
  },
  {
    class: 'F13',
    name: 'no attempt at a provider gets through',
    hits: atProvider,
    at: once(refuse, refuse),
    statuses: UNAVAILABLE,
  },
  {
    class: 'F13',
    name: 'a provider’s work is done, none of its answers arrives',
    hits: atProvider,
    at: once(lose, lose),
    statuses: UNAVAILABLE,
  },
  ...[-HOUR_MS, -24 * HOUR_MS, 24 * HOUR_MS].map((ms): Fault => ({
    class: 'F14',
    name: `the clock leaps by ${ms / HOUR_MS} h`,
    hits: any,
    at: (k, tools) => once({ kind: 'late', first: async () => tools.leap(ms) }, pass)(k, tools),
    // Tokens run out as well.
    statuses: [...UNAVAILABLE, 401],
  })),
  {
    class: 'F15',
    name: 'frozen at the call',
    hits: any,
    at: (k, tools) => {
      // A client that tires of waiting asks again, and waits again.
      const late: Act = { kind: 'late', first: tools.freeze };
      return once(late, late)(k, tools);
    },
  },
  ...['Throttling', 'MessageRejected', 'AccountSendingPausedException'].map((code): Fault => ({
    class: 'F16',
    name: `mail: ${code}`,
    hits: atMail,
    at: once(mailError(code), mailError(code)),
  })),
  {
    class: 'F16',
    name: 'mail: accepted, and none of its answers arrives',
    hits: atMail,
    at: once(lose, refuse),
  },
  {
    class: 'F19',
    name: 'the first attempt breaks, the next is made by the client',
    hits: any,
    at: once(refuse, pass),
  },
  {
    class: 'F19',
    name: 'the first answer is lost, the next attempt is made by the client',
    hits: any,
    at: once(lose, pass),
  },
];
