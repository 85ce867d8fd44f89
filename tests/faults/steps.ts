import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { routes } from '#lib/contract/routes';
import { parseJobMessage } from '#lib/messaging/job-queue';
import { invariant } from '#lib/invariant';
import type { Life } from '#tests/faults/life';
import type { RouteName, Subject } from '#tests/faults/subjects';
import type { Identity, World } from '#tests/faults/world';
import { context, httpEvent } from '#tests/http/events';

/** What a caller makes of one delivery. */
export type Heard =
  | { readonly kind: 'done'; readonly answer: unknown }
  /** It failed in a way that its caller answers with another delivery. */
  | { readonly kind: 'again'; readonly status: number; readonly detail: string }
  /** Nothing that a caller could do would help. */
  | { readonly kind: 'wrong'; readonly detail: string };

/** Something that has to be done, and how its caller goes about it. */
export interface Step {
  readonly fn: string;
  /** What of the product it sets to work. */
  readonly subjects: readonly Subject[];
  /** A caller, who goes on with what was not done by its own deliveries before. */
  readonly begin: () => Deliver;
}

export type Deliver = (life: Life, delivery: Delivery) => Promise<Heard>;

export interface Delivery {
  /** 1 for the first. */
  readonly number: number;
  /** What Lambda says is left of the function's time. */
  readonly remainingMs: number;
}

export interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly key?: string;
  /** By default the app's backend. */
  readonly as?: Identity;
  /** By default whatever the contract calls a success. */
  readonly expect?: number;
  /** An answer that is as good for whoever had none to an earlier try. */
  readonly orElse?: number;
}

export const BACKEND: Identity = { client: 'service', sub: 'backend' };
export const ADMIN: Identity = {
  client: 'admin',
  sub: 'root-1',
  groups: ['admin'],
};
export const user = (sub: string): Identity => ({ client: 'app', sub });

const answerSchema = z.looseObject({
  statusCode: z.number(),
  body: z.string().optional(),
});
const batchSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })),
});

/** A request that is sent again, with the same key, for as long as the answer is a 5xx, a 401 or none at all. */
export function request(world: World, name: RouteName, asked: Request = {}): Step {
  const route = routes[name];
  const { as = BACKEND, key = `key-of-${name}`, params, query, body, expect, orElse } = asked;
  return {
    fn: route.function,
    subjects: [`route ${name}`],
    begin:
      () =>
      async (life, { number, remainingMs }) => {
        const event = httpEvent(route, {
          token: await world.token(as),
          requestId: `${name}-${number}`,
          ...(route.idempotent && { headers: { 'idempotency-key': key } }),
          ...(params && { params }),
          ...(query !== undefined && { query }),
          ...(body !== undefined && { body }),
        });
        const answer = answerSchema.parse(await life.invoke(event, context(remainingMs)));
        const { statusCode: status, body: text = '' } = answer;
        const wanted = expect === undefined ? status < 300 : status === expect;
        const isSettled = wanted || status === orElse;
        if (isSettled) return { kind: 'done', answer: text };
        const detail = `${status} ${text}, logged ${life.printed.at(-1)?.trim() ?? 'nothing'}`;
        // A token that has run out is followed by another one.
        const isWorthARetry = status >= 500 || status === 401;
        return isWorthARetry ? { kind: 'again', status, detail } : { kind: 'wrong', detail };
      },
  };
}

/** Messages that come again until none of them is reported as failed. */
export function messages(fn: string, bodies: readonly string[]): Step {
  const begin = (): Deliver => {
    let open = bodies.map((body, index) => ({
      messageId: `message-${index}`,
      body,
    }));
    return async (life, { number, remainingMs }) => {
      const Records = open.map((message) => ({
        ...message,
        attributes: { ApproximateReceiveCount: String(number) },
      }));
      const failed = await failuresOf(() => life.invoke({ Records }, context(remainingMs)));
      if (failed === 'all')
        return {
          kind: 'again',
          status: 500,
          detail: life.printed.at(-1) ?? '',
        };
      open = open.filter(({ messageId }) => failed.has(messageId));
      if (failed.size !== open.length)
        return { kind: 'wrong', detail: 'an unknown message failed' };
      if (open.length === 0) return { kind: 'done', answer: null };
      return { kind: 'again', status: 500, detail: life.printed.at(-1) ?? '' };
    };
  };
  return { fn, subjects: [`consumer ${fn}`], begin };
}

