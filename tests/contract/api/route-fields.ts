import * as z from 'zod';
import type { Route } from '#lib/contract/route';
import { allRoutes } from '#lib/contract/routes';
import { apiHandler } from '#lib/http/api-handler';
import { endpoint } from '#lib/http/endpoint';
import type { Caller } from '#lib/identity/caller';
import { context, httpEvent, testRuntime } from '#tests/http/events';

/** A good value of every field that any route takes, so that one bad field is the only fault of a request. */
export const good: Readonly<Record<string, unknown>> = {
  userId: 'alice',
  user_id: 'alice',
  to_user_id: 'bob',
  id: 'pur_1',
  hold_id: 'hld_1',
  job_id: 'job_1',
  rows: [{ user_id: 'alice', amount: 5, reason: 'x' }],
  csv: 'user_id,amount,credit_type,reason\nalice,5,general,x\n',
  dry_run: 'true',
  format: 'csv',
  session_id: 'cs_test_1',
  order_id: 'order_1',
  razorpay_order_id: 'order_1',
  razorpay_payment_id: 'pay_1',
  razorpay_signature: 'a'.repeat(64),
  transaction_id: 'txn_1',
  package_id: 'starter',
  code: 'Welcome-10',
  project_id: 'project-1',
  projectId: 'project-1',
  application_id: 'app_1',
  active: true,
  max_uses: 5,
  credits_expire_at: '2027-12-01T00:00:00Z',
  credits_expire_after_days: 30,
  user_ids: ['alice'],
  amount: 5,
  credits: 5,
  threshold: 5,
  enabled: true,
  target: 500,
  max_per_month: 5,
  max_amount_per_month: 5_000,
  required: '5',
  priority: 1,
  feature: 'enrichment',
  quantity: 5,
  description: 'x',
  reason: 'x',
  version: 1,
  settings: { signup_bonus: 5 },
  name: 'x',
  prices: [{ currency: 'USD', amount: 500 }],
  discount_percent: 5,
  position: 1,
  actor: 'admin:ada',
  action: 'adjustCredits',
  outcome: 'done',
  credit_type: 'general',
  category: 'paid',
  type: 'usage',
  provider: 'stripe',
  status: 'paid',
  currency: 'USD',
  email: 'a@example.com',
  from: '2026-01-01',
  to: '2026-01-31',
  expires_at: '2026-12-01T00:00:00Z',
  reference: { type: 'order', id: '1' },
  metadata: { plan: 'pro' },
  at: '2026-01-01T00:00:00Z',
  expires_in: 60,
  state: 'open',
  partial: true,
  spends: [{ amount: 5, description: 'x', idempotency_key: 'k1' }],
  success_url: 'https://app.example/success?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://app.example/cancel',
  tier: 'PRO',
  when: 'now',
  page: '1',
  limit: '10',
  cursor: 'abc',
};

export type Part = 'params' | 'query' | 'body';
export interface Field {
  readonly route: Route;
  readonly part: Part;
  readonly name: string;
  readonly schema: z.core.JSONSchema.BaseSchema;
}

const objectSchema = z.object({ properties: z.record(z.string(), z.looseObject({})).default({}) });

function fieldsOf(route: Route): readonly Field[] {
  const parts: readonly Part[] = ['params', 'query', 'body'];
  return parts.flatMap((part) => {
    const schema = z.toJSONSchema(route[part], { io: 'input' });
    return Object.entries(objectSchema.parse(schema).properties).map(([name, property]) => ({
      route,
      part,
      name,
      schema: resolve(property, schema),
    }));
  });
}

/** Named shapes stand under `$defs`. */
function resolve(
  property: Readonly<Record<string, unknown>>,
  root: z.core.JSONSchema.BaseSchema,
): z.core.JSONSchema.BaseSchema {
  const name = /^#\/\$defs\/(\w+)$/.exec(String(property['$ref']))?.[1];
  const found: unknown = name === undefined ? property : root.$defs?.[name];
  return z.looseObject({}).parse(found);
}

