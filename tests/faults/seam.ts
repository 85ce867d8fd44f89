import http, { type ClientRequest, type RequestOptions } from 'node:http';
import { readCall, sendPlain } from '#infra/local/lambda/redirect-https';
import { invariant } from '#lib/invariant';
import type { Act, Relay } from '#tests/faults/relay';

/** One call of a function to the outside, as a plan sees it. */
export interface Call {
  /** 1 for the first call since the plan was given. */
  readonly number: number;
  /** A client may repeat what got lost, with the same number: its first attempt is 1. */
  readonly attempt: number;
  /** `dynamodb`, `sqs`, `stripe` ... */
  readonly service: string;
  /** `TransactWriteItems`; method and path where a protocol has no names. */
  readonly operation: string;
}

/** Of the protocols that name what they do, and of those that say it by their method. */
const READING = /^((Transact|Batch)?Get\w+|Query|GET .+)$/;

/** A call that leaves everything as it was. */
export function isReading({ operation }: Pick<Call, 'operation'>): boolean {
  return READING.test(operation);
}

/** What happens to each call. */
export type Plan = (call: Call) => Act;

export const allPass: Plan = () => ({ kind: 'pass' });

/** Where calls lead. */
export interface Outlet {
  /** Hosts that are reached over https, and the ports that stand in for them. */
  readonly redirects: Readonly<Record<string, number>>;
  /** What listens where. */
  readonly services: ReadonlyMap<number, string>;
  readonly relay: Relay;
  /** Told of each call, and of what happens to it. */
  readonly onCall?: (call: { readonly name: string; readonly act: Act['kind'] }) => void;
}

export interface Seam {
  /** In the place of `request` and `get` of both http and https. */
  readonly request: (...values: unknown[]) => ClientRequest;
  readonly get: (...values: unknown[]) => ClientRequest;
  /** `all` counts what only a cold function asks for, too. */
  readonly follow: (plan: Plan, options?: { readonly counts: 'warm' | 'all' }) => void;
  readonly isDead: () => boolean;
  readonly died: Promise<'died'>;
  /** How many of its calls something has happened to, whatever the plan. */
  readonly struck: () => number;
}

/** The one way out of one life. */
export function openSeam(outlet: Outlet): Seam {
  const { relay } = outlet;
  const ended = Promise.withResolvers<'died'>();
  const agent = new http.Agent({ keepAlive: true });
  let isDead = false;
  let struck = 0;
  let plan = allPass;
  let isUncounted: (call: Pick<Call, 'service'>) => boolean = () => false;
  let known = new Map<string, { readonly number: number; attempts: number }>();
  const die = (): void => {
    isDead = true;
    ended.resolve('died');
  };
  const actOf = (call: Pick<Call, 'service' | 'operation'>, id: string): Act => {
    // What the dead still send is swallowed.
    if (isDead) return { kind: 'die', moment: 'before' };
    if (isUncounted(call)) return { kind: 'pass' };
    const seen = known.get(id) ?? { number: known.size + 1, attempts: 0 };
    seen.attempts += 1;
    known.set(id, seen);
    return plan({ ...call, number: seen.number, attempt: seen.attempts });
  };
  const request = (...values: unknown[]): ClientRequest => {
    const call = readCall(values);
    const { options } = call;
    const host = options.hostname ?? options.host ?? '';
    const port = outlet.redirects[host] ?? Number(options.port);
    const service = outlet.services.get(port);
    invariant(service !== undefined, `nothing stands in for ${host}:${port}`);
    const { headers } = options;
    const method = options.method ?? 'GET';
    const path = options.path ?? '/';
    const operation = operationOf(headers, `${method} ${path}`);
    const act = actOf({ service, operation }, identityOf(headers) ?? `${service} ${operation}`);
    outlet.onCall?.({ name: `${service} ${operation}`, act: act.kind });
    if (act.kind === 'pass') return sendPlain(call, { port, agent });
    struck += 1;
    const announced = relay.expect({ act, died: die, method, path, port });
    return sendPlain(call, { port: relay.port, agent, path: announced });
  };
  return {
    request,
    get: (...values) => request(...values).end(),
    follow: (next, { counts } = { counts: 'warm' }) => {
      plan = next;
      known = new Map();
      isUncounted = counts === 'all' ? () => false : ({ service }) => COLD_SERVICES.has(service);
    },
    isDead: () => isDead,
    died: ended.promise,
    struck: () => struck,
  };
}

/** Keys and secrets are kept by an instance, so that only its first event asks for them. */
const COLD_SERVICES = new Set(['cognito', 'secrets_manager']);

type Headers = RequestOptions['headers'];

function operationOf(headers: Headers, otherwise: string): string {
  const target = header(headers, 'x-amz-target');
  return target?.split('.').at(-1) ?? otherwise;
}

/** What all attempts at one call have in common; nothing where a client does not say. */
function identityOf(headers: Headers): string | undefined {
  return header(headers, 'amz-sdk-invocation-id') ?? header(headers, 'idempotency-key');
}

function header(headers: Headers, name: string): string | undefined {
  const found = Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return typeof found?.[1] === 'string' ? found[1] : undefined;
}