/** The jobs that wait in their queue, whatever each of them is about. */
export async function waitingJobs(
  world: World,
): Promise<{ readonly isEmpty: boolean; readonly step: Step }> {
  const waiting = await world.takeMessages('credit-ledger-local-jobs');
  const refs = waiting.map((body) => ({
    record: 'job' as const,
    id: { jobId: parseJobMessage(body) },
  }));
  const read = await world.ledger.load(refs);
  const kinds = refs.map(({ id }) => {
    const job = read('job', id);
    invariant(job, 'a job is stored before its first message is sent');
    return `job ${job.value.task.kind}` as const;
  });
  const { begin, fn, subjects } = messages('jobs', waiting);
  const step = { fn, subjects: [...subjects, ...new Set(kinds)], begin };
  return { isEmpty: waiting.length === 0, step };
}

/** Records of the stream, which come again from the first that failed; all of them where the function failed. */
export function changes(records: readonly DynamoDBRecord[]): Step {
  const begin = (): Deliver => {
    let open = records;
    return async (life, { remainingMs }) => {
      const failed = await failuresOf(() => life.invoke({ Records: open }, context(remainingMs)));
      if (failed === 'all')
        return {
          kind: 'again',
          status: 500,
          detail: life.printed.at(-1) ?? '',
        };
      if (failed.size === 0) return { kind: 'done', answer: null };
      const at = open.findIndex(({ dynamodb }) => failed.has(dynamodb?.SequenceNumber ?? ''));
      if (at < 0) return { kind: 'wrong', detail: 'an unknown record failed' };
      open = open.slice(at);
      return { kind: 'again', status: 500, detail: life.printed.at(-1) ?? '' };
    };
  };
  return { fn: 'stream', subjects: ['consumer stream'], begin };
}

async function failuresOf(invoke: () => Promise<unknown>): Promise<ReadonlySet<string> | 'all'> {
  let result: unknown;
  try {
    result = await invoke();
  } catch {
    // Lambda takes a function that throws as one that has done nothing.
    return 'all';
  }
  const { batchItemFailures } = batchSchema.parse(result);
  return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
}

/** A schedule whose time has come. */
export function schedule(task: string): Step {
  return { ...event('schedules', { task }), subjects: [`schedule ${task}`] };
}

/** An event that comes again while the function throws: a schedule's, a trigger's, a deployment's. */
export function event(fn: string, given: unknown): Step {
  return {
    fn,
    subjects: [`consumer ${fn}`],
    begin:
      () =>
      async (life, { remainingMs }) => {
        try {
          return {
            kind: 'done',
            answer: await life.invoke(given, context(remainingMs)),
          };
        } catch (error) {
          return { kind: 'again', status: 500, detail: String(error) };
        }
      },
  };
}

/** A provider's delivery to a function URL, which comes again until it is answered 200. */
export function webhook(
  fn: string,
  given: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
): Step {
  return {
    fn,
    subjects: [`consumer ${fn}`],
    begin:
      () =>
      async (life, { remainingMs }) => {
        const delivered = {
          ...given,
          isBase64Encoded: false,
          requestContext: { requestId: 'delivery', http: { method: 'POST' } },
        };
        const answer = answerSchema.parse(await life.invoke(delivered, context(remainingMs)));
        const detail = `${answer.statusCode} ${answer.body ?? ''}`;
        if (answer.statusCode === 200) return { kind: 'done', answer: detail };
        const status = answer.statusCode;
        return status >= 500 ? { kind: 'again', status, detail } : { kind: 'wrong', detail };
      },
  };
}