export const fields = allRoutes.flatMap(fieldsOf);
export const label = ({ route, part, name }: Field) => `${route.name} ${part}.${name}`;

/** Every field of a route with a good value; of fields that exclude each other the one that is tested stays in. */
export function goodInputs(route: Route, tested?: string) {
  const none: Record<string, string> = {};
  const inputs = { params: { ...none }, query: { ...none }, body: {} };
  for (const each of fieldsOf(route)) {
    if (each.name === 'cursor' || isExcluded(each, tested)) continue;
    Object.assign(inputs[each.part], { [each.name]: good[each.name] });
  }
  return inputs;
}

/** Sends a good request with one field replaced, and tells what came of it. */
export async function send(route: Route, part?: Part, name?: string, value?: unknown) {
  const inputs = goodInputs(route, name);
  if (part !== undefined && name !== undefined) Object.assign(inputs[part], { [name]: value });
  return sendInputs(route, {
    params: inputs.params,
    query: new URLSearchParams(inputs.query).toString(),
    ...(route.hasBody && { body: jsonOf(inputs.body) }),
  });
}

/** Credits of a type or a package are bought, a payment is looked up by session or order, a bulk run has rows or a file. */
function isExcluded(field: Field, tested: string | undefined): boolean {
  switch (field.route.name) {
    case 'initiatePurchase':
      return (tested === 'package_id' ? ['credits', 'credit_type'] : ['package_id']).includes(
        field.name,
      );
    case 'putAutoTopup':
    case 'putUserAutoTopup':
      return field.name === (tested === 'target' ? 'package_id' : 'target');
    case 'placeHold':
      return field.name === (tested === 'expires_in' ? 'expires_at' : 'expires_in');
    case 'startBulk':
      return field.name === (tested === 'csv' ? 'rows' : 'csv');
    case 'fulfillPurchase':
      return field.name === (tested === 'order_id' ? 'session_id' : 'order_id');
    case 'createPromoCode':
    case 'changePromoCode': {
      const days = 'credits_expire_after_days';
      return field.name === (tested === days ? 'credits_expire_at' : days);
    }
    // What is taken away has no terms.
    case 'adjustCredits':
      return tested === 'amount' && ['category', 'priority', 'expires_at'].includes(field.name);
    default:
      return false;
  }
}

export async function sendBody(route: Route, json: string) {
  return sendInputs(route, { params: { userId: 'alice' }, body: json });
}

/** Calls a route as someone who may, and counts how often its endpoint runs. */
async function sendInputs(route: Route, inputs: Parameters<typeof httpEvent>[1]) {
  let ran = 0;
  const counting = endpoint(route, async () => {
    ran += 1;
    return { status: 200, body: {} };
  });
  const kind = { public: 'user', user: 'user', service: 'service', admin: 'admin' } as const;
  const caller: Caller = {
    kind: kind[route.access.kind],
    sub: 'alice',
    clientId: 'any',
    groups: new Set(route.access.kind === 'admin' ? ['admin'] : []),
    scopes: new Set(['credits/write']),
  };
  const handler = apiHandler(
    [counting],
    () => ({
      rateLimits: unlimited,
      verifyToken: async () => ({ kind: 'verified', caller }),
      recordRefusal: async () => undefined,
    }),
    testRuntime(),
  );
  const { statusCode, body = '' } = await handler(
    httpEvent(route, { ...inputs, token: 'any' }),
    context(),
  );
  return { status: statusCode, body, ran };
}

const unlimited = {
  take: async () => ({ admitted: true, remaining: 1, retryInMs: 0, fullInMs: 0 }),
};

/** JSON text that stands in a body as it is, because a value could not say `-0` or `1e400`. */
export interface Raw {
  readonly json: string;
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && 'json' in value;
}

function jsonOf(body: object): string {
  const members = Object.entries(body).map(
    ([name, value]: [string, unknown]) =>
      `${JSON.stringify(name)}:${isRaw(value) ? value.json : JSON.stringify(value)}`,
  );
  return `{${members.join(',')}}`;
}
